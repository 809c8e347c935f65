"""I21 is shown to fail on planted faults, and to name the first bad row."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.queries.check.planting import Fault, found, planting, require_named

TOLD = "SELECT subject, position, number FROM plant.told('transfer.made')"
# On another day of the same year.
ANOTHER_DAY = """
    UPDATE ledger.log
    SET
        booking_date = booking_date
        + CASE WHEN extract(DOY FROM booking_date) = 1 THEN 1 ELSE -1 END
    WHERE position = plant.first('transfer.made')
"""
# A step of long ago, and the periods as they are after it.
CLOSED = """
    UPDATE ledger.log
    SET
        kind = 'period.closed',
        payload = '{"was": {"softClosedTo": null, "closedTo": null},'
            '"softClosedTo": "2999-12-31", "closedTo": "%s"}'
    WHERE position = plant.first('wallet.opened');
    INSERT INTO ledger.periods (kind, soft_closed_to, closed_to, late, years, version)
    VALUES ('periods', '2999-12-31', '%s', 0, '{}', 1)
"""
FAULTS = (
    Fault("I21", ANOTHER_DAY, "Entry {number} (transfer.made) of ", TOLD),
    Fault(
        "I21",
        """INSERT INTO ledger.periods (kind, soft_closed_to, closed_to, late, years, version)
        VALUES ('periods', '2020-01-31', '2020-01-31', 0, '{}', 1)""",
        "All is said to be closed up to 2020-01-31, soft-closed up to 2020-01-31; by the log up",
    ),
    Fault("I21", CLOSED.replace("%s", "2999-12-31"), "in a period that was closed."),
    Fault("I21", CLOSED.replace("%s", "2019-12-31"), "in a period that was soft-closed."),
)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(books: Database, fault: Fault) -> None:
    require_named(books, fault)


def test_what_accountants_book_may_be_late(books: Database) -> None:
    with planting(books) as owner:
        owner.execute(ANOTHER_DAY)
        owner.execute(
            "UPDATE ledger.log SET kind = 'manual.posted'"
            " WHERE position = plant.first('transfer.made') AND booking_date"
            " < (recorded_at AT TIME ZONE 'Atlantic/Cape_Verde')::date"
        )
    assert found(books, "I21").held
