"""The switch's business day: which date an operation belongs to, and what its file says of it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from simulator.machines.business_day import Ended, Item, filed, noted, opened
from simulator.words import COUNTRY
from tests.settlement_files import item

DAY = date(2030, 5, 15)
MORNING = datetime(2030, 5, 15, 9, 30, tzinfo=COUNTRY)
CUT_OFF = datetime(2030, 5, 15, 23, tzinfo=COUNTRY)


def stands(items: tuple[Item, ...]) -> list[tuple[str, Ended, int]]:
    """How items stand in a file."""
    return [(each.trace.rrn[-1], each.kind, each.amount) for each in items]


@pytest.mark.parametrize(
    ("moment", "belongs_to"),
    [
        (MORNING, DAY),
        (CUT_OFF - timedelta(seconds=1), DAY),
        (CUT_OFF, DAY + timedelta(days=1)),
        (CUT_OFF + timedelta(hours=2), DAY + timedelta(days=1)),  # past midnight
    ],
)
def test_the_day_ends_at_the_cut_off_and_not_at_midnight(
    moment: datetime, belongs_to: date
) -> None:
    assert opened(moment).settlement_date == belongs_to


def test_another_cut_off() -> None:
    assert opened(MORNING, time(9)).settlement_date == DAY + timedelta(days=1)


def test_a_file_has_each_operation_once_in_the_order_of_its_references() -> None:
    day = opened(MORNING)
    for each in (item(3, 0), item(1), item(2, 1_000), item(1)):
        day = noted(day, each)
    following, file = filed(day, CUT_OFF)
    assert stands(file.items) == [
        ("1", Ended.CAPTURED, 2_000), ("2", Ended.CAPTURED, 1_000), ("3", Ended.REVERSED, 0),
    ]  # fmt: skip
    assert (file.settlement_date, file.cut_off_at) == (DAY, CUT_OFF)
    assert following.settlement_date == DAY + timedelta(days=1)
    assert following.items == {}


def test_what_is_reversed_on_the_same_day_is_never_claimed() -> None:
    day = noted(noted(opened(MORNING), item(1)), item(1, 0))
    assert stands(filed(day, CUT_OFF)[1].items) == [("1", Ended.REVERSED, 0)]


def test_what_an_earlier_file_has_claimed_is_given_back_in_part_or_whole() -> None:
    day, _ = filed(noted(opened(MORNING), item(1, 5_000)), CUT_OFF)
    day, second = filed(noted(day, item(1, 3_000)), CUT_OFF + timedelta(days=1))
    assert stands(second.items) == [("1", Ended.TAKEN_BACK, 2_000)]
    _, third = filed(noted(day, item(1, 0)), CUT_OFF + timedelta(days=2))
    assert stands(third.items) == [("1", Ended.TAKEN_BACK, 3_000)]


def test_what_was_claimed_and_is_told_again_stands_in_no_second_file() -> None:
    day, _ = filed(noted(opened(MORNING), item(1)), CUT_OFF)
    assert filed(noted(day, item(1)), CUT_OFF + timedelta(days=1))[1].items == ()


def test_a_file_by_hand_leaves_the_date_as_it_is_and_only_the_clock_leads_on() -> None:
    day, dates = opened(MORNING), []
    for moment in (MORNING, MORNING, CUT_OFF, CUT_OFF, CUT_OFF + timedelta(days=3)):
        day, file = filed(day, moment)
        dates.append(file.settlement_date)
    tomorrow = DAY + timedelta(days=1)
    assert dates == [DAY, DAY, DAY, tomorrow, tomorrow]
    assert day.settlement_date == DAY + timedelta(days=4)


def test_a_clock_that_is_put_back_leads_no_date_back() -> None:
    day, _ = filed(opened(MORNING), CUT_OFF)
    assert filed(day, MORNING)[0].settlement_date == DAY + timedelta(days=1)
