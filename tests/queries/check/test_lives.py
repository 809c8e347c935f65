"""I9, I10, I12 and I13 are shown to fail on planted faults, and to name the first bad row."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.queries.check.planting import Fault, require_named

APPROVALS = (
    Fault(
        "I9",
        """UPDATE ledger.log SET kind = 'withdrawal.authorised'
        WHERE position = plant.first('withdrawal.completed')""",
        "The withdrawal {subject} (record {position}, withdrawal.authorised) was approved before.",
        """SELECT subject, position FROM ledger.log
        WHERE position = plant.first('withdrawal.completed')""",
    ),
    Fault(
        "I9",
        """DROP INDEX ledger.a_wallet_has_one_live_code;
        UPDATE ledger.withdrawal SET state = 'active', code_digest = 'x', code_seal = 'x'
        WHERE id = plant.one('cancelled')""",
        "Wallet {wallet_id} has two live codes: withdrawals {cancelled} and {active}.",
        """SELECT wallet_id, id AS active, plant.one('cancelled') AS cancelled
        FROM ledger.withdrawal WHERE state = 'active'""",
    ),
    Fault(
        "I9",
        """DROP INDEX ledger.a_trace_approves_one_withdrawal;
        UPDATE ledger.withdrawal
        SET trace = (SELECT trace FROM ledger.withdrawal WHERE state = 'in_doubt')
        WHERE state = 'authorised'""",
        "were approved by one message.",
    ),
    Fault(
        "I9",
        """UPDATE ledger.log SET payload = payload || '{"state": "active"}'
        WHERE position = plant.first('withdrawal.cancelled')""",
        "withdrawal.requested) began, {id} of the same wallet was live.",
        "SELECT plant.one('cancelled') AS id",
    ),
)

SWITCH = "'00000000-0000-0000-0000-000000002100'"
FEES = "'00000000-0000-0000-0000-000000004010'"
FEES_OF_REQUESTS = "'00000000-0000-0000-0000-000000004020'"
WALLET = "(SELECT wallet_id FROM ledger.withdrawal LIMIT 1)"
WALLET_OF_REQUESTS = "(SELECT wallet_id FROM ledger.agent_request LIMIT 1)"
TOLD = "SELECT * FROM plant.told('{}')"
COMPLETED = TOLD.format("withdrawal.completed")

CAPTURES = (
    Fault(
        "I10",
        """UPDATE ledger.log SET payload = payload || '{"captured": 200001}'
        WHERE position = plant.first('withdrawal.completed')""",
        "The withdrawal {subject} (record {position}, withdrawal.completed) captures CVE 2,000.01"
        " and a fee of CVE 25.00; approved were CVE 2,000.00 and CVE 25.00.",
        COMPLETED,
    ),
    Fault(
        "I10",
        """UPDATE ledger.log SET payload = payload || '{"captured": 0}'
        WHERE position = plant.first('withdrawal.completed')""",
        "captures CVE 0.00",
    ),
    Fault(
        "I10",
        """UPDATE ledger.log AS l
        SET kind = o.kind, subject = o.subject, payload = o.payload
        FROM ledger.log AS o
        WHERE
            o.position = plant.first('withdrawal.completed')
            AND l.position = plant.first('withdrawal.in_doubt')""",
        "withdrawal.completed) went from completed to completed, which no withdrawal",
    ),
    Fault(
        "I10",
        """UPDATE ledger.log AS l
        SET subject = o.subject, payload = o.payload || '{"state": "released"}',
            kind = 'withdrawal.released'
        FROM ledger.log AS o
        WHERE
            o.position = plant.first('withdrawal.completed')
            AND l.position = plant.first('withdrawal.in_doubt')""",
        "withdrawal.released) went from completed to released, which no withdrawal",
    ),
    Fault(
        "I10",
        """UPDATE ledger.log SET subject = 'ffffffff-0000-0000-0000-000000000000'
        WHERE position = plant.first('withdrawal.authorised')""",
        "The withdrawal ffffffff-0000-0000-0000-000000000000 (record {position},"
        " withdrawal.authorised) went from nothing to authorised",
        "SELECT plant.first('withdrawal.authorised') AS position",
    ),
    Fault(
        "I10",
        """UPDATE ledger.log SET payload = payload || '{"amount": 1}'
        WHERE position = plant.first('withdrawal.authorised')""",
        "withdrawal.authorised) changed its amount, its fee or its wallet.",
    ),
    Fault(
        "I10",
        "UPDATE ledger.log SET kind = 'withdrawal.blessed'"
        " WHERE position = plant.first('withdrawal.authorised')",
        "withdrawal.blessed) cannot be read.",
    ),
    *(
        Fault(
            "I10",
            f"SELECT plant.led_astray('{kind}', {account})",
            f"of {what} {{subject}} (record {{position}}, {kind}) does not move what the event"
            " says.",
            TOLD.format(kind),
        )
        for what, kind, account in (
            ("withdrawal", "withdrawal.completed", SWITCH),
            ("withdrawal", "withdrawal.completed", FEES),
            ("withdrawal", "withdrawal.expired", WALLET),
            ("withdrawal", "withdrawal.reversed", SWITCH),
            ("request", "cash_out.confirmed", FEES_OF_REQUESTS),
            ("request", "cash_out.refused", WALLET_OF_REQUESTS),
        )
    ),
    Fault(
        "I10",
        """UPDATE ledger.log SET payload = payload || '{"captured": 500000, "capturedFee": 2500}'
        WHERE position = plant.first('withdrawal.reversed')""",
        "withdrawal.reversed) takes back CVE 0.00 and CVE 0.00 of its fee.",
    ),
    Fault(
        "I10",
        """UPDATE ledger.log SET payload = payload || '{"against": {"1010": 300000}}'
        WHERE position = plant.first('withdrawal.reversed')""",
        "withdrawal.reversed) is borne by an account that bears no withdrawal.",
    ),
    Fault(
        "I10",
        """UPDATE ledger.log SET payload = payload || '{"against": {"1900": 1}}'
        WHERE position = plant.first('withdrawal.reversed')""",
        "withdrawal.reversed) takes back CVE 3,000.00, and not all of it is borne.",
    ),
    Fault(
        "I10",
        "UPDATE ledger.withdrawal SET captured = captured - 1 WHERE id = plant.one('completed')",
        "The captured of withdrawal {id} is 199999 in its row and 200000 by the log.",
        "SELECT plant.one('completed') AS id",
    ),
    Fault(
        "I10",
        "UPDATE ledger.withdrawal SET state = 'cancelled' WHERE id = plant.one('locked')",
        "The state of withdrawal {id} is cancelled in its row and locked by the log.",
        "SELECT plant.one('locked') AS id",
    ),
    Fault(
        "I10",
        "UPDATE ledger.agent_request SET state = 'confirmed' WHERE state = 'refused'",
        "The state of request {id} is confirmed in its row and refused by the log.",
        "SELECT id FROM ledger.agent_request WHERE state = 'refused'",
    ),
    Fault(
        "I10", "DELETE FROM ledger.withdrawal WHERE state = 'expired'", "1 withdrawals of the log"
    ),
    Fault(
        "I10",
        """INSERT INTO ledger.withdrawal
        SELECT (jsonb_populate_record(w, '{"id": "ffffffff-0000-0000-0000-000000000000"}')).*
        FROM ledger.withdrawal AS w
        WHERE w.state = 'expired'""",
        "The log does not know withdrawal ffffffff-0000-0000-0000-000000000000, which has a row.",
        full_only=True,
    ),
)

EXPIRY = (
    Fault(
        "I12",
        """UPDATE ledger.log SET payload = payload || jsonb_build_object('expiresAt', recorded_at)
        WHERE position = plant.first('withdrawal.requested')""",
        "The event of withdrawal {subject} (record {position}, withdrawal.authorised) is of",
        """SELECT subject, position FROM ledger.log
        WHERE position = plant.first('withdrawal.authorised')""",
    ),
    Fault(
        "I12",
        """UPDATE ledger.log SET payload = payload || '{"expiresAt": "2999-01-01T00:00:00Z"}'
        WHERE
            kind = 'cash_out.requested'
            AND subject = (SELECT id FROM ledger.agent_request WHERE state = 'lapsed')""",
        "cash_out.lapsed) is of",
    ),
    Fault(
        "I12",
        "UPDATE ledger.withdrawal SET expires_at = expires_at + interval '1 s'"
        " WHERE state IN ('active', 'completed')",
        "Withdrawal {id} expires at",
        "SELECT plant.one('completed') AS id",
    ),
    Fault(
        "I12",
        "UPDATE ledger.withdrawal SET authorised_at = expires_at WHERE state = 'in_doubt'",
        "Withdrawal {id} was approved at",
        "SELECT plant.one('in_doubt') AS id",
    ),
    Fault(
        "I12",
        "UPDATE ledger.log SET recorded_at = recorded_at - interval '1 day' WHERE position >= 9",
        "The record at position 9 is of",
    ),
    Fault(
        "I12",
        "UPDATE ledger.log SET recorded_at = 'infinity' WHERE position = 9",
        "A row cannot be read: timestamp too large",
    ),
)

FIRST_KEY = "SELECT encode(plant.first_key(), 'hex') AS key"

KEYS = (
    Fault(
        "I13",
        "UPDATE ledger.idempotency SET reply = 'not JSON'",
        "The key {key} has a reply that cannot be given again.",
        FIRST_KEY,
    ),
    Fault(
        "I13",
        "UPDATE ledger.idempotency SET refused = NOT refused WHERE key_hash = plant.first_key()",
        "The key {key} has a reply that cannot be given again.",
        FIRST_KEY,
    ),
    Fault(
        "I13",
        """UPDATE ledger.idempotency
        SET reply = '{"code": "NO_SUCH_CODE", "message": "", "details": {}}'
        WHERE refused""",
        "The key {key} has a reply that cannot be given again.",
        "SELECT encode(key_hash, 'hex') AS key FROM ledger.idempotency WHERE refused",
    ),
    Fault(
        "I13",
        "UPDATE ledger.idempotency SET position = 999",
        "The key {key} stands for position 999, which is not in the log.",
        FIRST_KEY,
    ),
    Fault(
        "I13",
        "UPDATE ledger.idempotency SET recorded_at = 'epoch' WHERE key_hash = plant.first_key()",
        "The key {key} is of 1970-01-01 00:00:00+00:00, before the record",
        FIRST_KEY,
    ),
    Fault(
        "I13",
        """ALTER TABLE ledger.idempotency DROP CONSTRAINT a_key_has_one_effect;
        INSERT INTO ledger.idempotency TABLE ledger.idempotency""",
        "The key {key} is stored twice.",
        FIRST_KEY,
    ),
)


@pytest.mark.parametrize("fault", [*APPROVALS, *CAPTURES, *EXPIRY, *KEYS], ids=lambda f: f.code)
def test_a_planted_fault_is_named(books: Database, fault: Fault) -> None:
    require_named(books, fault)
