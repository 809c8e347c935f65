"""What accountants book by hand: by two of them, as it was read, and only what may be."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.account.reverse_big_entry import ReverseBigEntry
from commands.account.reverse_entry import ReverseEntry
from commands.books.manual_entry import PostManualEntry
from commands.books.manual_lines import HAVE_A_LIFE, ManualLine
from commands.books.planned_reversal import PlannedReversal, ReverseAsPlanned
from commands.books.recurring import (
    EndRecurringEntry,
    PostRecurring,
    RecurringEntry,
    RecurringState,
    StartRecurringEntry,
)
from commands.books.schedule import Schedule
from commands.books.template import KeepTemplate, RetireTemplate, TemplateState
from ledger.books import COUNTRY
from ledger.errors import (
    ApprovalRequired,
    Conflict,
    Forbidden,
    InsufficientFunds,
    InvalidRequest,
    NotFound,
    PeriodClosed,
)
from ledger.money import Money
from tests.commands.books.month_end import JUNE, MonthEnd
from tests.commands.test_entries_of_the_book import require_safeguarded

LATE = date(2030, 5, 31)


def debit(code: str, escudos: int, **more: Any) -> ManualLine:
    return ManualLine(code=code, debit=Money.of(escudos), **more)


def credit(code: str, escudos: int, **more: Any) -> ManualLine:
    return ManualLine(code=code, credit=Money.of(escudos), **more)


CHARGE = (debit("5090", 300), credit("1020", 300))


def manual(*lines: ManualLine, **more: Any) -> PostManualEntry:
    given: dict[str, Any] = {"document": "BCA 17/2030", "reason": "charges of May"}
    return PostManualEntry(lines=lines or CHARGE, **(given | more))


@pytest.fixture
def desk() -> MonthEnd:
    desk = MonthEnd()
    desk.pay_out()
    desk.now = JUNE
    return desk


def test_it_is_posted_as_two_accountants_have_read_it(desk: MonthEnd) -> None:
    desk.both(manual(value_date=date(2030, 5, 30)))
    assert desk.booked == ["5090 300 | 1020 300"]
    entry = next(e for e in desk.just if e.kind == "manual.posted")
    assert (entry.booking_date, entry.value_date) == (JUNE.date(), date(2030, 5, 30))
    assert (entry.payload["document"], entry.payload["reason"]) == (
        "BCA 17/2030", "charges of May",
    )  # fmt: skip
    assert entry.payload["checker"] == desk.colleague
    assert desk.periods.late == 0
    require_safeguarded(desk)


def test_the_maker_does_not_approve_it_and_operators_do_neither(desk: MonthEnd) -> None:
    assert isinstance(desk.turned_down(manual(), desk.operator), Forbidden)
    proposed = desk.suggest(manual())
    for checker in (desk.accountant, desk.operator):
        with pytest.raises(Forbidden):
            desk.agree(proposed, checker)


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        (manual(debit("5090", 5)), "lines", "are 2 to 100"),
        (manual(debit("5090", 5), credit("1020", 4)), "lines", "have other debits than credits"),
        (manual(debit("5090", 0), credit("1020", 0)), "debit", "or credit is above zero"),
        (manual(debit("5090", 5, currency="EUR"), credit("1020", 5)), "currency", "is not CVE"),
        (manual(debit("5999", 5), credit("1020", 5)), "code", "is no account of the chart"),
        (manual(debit("5090", 5), credit("1010", 5)), "lines", "move trust out of"),
        (manual(debit("4010", 5), credit("1020", 5)), "lines", "move fees out of"),
        (manual(debit("5010", 5), credit("2200", 5)), "lines", "move commission out of"),
        (manual(reason=" "), "reason", "says why"),
        (manual(booking_date=date(2030, 6, 4)), "bookingDate", "is still to come"),
        (manual(booking_date=date(1999, 12, 31)), "bookingDate", "is before all books"),
        (manual(value_date=date(2029, 6, 1)), "valueDate", "is more than 366 days"),
        (manual(reverse_on=JUNE.date()), "reverseOn", "is within 366 days"),
        (manual(reverse_on=date(2031, 6, 5)), "reverseOn", "is within 366 days"),
        *(
            (manual(debit(code, 5), credit("1020", 5)), "code", "is not booked by hand")
            for code in HAVE_A_LIFE
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_waits(
    desk: MonthEnd, change: PostManualEntry, field: str, says: str
) -> None:
    refusal = desk.turned_down(change)
    assert isinstance(refusal, InvalidRequest)
    assert refusal.facts["field"] == field
    assert says in str(refusal.facts["reason"])


def test_our_own_bank_is_never_overdrawn(desk: MonthEnd) -> None:
    change = manual(debit("5090", 50_001), credit("1020", 50_001))
    assert isinstance(desk.turned_down(change), InsufficientFunds)


def test_it_goes_into_a_month_that_takes_it(desk: MonthEnd) -> None:
    late = manual(booking_date=LATE)
    desk.both(late)
    desk.do(desk.soft_close())
    waiting = desk.suggest(desk.closing())
    desk.both(late)  # two people approve it for that very day
    assert next(e for e in desk.just if e.lines).booking_date == LATE
    assert desk.periods.late == 2
    with pytest.raises(Conflict, match="since this list was made"):
        desk.agree(waiting, desk.colleague)
    proposed = desk.suggest(late)
    desk.both(desk.closing())
    with pytest.raises(PeriodClosed) as refused:
        desk.agree(proposed, desk.colleague)
    assert refused.value.facts == {"month": "2030-05", "state": "closed"}
    assert isinstance(desk.turned_down(late), PeriodClosed)


def test_two_people_take_back_what_two_people_booked(desk: MonthEnd) -> None:
    desk.both(manual(debit("5090", 1), credit("1020", 1)))
    number = next(e.entry_number for e in desk.just if e.lines) or 0
    alone = ReverseEntry(
        transaction_id=uuid7(), entry_number=number, reason="-", user_id=desk.accountant
    )
    assert isinstance(desk.refused(alone), ApprovalRequired)
    desk.both(ReverseBigEntry(entry_number=number))
    assert desk.booked == ["1020 1 | 5090 1"]


class TestTakenBackOnADay:
    def accrue(self, desk: MonthEnd, on: date) -> int:
        desk.both(manual(debit("5900", 9), credit("2400", 9), booking_date=LATE, reverse_on=on))
        return next(e.entry_number for e in desk.just if e.lines) or 0

    def reverse(self, desk: MonthEnd, number: int) -> int | None:
        command = ReverseAsPlanned(transaction_id=uuid7(), entry_number=number)
        return desk.do(command).entry_number

    def test_it_is_taken_back_once_and_not_before(self, desk: MonthEnd) -> None:
        number = self.accrue(desk, date(2030, 6, 10))
        assert self.reverse(desk, number) is None
        desk.now = datetime(2030, 6, 12, 9, tzinfo=COUNTRY)
        assert self.reverse(desk, number) is not None
        (entry,) = desk.just
        assert desk.booked == ["2400 9 | 5900 9"]
        assert (entry.reverses, entry.booking_date) == (number, date(2030, 6, 10))
        assert self.reverse(desk, number) is None
        assert desk.just == []

    def test_what_came_too_late_for_its_month_is_booked_today(self, desk: MonthEnd) -> None:
        number = self.accrue(desk, date(2030, 6, 10))
        desk.now = datetime(2030, 7, 2, 9, tzinfo=COUNTRY)
        desk.do(desk.soft_close("2030-05"))
        desk.do(desk.soft_close("2030-06"))
        self.reverse(desk, number)
        (entry,) = desk.just
        assert (entry.booking_date, entry.value_date) == (date(2030, 7, 2), date(2030, 6, 10))

    def test_what_people_took_back_before_is_left(self, desk: MonthEnd) -> None:
        number = self.accrue(desk, JUNE.date())
        desk.both(ReverseBigEntry(entry_number=number))
        assert self.reverse(desk, number) is None
        assert desk.kinds == ["manual.not_reversed"]
        assert desk.find(PlannedReversal.of(number)).done


class TestRecurring:
    def start(self, desk: MonthEnd, **schedule: Any) -> UUID:
        given: dict[str, Any] = {
            "every_months": 1, "day_of_month": 31, "first_on": JUNE.date(),
        }  # fmt: skip
        desk.both(
            StartRecurringEntry(
                name="rent",
                lines=CHARGE,
                document="lease of 2029",
                reason="rent is due monthly",
                schedule=Schedule(**(given | schedule)),
            )
        )
        return next(e.subject for e in desk.just if e.kind == "recurring.started")

    def post(self, desk: MonthEnd, recurring: UUID) -> int | None:
        return desk.do(PostRecurring(recurring_id=recurring)).entry_number

    def test_it_is_posted_once_for_each_of_its_days(self, desk: MonthEnd) -> None:
        rent = self.start(desk)
        assert self.post(desk, rent) is None
        desk.now = datetime(2030, 8, 1, 9, tzinfo=COUNTRY)
        booked = []
        while self.post(desk, rent) is not None:
            booked.append(desk.just[0].booking_date)
            assert desk.booked == ["5090 300 | 1020 300"]
        assert booked == [date(2030, 6, 30), date(2030, 7, 31)]
        assert desk.find(RecurringEntry.by_id(rent)).next_on == date(2030, 8, 31)

    def test_it_ends_with_its_last_day(self, desk: MonthEnd) -> None:
        rent = self.start(desk, every_months=12, day_of_month=29, last_on=date(2031, 6, 29))
        desk.now = datetime(2032, 1, 1, 9, tzinfo=COUNTRY)
        assert self.post(desk, rent) is not None
        assert self.post(desk, rent) is not None
        assert self.post(desk, rent) is None
        assert desk.find(RecurringEntry.by_id(rent)).state is RecurringState.ENDED

    def test_an_accountant_ends_it_at_once(self, desk: MonthEnd) -> None:
        rent = self.start(desk)
        end = EndRecurringEntry(recurring_id=rent, user_id=desk.accountant, reason="moved out")
        assert desk.do(end).state is RecurringState.ENDED
        desk.now = datetime(2030, 8, 1, 9, tzinfo=COUNTRY)
        assert self.post(desk, rent) is None
        assert isinstance(desk.refused(end), Conflict)
        other = msgspec.structs.replace(end, recurring_id=uuid7())
        assert isinstance(desk.refused(other), NotFound)
        by_operator = msgspec.structs.replace(end, user_id=desk.operator)
        assert isinstance(desk.refused(by_operator), Forbidden)

    @pytest.mark.parametrize(
        "schedule",
        [
            {"first_on": LATE},
            {"last_on": date(2030, 6, 29)},
            {"last_on": date(2041, 6, 30)},
            {"first_on": date(2041, 6, 30)},
        ],
    )
    def test_its_days_stand_in_order(self, desk: MonthEnd, schedule: dict[str, Any]) -> None:
        with pytest.raises(InvalidRequest):
            self.start(desk, **schedule)

    def test_what_our_bank_cannot_pay_waits(self, desk: MonthEnd) -> None:
        rent = self.start(desk)
        desk.both(manual(debit("5090", 50_000), credit("1020", 50_000)))
        desk.now = datetime(2030, 7, 1, 9, tzinfo=COUNTRY)
        assert isinstance(desk.refused(PostRecurring(recurring_id=rent)), InsufficientFunds)


def test_a_template_is_kept_and_retired(desk: MonthEnd) -> None:
    keep = KeepTemplate(template_id=uuid7(), user_id=desk.accountant, name="charges", lines=CHARGE)
    assert desk.do(keep).state is TemplateState.KEPT
    held = msgspec.structs.replace(keep, lines=(debit("2030", 5), credit("1020", 5)))
    assert isinstance(desk.refused(held), InvalidRequest)
    retire = RetireTemplate(template_id=keep.template_id, user_id=desk.accountant)
    assert desk.do(retire).state is TemplateState.RETIRED
    assert isinstance(desk.refused(retire), Conflict)
    by_operator = msgspec.structs.replace(keep, user_id=desk.operator)
    assert isinstance(desk.refused(by_operator), Forbidden)
