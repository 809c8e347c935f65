"""I1 to I7 are shown to fail on faults that were planted, and to name the first bad row."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.queries.check.planting import Fault, require_named

SUMS = (
    Fault(
        "I1",
        """UPDATE ledger.line SET amount = amount + 1
        WHERE line_number = 1 AND entry_number IN (plant.entry(6), plant.entry(9))""",
        "lines in CVE sum to CVE 0.02, not to zero; the first entry that does not balance is"
        " {year}/6.",
    ),
    Fault(
        "I1",
        """INSERT INTO ledger.line
        VALUES (plant.entry(900), 1, '00000000-0000-0000-0000-000000001010', 7, 7)""",
        "sum to CVE 0.07, not to zero; the first entry that does not balance is {year}/900.",
    ),
    Fault(
        "I1",
        "UPDATE ledger.account SET balance = balance + 1 WHERE code = '1010'",
        "The balances of all accounts in CVE sum to CVE 0.01, not to zero.",
    ),
)

ENTRIES = (
    Fault(
        "I2",
        """UPDATE ledger.line SET amount = amount + 1
        WHERE line_number = 1 AND entry_number IN (plant.entry(6), plant.entry(9))""",
        "Entry {year}/6 does not balance: its debits are CVE 0.01 more than its credits.",
    ),
    Fault(
        "I2",
        "DELETE FROM ledger.line WHERE entry_number = plant.entry(1) AND line_number = 2",
        "Entry {year}/1 has 1 lines",
    ),
    Fault(
        "I2", "DELETE FROM ledger.line WHERE entry_number = plant.entry(5)", "Entry {year}/5 has 0"
    ),
    Fault(
        "I2",
        """UPDATE ledger.line SET line_number = 5
        WHERE entry_number = plant.entry(3) AND line_number = 2""",
        "The lines of entry {year}/3 are numbered 1, 5.",
    ),
    Fault(
        "I2",
        """UPDATE ledger.line SET account = 'ffffffff-0000-0000-0000-000000000000'
        WHERE entry_number = plant.entry(3) AND line_number = 2""",
        "Line 2 of entry {year}/3 is on account ffffffff-0000-0000-0000-000000000000, which does"
        " not exist.",
    ),
    Fault(
        "I2",
        "INSERT INTO ledger.line SELECT * FROM plant.lines(plant.entry(900))",
        "Line 1 of entry {year}/900 has no record in the log.",
    ),
    Fault(
        "I2",
        "INSERT INTO ledger.line SELECT * FROM plant.lines(plant.entry(0))",
        "Line 1 of entry {year}/0 has no record in the log.",
        full_only=True,
    ),
    Fault(
        "I2",
        "INSERT INTO ledger.line SELECT * FROM plant.lines(2099000000000001)",
        "Line 1 of entry 2099/1 has no record in the log.",
    ),
    Fault(
        "I2",
        "INSERT INTO ledger.line SELECT * FROM plant.lines(2001000000000001)",
        "Line 1 of entry 2001/1 has no record in the log.",
        full_only=True,
    ),
)

BALANCES = (
    Fault(
        "I3",
        """UPDATE ledger.account SET balance = balance + CASE code WHEN '1020' THEN 7 ELSE -7 END
        WHERE code IN ('1020', '3010')""",
        "Account 1020 00000000-0000-0000-0000-000000001020 has a balance of CVE 0.07, but its lines"
        " sum to CVE 0.00",
        full_only=True,
    ),
    Fault(
        "I3",
        "UPDATE ledger.line SET balance = balance - 1 WHERE entry_number >= plant.entry(8)",
        "Line 1 of entry {year}/8 does not carry the balance",
    ),
    Fault(
        "I3",
        "UPDATE ledger.line SET amount = amount * 2 WHERE entry_number = plant.entry(4)",
        "Line 1 of entry {year}/4 does not carry the balance",
    ),
)

FLOORS = (
    Fault(
        "I4",
        """ALTER TABLE ledger.account DROP CONSTRAINT account_stays_above_its_floor;
        UPDATE ledger.account SET balance = 1
        WHERE id = (SELECT id FROM ledger.account WHERE code = '2010' ORDER BY id LIMIT 1)""",
        "Account 2010 {id} holds -CVE 0.01, less than its floor of CVE 0.00.",
        "SELECT id FROM ledger.account WHERE code = '2010' ORDER BY id LIMIT 1",
    ),
    Fault(
        "I4",
        "UPDATE ledger.account SET floor = NULL WHERE code = '2020'",
        "The floor of account 2020 {id} is none; the chart's is CVE 0.00.",
        "SELECT id FROM ledger.account WHERE code = '2020'",
    ),
    Fault(
        "I4",
        "UPDATE ledger.account SET kind = 'asset', floor = NULL WHERE code = '2030'",
        "Account 2030 00000000-0000-0000-0000-000000002030 is of kind asset; the chart has it"
        " otherwise.",
    ),
    Fault(
        "I4",
        """UPDATE ledger.line SET balance = 300
        WHERE
            account = '00000000-0000-0000-0000-000000002030'
            AND entry_number = (
                SELECT entry_number FROM ledger.log
                WHERE position = plant.first('withdrawal.completed')
            )""",
        "takes CVE 3.00 more from the held account 2030 than lay there.",
    ),
)

HOLDS = (
    Fault(
        "I5",
        "UPDATE ledger.withdrawal SET amount = amount + 1 WHERE state = 'active'",
        "Withdrawal {id} is active by the log and holds CVE 2,025.00; its row is active and holds"
        " CVE 2,025.01.",
        "SELECT plant.one('active') AS id",
    ),
    Fault(
        "I5",
        """UPDATE ledger.withdrawal SET state = 'expired', code_digest = NULL, code_seal = NULL
        WHERE state = 'active'""",
        "Withdrawal {id} is active by the log and holds CVE 2,025.00; its row is not open",
        "SELECT plant.one('active') AS id",
    ),
    Fault(
        "I5",
        "UPDATE ledger.withdrawal SET state = 'authorised' WHERE state = 'reversed'",
        "Withdrawal {id} is reversed by the log and holds CVE 0.00; its row is authorised and",
        "SELECT plant.one('reversed') AS id",
    ),
    Fault(
        "I5",
        """INSERT INTO ledger.withdrawal
        SELECT (jsonb_populate_record(w, '{
            "id": "ffffffff-0000-0000-0000-000000000000",
            "wallet_id": "ffffffff-0000-0000-0000-000000000000",
            "code_digest": "x"
        }')).*
        FROM ledger.withdrawal AS w
        WHERE w.state = 'active'""",
        "ffffffff-0000-0000-0000-000000000000 is active, but the log does not know it.",
        full_only=True,
    ),
    Fault(
        "I5",
        """UPDATE ledger.log SET kind = 'test.moved'
        WHERE position = plant.first('withdrawal.locked')""",
        "(test.moved) moves -CVE 2,025.00 on account 2030, but is no event of a withdrawal",
    ),
    Fault(
        "I5",
        """UPDATE ledger.line SET amount = amount + sign(amount)
        WHERE entry_number = (
            SELECT entry_number FROM ledger.log WHERE position = plant.first('cash_out.requested')
        )""",
        "The event of request {subject} (record {position}, cash_out.requested) moves CVE 3,060.01"
        " on account 2030; its hold is of CVE 3,060.00.",
        "SELECT * FROM plant.told('cash_out.requested')",
    ),
    Fault(
        "I5",
        "UPDATE ledger.account SET balance = balance - 5 WHERE code = '2030'",
        "Account 2030 holds CVE 9,135.05; the 4 open withdrawals and requests and 0 held transfers"
        " are CVE 9,135.00.",
    ),
    Fault(
        "I5",
        """UPDATE ledger.cardless SET held = held + 1
        WHERE wallet_id = (SELECT min(wallet_id::text)::uuid FROM ledger.cardless)""",
        "Of wallet {wallet}, CVE 6,075.01 are said to be held; its open withdrawals and requests"
        " are CVE 6,075.00.",
        "SELECT min(wallet_id::text) AS wallet FROM ledger.cardless",
    ),
    Fault(
        "I5",
        "UPDATE ledger.log SET payload = '{}' WHERE position = plant.first('withdrawal.cancelled')",
        "(record {position}, withdrawal.cancelled) cannot be read.",
        "SELECT plant.first('withdrawal.cancelled') AS position",
    ),
)

ASLEEP = (
    Fault(
        "I5",
        """INSERT INTO ledger.dormancy (wallet_id, amount, since, version)
        VALUES (gen_random_uuid(), 500, now(), 1)""",
        "Account 2040 holds CVE 0.00; dormant wallets have CVE 5.00 on it.",
    ),
)

NUMBERS = (
    Fault(
        "I6",
        "DELETE FROM ledger.log WHERE position IN (7, 12)",
        "Position 7 is missing from the log: the next record is 8",
    ),
    Fault(
        "I6",
        "DELETE FROM ledger.log WHERE position = (SELECT max(position) FROM ledger.log)",
        "The head is at position {position} with hash",
        "SELECT max(position) AS position FROM ledger.log",
    ),
    Fault(
        "I6",
        "INSERT INTO ledger.log SELECT * FROM plant.next()",  # and the head does not know it
        "The head is at position {position} with hash",
        "SELECT max(position) AS position FROM ledger.log",
    ),
    Fault(
        "I6",
        """UPDATE ledger.log SET entry_number = entry_number + 500
        WHERE entry_number >= plant.entry(11)""",
        "Entry {year}/11 is missing: record {position} has number {year}/511.",
        "SELECT position FROM ledger.log WHERE entry_number = plant.entry(11)",
    ),
    Fault(
        "I6",
        """ALTER TABLE ledger.log DROP CONSTRAINT an_entry_is_numbered_in_its_year;
        UPDATE ledger.log SET booking_date = '1999-12-31' WHERE entry_number = plant.entry(3)""",
        "Entry {year}/3 is booked on 1999-12-31.",
    ),
    Fault("I6", "DELETE FROM ledger.head", "The head of the log is missing."),
    Fault(
        "I6", "UPDATE ledger.head SET hash = sha256('')", "with hash e3b0c44298fc1c14…, the newest"
    ),
    Fault("I6", "UPDATE ledger.head SET position = 3", "The head is at position 3 with hash"),
    Fault(
        "I6",
        "UPDATE ledger.head SET recorded_at = '2000-01-01Z'",
        "The head is of 2000-01-01 00:00:00+00:00, the newest record",
    ),
    Fault(
        "I6",
        "UPDATE ledger.head SET last_entries = jsonb_build_object('2031', 4) || last_entries",
        "The head says that the last entry of 2031 is number 4; in the log it is None.",
        full_only=True,
    ),
)

CHAIN = tuple(
    Fault("I7", sql, f"The record at position {position} (")
    for position, sql in (
        (5, "UPDATE ledger.log SET actor = 'nobody' WHERE position >= 5"),
        (5, "UPDATE ledger.log SET request_id = 'other' WHERE position = 5"),
        (5, "UPDATE ledger.log SET kind = 'x.' || kind WHERE position = 5"),
        (5, "UPDATE ledger.log SET subject = gen_random_uuid() WHERE position = 5"),
        (5, "UPDATE ledger.log SET touched = touched || 'x'::text WHERE position = 5"),
        (
            5,
            """UPDATE ledger.log SET payload = payload || '{"x": 1}' WHERE position = 5""",
        ),
        (5, "UPDATE ledger.log SET hash = sha256('') WHERE position = 5"),
        (
            5,
            "UPDATE ledger.log SET recorded_at = recorded_at + interval '1 microsecond'"
            " WHERE position = 5",
        ),
        (8, "DELETE FROM ledger.log WHERE position = 7"),
    )
) + tuple(
    Fault(
        "I7",
        sql,
        "The record at position {position} (bank.credited, entry {year}/2) is not what was written",
        "SELECT position FROM ledger.log WHERE entry_number = plant.entry(2)",
    )
    for sql in (
        "UPDATE ledger.log SET value_date = '2026-01-01' WHERE entry_number = plant.entry(2)",
        "UPDATE ledger.log SET booking_date = booking_date - 1 WHERE entry_number = plant.entry(2)",
        "UPDATE ledger.log SET reverses = plant.entry(1) WHERE entry_number = plant.entry(2)",
        "UPDATE ledger.line SET balance = 1 WHERE entry_number = plant.entry(2)",
        "UPDATE ledger.line SET amount = amount * 2 WHERE entry_number = plant.entry(2)",
        "UPDATE ledger.line SET line_number = 3 - line_number + 10 WHERE"
        " entry_number = plant.entry(2)",
        "DELETE FROM ledger.line WHERE entry_number = plant.entry(2)",
    )
)


@pytest.mark.parametrize(
    "fault",
    [*SUMS, *ENTRIES, *BALANCES, *FLOORS, *HOLDS, *ASLEEP, *NUMBERS, *CHAIN],
    ids=lambda f: f.code,
)
def test_a_planted_fault_is_named(books: Database, fault: Fault) -> None:
    require_named(books, fault)
