"""Days at the edges of the calendar are refused, and break nothing."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.errors import InvalidRequest
from queries.days import day_after, day_before
from queries.regulator import days_of


def test_a_day_has_one_before_and_one_after() -> None:
    assert day_before(date(2026, 3, 1), "from") == date(2026, 2, 28)
    assert day_after(date(2026, 12, 31), "to") == date(2027, 1, 1)
    assert days_of("2028-02") == (date(2028, 2, 1), date(2028, 2, 29))


def test_the_first_and_the_last_day_that_there_are_have_not() -> None:
    with pytest.raises(InvalidRequest) as first:
        day_before(date.min, "from")
    with pytest.raises(InvalidRequest) as last:
        day_after(date.max, "to")
    assert [each.value.facts["field"] for each in (first, last)] == ["from", "to"]
    for month in ("9999-12", "0000-01", "2026-13"):
        with pytest.raises(InvalidRequest):
            days_of(month)
