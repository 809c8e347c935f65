"""Months are closed in their order, on a list that is in order, and take what they then take."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
import pytest

from commands.books.close_period import MUST_HOLD, CheckedLine
from commands.books.close_year import Carried
from commands.books.periods import PeriodState
from commands.books.reopen_period import ReopenPeriod
from commands.reconciliation.redate import REDATED
from commands.treasury.own_money import SweepFees
from commands.treasury.trust import THE_TRUST, TrustBook
from ledger.books import COUNTRY
from ledger.errors import Conflict, Forbidden, InvalidRequest, NotFound, PeriodNotReady
from ledger.money import Money
from tests.commands.books.month_end import GOOD, JUNE, MAY, MonthEnd
from tests.commands.test_entries_of_the_book import require_safeguarded


@pytest.fixture
def desk() -> MonthEnd:
    desk = MonthEnd()
    desk.pay_out()
    desk.now = JUNE
    return desk


def test_a_month_is_soft_closed_by_one_and_closed_by_two(desk: MonthEnd) -> None:
    assert desk.do(desk.soft_close()).state is PeriodState.SOFT_CLOSED
    assert desk.last.payload["was"] == {"softClosedTo": None, "closedTo": None}
    assert desk.last.payload["softClosedTo"] == date(2030, 5, 31)
    desk.both(desk.closing())
    closed = next(e for e in desk.just if e.kind == "period.closed")
    assert closed.payload["by"] == desk.colleague
    assert [line["name"] for line in closed.payload["lines"]] == list(MUST_HOLD)
    assert (desk.state(), desk.state("2030-04")) == (PeriodState.CLOSED, PeriodState.CLOSED)
    assert desk.state("2030-06") is PeriodState.OPEN


def test_who_proposes_a_close_does_not_approve_it_and_operators_do_neither(desk: MonthEnd) -> None:
    assert isinstance(desk.refused(desk.soft_close(who=desk.operator)), Forbidden)
    desk.do(desk.soft_close())
    assert isinstance(desk.turned_down(desk.closing(), desk.operator), Forbidden)
    proposed = desk.suggest(desk.closing())
    with pytest.raises(Forbidden):
        desk.agree(proposed, desk.accountant)
    with pytest.raises(Forbidden):
        desk.agree(proposed, desk.operator)
    assert desk.state() is PeriodState.SOFT_CLOSED


@pytest.mark.parametrize("month", ["2030-06", "2030-07"])
def test_the_month_that_runs_is_never_closed(desk: MonthEnd, month: str) -> None:
    refusal = desk.refused(desk.soft_close(month))
    assert isinstance(refusal, Conflict if month == "2030-06" else NotFound)
    assert isinstance(desk.turned_down(desk.closing(month)), Conflict)


@pytest.mark.parametrize("name", ["2030-13", "2030-00", "1999-12", "9999-12", "30-05", "2030/05"])
def test_a_month_is_one_that_books_have(desk: MonthEnd, name: str) -> None:
    assert isinstance(desk.refused(desk.soft_close(name)), InvalidRequest)


def test_months_are_closed_in_their_order_and_reopened_from_the_newest_on(desk: MonthEnd) -> None:
    desk.close("2030-04")
    desk.do(desk.soft_close())
    desk.now = datetime(2030, 8, 1, 9, tzinfo=COUNTRY)
    assert isinstance(desk.refused(desk.soft_close("2030-07")), Conflict)
    desk.do(desk.soft_close("2030-06"))
    refusal = desk.turned_down(desk.closing("2030-06"))
    assert refusal.facts == {"month": "2030-06", "missing": "months_before_closed"}
    desk.both(desk.closing())
    for month, becomes in (
        ("2030-06", PeriodState.OPEN),
        ("2030-05", PeriodState.SOFT_CLOSED),
        ("2030-05", PeriodState.OPEN),
        ("2030-04", PeriodState.SOFT_CLOSED),
    ):
        assert isinstance(desk.turned_down(reopening("2030-03")), Conflict)
        desk.both(reopening(month))
        assert desk.state(month) is becomes
    assert desk.state("2030-03") is PeriodState.CLOSED


def reopening(month: str = MAY) -> ReopenPeriod:
    return ReopenPeriod(month=month, reason="an invoice came late")


def test_a_reopening_says_why_and_is_on_record(desk: MonthEnd) -> None:
    desk.close()
    silent = msgspec.structs.replace(reopening(), reason=" ")
    assert isinstance(desk.turned_down(silent), InvalidRequest)
    desk.both(reopening())
    told = next(e.payload for e in desk.just if e.kind == "period.reopened")
    assert (told["reason"], told["state"]) == ("an invoice came late", PeriodState.SOFT_CLOSED)
    assert isinstance(desk.turned_down(reopening("2030-06")), Conflict)


@pytest.mark.parametrize("name", MUST_HOLD)
@pytest.mark.parametrize("left_out", [True, False])
def test_what_is_unexplained_blocks_a_close(desk: MonthEnd, name: str, left_out: bool) -> None:
    desk.do(desk.soft_close())
    bad = () if left_out else (CheckedLine(name=name, ok=False, figure=1),)
    lines = (*(line for line in GOOD if line.name != name), *bad)
    refusal = desk.turned_down(desk.closing(lines=lines))
    assert isinstance(refusal, PeriodNotReady)
    assert refusal.facts == {"month": MAY, "missing": name}


def test_open_items_are_carried_forward_and_stand_in_the_log(desk: MonthEnd) -> None:
    desk.do(desk.soft_close())
    carried = CheckedLine(name="holds_carried", ok=False, count=3, figure=6_075_00)
    desk.both(desk.closing(lines=(*GOOD, carried)))
    told = next(e.payload for e in desk.just if e.kind == "period.closed")
    assert told["lines"][-1] == {
        "name": "holds_carried", "ok": False, "figure": 6_075_00, "count": 3, "oldestDays": None,
    }  # fmt: skip


def test_an_old_list_closes_nothing(desk: MonthEnd) -> None:
    desk.do(desk.soft_close())
    assert isinstance(desk.turned_down(desk.closing(late=1)), Conflict)


def test_a_month_that_is_not_soft_closed_is_not_closed(desk: MonthEnd) -> None:
    assert desk.turned_down(desk.closing()).facts["missing"] == "month_soft_closed"


class TestLateWordOfTheSwitch:
    def test_it_is_booked_today_with_its_own_value_date(self, desk: MonthEnd) -> None:
        """Over a month's end, when the month of its settlement date is closed."""
        may = date(2030, 5, 31)
        desk.now = datetime(2030, 5, 31, 14, tzinfo=COUNTRY)
        desk.request()
        desk.authorise(2, settlement_date=may)
        desk.now = JUNE
        desk.close()
        desk.complete(2_000, 2)
        captured = next(e for e in desk.just if e.entry_number is not None)
        assert (captured.booking_date, captured.value_date) == (JUNE.date(), may)
        desk.reverse(0, 2)
        reversed_ = next(e for e in desk.just if e.entry_number is not None)
        assert (reversed_.booking_date, reversed_.value_date) == (JUNE.date(), may)
        assert REDATED not in desk.kinds
        require_safeguarded(desk)


