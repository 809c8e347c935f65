"""A day of the trust goes on record once; the bank's last word about it counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from commands.identity.person import Role
from commands.treasury.safeguarding import (
    RecordSafeguarding,
    StateTrustBalance,
    TrustDay,
    day_id,
)
from ledger.errors import Forbidden, InvalidRequest
from ledger.money import Money
from tests.commands.approval.office import Office
from tests.commands.town import TODAY

YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def office() -> Office:
    return Office()


def recording(day: date = YESTERDAY, **changes: Any) -> RecordSafeguarding:
    given: dict[str, Any] = {
        "day": day,
        "read_to": 17,
        "terms": {"trust_bank": 100_00, "e_money_customers": 90_00},
        "held": 100_00,
        "owed": 90_00,
        "difference": 0,
    }
    return RecordSafeguarding(**(given | changes))


def stating(user: UUID, balance: int, day: date = YESTERDAY) -> StateTrustBalance:
    return StateTrustBalance(day=day, balance=Money(balance), reference="BCA 1", user_id=user)


def test_a_day_is_recorded_once_with_its_terms(office: Office) -> None:
    assert office.do(recording()).recorded
    (event,) = office.just
    assert (event.kind, event.subject) == ("safeguarding.recorded", day_id(YESTERDAY))
    assert event.payload["terms"] == {"trust_bank": 100_00, "e_money_customers": 90_00}
    assert (event.payload["shortfall"], event.payload["readAt"]) == (0, 17)
    assert not office.do(recording(held=1)).recorded
    assert office.just == []


@pytest.mark.parametrize("days", [0, 1])
def test_a_day_that_is_not_over_is_not_recorded(office: Office, days: int) -> None:
    with pytest.raises(InvalidRequest):
        office.do(recording(TODAY + timedelta(days=days)))


@pytest.mark.parametrize(("held", "shortfall"), [(90_00, 0), (89_99, 1), (0, 90_00)])
def test_a_shortfall_is_what_is_owed_beyond_what_is_held(
    office: Office, held: int, shortfall: int
) -> None:
    office.do(recording(held=held))
    assert office.just[0].payload["shortfall"] == shortfall


def test_what_the_bank_has_stated_counts_more_than_our_books(office: Office) -> None:
    office.do(stating(office.accountant, 95_00))
    office.do(stating(office.accountant, 80_00))
    office.do(recording())
    (event,) = office.just
    assert (event.payload["statement"], event.payload["shortfall"]) == (80_00, 10_00)


def test_the_bank_may_speak_after_the_day_is_on_record(office: Office) -> None:
    office.do(recording())
    office.do(stating(office.accountant, 70_00))
    (event,) = office.just
    assert event.payload == {"day": YESTERDAY, "balance": 70_00, "reference": "BCA 1"}
    row = office.rows[TrustDay.of(YESTERDAY)]
    assert isinstance(row, TrustDay)
    assert (row.recorded, row.statement) == (True, 70_00)


def test_others_may_not_speak_for_the_bank(office: Office) -> None:
    with pytest.raises(Forbidden):
        office.do(stating(office.staff(Role.AUDITOR), 1))


@pytest.mark.parametrize(("balance", "days"), [(-1, 1), (10**15 + 1, 1), (5, -1)])
def test_what_no_bank_says_is_refused(office: Office, balance: int, days: int) -> None:
    with pytest.raises(InvalidRequest):
        office.do(stating(office.accountant, balance, TODAY - timedelta(days=days)))
