"""I26 and I27 are shown to fail on planted faults, and to name the first bad row."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.queries.check.planting import Fault, require_named

TILL = "SELECT id FROM ledger.till"

DATES = (
    Fault(
        "I26",
        "UPDATE ledger.settlement SET owed = owed + 100 WHERE settlement_date = '2026-11-20'",
        "Account 2100 holds ",
    ),
    Fault(
        "I26",
        """ALTER TABLE ledger.settlement DROP CONSTRAINT no_more_is_paid_for_a_date_than_is_owed;
        UPDATE ledger.settlement SET paid = paid + 100000 WHERE settlement_date = '2026-11-20';
        UPDATE ledger.settlement SET owed = owed - 100000 WHERE settlement_date <> '2026-11-20'""",
        "For 2026-11-20, CVE 500.00 more were paid than were owed.",
    ),
    Fault(
        "I26",
        """UPDATE ledger.settlement SET owed = owed + 100 WHERE settlement_date = '2026-11-20';
        UPDATE ledger.settlement SET owed = owed - 100 WHERE settlement_date <> '2026-11-20'""",
        "Of 2026-11-20, CVE 501.00 are open by its row; the lines of that date sum to CVE 500.00.",
        full_only=True,
    ),
    Fault(
        "I26",
        """UPDATE ledger.log SET value_date = '2026-11-01'
        WHERE position = (SELECT max(position) FROM ledger.log WHERE kind = 'settlement.paid')""",
        "Of 2026-11-01, CVE 0.00 are open by its row; the lines of that date sum to -CVE 1,000.00.",
        full_only=True,
    ),
)
TILLS = (
    Fault(
        "I27",
        "UPDATE ledger.till SET cash = cash + 100, differences = differences + 100",
        "Of till {id}, cash is 999100 in its row and 999000 by the log.",
        TILL,
    ),
    Fault(
        "I27",
        "UPDATE ledger.till SET taken = taken + 100, differences = differences - 100",
        "Of till {id}, taken is 500100 in its row and 500000 by the log.",
        TILL,
    ),
    Fault(
        "I27",
        "UPDATE ledger.till SET brought = brought + 100, paid = paid + 100",
        "Of till {id}, paid is 300100 in its row and 300000 by the log.",
        TILL,
    ),
    Fault(
        "I27",
        """ALTER TABLE ledger.till DROP CONSTRAINT a_cash_book_adds_up;
        UPDATE ledger.till SET paid = paid + 100""",
        "The cash book of till {id} does not add up to CVE 9,990.00.",
        TILL,
    ),
    Fault(
        "I27",
        "UPDATE ledger.till SET operator_id = id",
        "Of till {id}, operator is {id} in its row and",
        TILL,
    ),
    Fault(
        "I27",
        """UPDATE ledger.log SET payload = payload || '{"cash": 998000}'
        WHERE position = (SELECT max(position) FROM ledger.log WHERE kind = 'till.closed')""",
        "Till {id} holds CVE 9,980.00 by record {position} (till.closed); its records before come"
        " to CVE 9,990.00.",
        """SELECT t.id, l.position FROM ledger.till AS t
        CROSS JOIN (SELECT max(position) FROM ledger.log WHERE kind = 'till.closed')
        AS l (position)""",
    ),
    Fault(
        "I27",
        """UPDATE ledger.log SET payload = payload || '{"amount": 500001}'
        WHERE kind = 'cash_in.made' AND payload ->> 'till' IS NOT NULL""",
        "its records before come to",
    ),
    Fault("I27", "DELETE FROM ledger.till", "Till {id} of the log has no row.", TILL),
    Fault(
        "I27",
        """INSERT INTO ledger.till
        SELECT (jsonb_populate_record(t, jsonb_build_object(
            'id', 'ffffffff-0000-0000-0000-000000000000', 'state', 'closed', 'operator_id', NULL,
            'opened_at', NULL
        ))).* FROM ledger.till AS t""",
        "The log does not know till ffffffff-0000-0000-0000-000000000000, which has a row.",
        full_only=True,
    ),
    Fault(
        "I27",
        "UPDATE queries.till SET cash = cash + 100",
        "In the read models till {id} is open with CVE 9,991.00; by the log it is open with"
        " CVE 9,990.00.",
        TILL,
    ),
    Fault(
        "I27",
        "UPDATE queries.till SET differences = differences + 100",
        "In the read models the differences of till {id} come to CVE 9,991.00; by the log to"
        " CVE 9,990.00.",
        TILL,
    ),
)


@pytest.mark.parametrize("fault", [*DATES, *TILLS])
def test_a_planted_fault_is_named(books: Database, fault: Fault) -> None:
    require_named(books, fault)