class TestTheYear:
    @pytest.fixture
    def desk(self, desk: MonthEnd) -> MonthEnd:
        desk.now = datetime(2031, 1, 2, 9, tzinfo=COUNTRY)
        desk.do(desk.soft_close("2030-11"))
        desk.both(desk.closing("2030-11"))
        desk.do(desk.soft_close("2030-12"))
        return desk

    def test_its_result_is_carried_over_in_one_entry_of_its_last_day(self, desk: MonthEnd) -> None:
        desk.cash_in(1_000)  # of the new year: no part of the old one's result
        change = msgspec.structs.replace(desk.year(), lines=(Carried(code="4010", balance=-25_00),))
        desk.both(change)
        entry = next(e for e in desk.just if e.kind == "year.closed")
        assert desk.booked == ["4010 25 | 3900 25"]
        assert (entry.booking_date, entry.value_date) == (date(2030, 12, 31), date(2030, 12, 31))
        assert entry.entry_number == 2030 * 10**12 + change.last_entry + 1
        assert desk.last_entries[2031] == 1
        require_safeguarded(desk)

    def test_december_is_closed_after_the_year_and_what_came_since(self, desk: MonthEnd) -> None:
        december = desk.closing("2030-12")
        assert desk.turned_down(december).facts["missing"] == "year_closed"
        desk.both(desk.year())
        desk.both(desk.closing("2030-12"))
        assert desk.state("2030-12") is PeriodState.CLOSED
        assert isinstance(desk.turned_down(desk.year()), Conflict)

    def test_a_year_without_a_result_is_closed_without_an_entry(self, desk: MonthEnd) -> None:
        desk.both(desk.year())
        desk.both(desk.year())
        assert desk.booked == []
        assert "year.closed" in desk.kinds

    def test_fees_and_commission_of_the_trust_stay_what_they_were(self, desk: MonthEnd) -> None:
        desk.cash_in(1_000)
        desk.both(desk.year())
        trust: TrustBook = desk.find(THE_TRUST)
        assert (trust.fees_closed, trust.commission_closed) == (25_00, 25_00)
        assert desk.code_holds("4010") == desk.code_holds("5010") == 0
        desk.decide(SweepFees(amount=Money.of(25), reference="BCA 1"))
        require_safeguarded(desk)

    @pytest.mark.parametrize(
        "lines",
        [
            (Carried(code="1010", balance=5),),
            (Carried(code="4010", balance=0),),
            (Carried(code="4010", balance=5), Carried(code="4010", balance=5)),
        ],
    )
    def test_only_the_result_is_carried(self, desk: MonthEnd, lines: tuple[Carried, ...]) -> None:
        change = msgspec.structs.replace(desk.year(), lines=lines)
        assert isinstance(desk.turned_down(change), InvalidRequest)

    def test_old_figures_carry_nothing(self, desk: MonthEnd) -> None:
        change = msgspec.structs.replace(desk.year(), last_entry=1)
        assert isinstance(desk.turned_down(change), Conflict)
