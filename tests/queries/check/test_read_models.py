"""I18 is shown to fail on read models that do not say what the ledger said."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.queries.check.planting import Fault, require_named

FAULTS = (
    Fault("I18", "DELETE FROM queries.projection", "The read models have no position."),
    Fault(
        "I18",
        "UPDATE queries.projection SET position = 9999",
        "The read models are at position 9999, the log at {head}.",
        "SELECT max(position) AS head FROM ledger.log",
    ),
    Fault(
        "I18",
        "UPDATE queries.projection SET position = position + 1",  # one record was left out
        "In the read models account 4030 00000000-0000-0000-0000-000000004030 has -CVE 10.00; in"
        " the ledger it had -CVE 20.00 at their position",
    ),
    Fault(
        "I18",
        """UPDATE queries.projection AS p SET position = (  -- they say more than they know
            SELECT max(l.position) - 1 FROM ledger.log AS l
            WHERE l.entry_number IS NOT NULL AND l.position <= p.position
        )""",
        "In the read models account",
    ),
    Fault(
        "I18",
        "UPDATE queries.account SET balance = balance + 1 WHERE code IN ('1010', '2100')",
        "In the read models account 1010 00000000-0000-0000-0000-000000001010 has CVE 349,000.01;"
        " in the ledger it had CVE 349,000.00 at their position (debit positive).",
    ),
    Fault(
        "I18",
        "UPDATE queries.account SET code = '1020' WHERE code = '1010'",
        "account 1010 00000000-0000-0000-0000-000000001010 has another code, owner or currency.",
    ),
    Fault(
        "I18",
        "DELETE FROM queries.account WHERE code = '3010'",
        "The read models lack account 3010 00000000-0000-0000-0000-000000003010.",
        full_only=True,
    ),
    Fault(
        "I18",
        """INSERT INTO queries.account
        SELECT (jsonb_populate_record(a, '{"id": "ffffffff-0000-0000-0000-000000000000"}')).*
        FROM queries.account AS a
        WHERE a.code = '3010'""",
        "The read models have an account ffffffff-0000-0000-0000-000000000000; the ledger does"
        " not.",
    ),
    Fault(
        "I18",
        """UPDATE queries.line SET balance = balance + 1
        WHERE entry_number IN (plant.entry(5), plant.entry(9))""",
        "Line 1 of entry {year}/5 is not the same in the read models.",
    ),
    Fault(
        "I18",
        "DELETE FROM queries.line WHERE entry_number >= plant.entry(7)",
        "Line 1 of entry {year}/7 is not the same in the read models.",
    ),
    Fault(
        "I18",
        """INSERT INTO queries.line
        SELECT (jsonb_populate_record(l, jsonb_build_object('entry_number', plant.entry(900)))).*
        FROM queries.line AS l
        WHERE l.entry_number = plant.entry(1)""",
        "The read models have an entry {year}/900; the ledger does not.",
    ),
    Fault(
        "I18",
        "DELETE FROM queries.withdrawal WHERE state = 'locked'",
        "The read models lack {id}, a withdrawal of the log.",
        "SELECT plant.one('locked') AS id",
    ),
    Fault(
        "I18",
        "UPDATE queries.withdrawal SET state = 'completed' WHERE state = 'locked'",
        "In the read models withdrawal {id} is completed with CVE 2,025.00 since record",
        "SELECT plant.one('locked') AS id",
    ),
    Fault(
        "I18",
        "UPDATE queries.withdrawal SET position = position - 1 WHERE state = 'refused'",
        "In the read models request {id} is refused with",
        "SELECT id FROM ledger.agent_request WHERE state = 'refused'",
    ),
    Fault(
        "I18",
        """UPDATE queries.wallet SET held = held + 1
        WHERE id = (SELECT min(wallet_id::text)::uuid FROM ledger.cardless)""",
        "The read models say that CVE 6,075.01 of wallet {wallet} are held; its open withdrawals"
        " and requests are CVE 6,075.00.",
        "SELECT min(wallet_id::text) AS wallet FROM ledger.cardless",
    ),
    Fault(
        "I18",
        """UPDATE queries.turnover SET booked_debits = booked_debits + 7
        WHERE (code, day) IN (SELECT code, min(day) FROM queries.turnover
            WHERE code = '1010' GROUP BY code)""",
        "In the read models the turnover of 1010 comes to CVE 349,000.07, its balances to"
        " CVE 349,000.00",
    ),
)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(books: Database, fault: Fault) -> None:
    require_named(books, fault)
