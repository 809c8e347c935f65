"""The switch's files: each day's operations once, numbered, until makeba has them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.machines import business_day, switch, switch_steps
from simulator.machines.business_day import Ended
from simulator.machines.messages import CompletionAdvice, Origin, WithdrawalRequest
from simulator.machines.switch import (
    AskNewest,
    AtmAdvised,
    AtmAsked,
    Authorise,
    CutOffPressed,
    FileRefused,
    FileSilent,
    FileTaken,
    Forward,
    IssuerAnswered,
    NewestCame,
    NewestSilent,
    ResendPressed,
    SendFile,
    Switch,
    WakeAt,
    Woken,
)

DAY = date(2026, 11, 23)
NEXT = DAY + timedelta(days=1)
NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
BEFORE = datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)  # one hour less in Cape Verde
CUT_OFF = datetime(2026, 11, 24, tzinfo=UTC)
FRESH = Switch(acquirer_id="VINTI4", stan=42, serial=7, day=business_day.opened(NOW))
ORIGIN = Origin("ATM1", 1, DAY)
ASKED = AtmAsked(
    WithdrawalRequest(
        origin=ORIGIN, local_time=NOW, phone="+2389912345", code="042137", amount=2_000
    )
)
APPROVED = IssuerAnswered(ORIGIN, "00", "123456")
PAID = AtmAdvised(CompletionAdvice(origin=ORIGIN, amount=2_000))
NOTHING_YET = NewestCame(0)


def after(
    *events: switch.Event, state: Switch = FRESH, at: datetime = NOW
) -> tuple[Switch, tuple[switch.Order, ...]]:
    """The switch after these events, and what it ordered at the last of them."""
    orders: tuple[switch.Order, ...] = ()
    for event in events:
        state, orders = switch_steps.step(state, event, at)
    return state, orders


def test_a_file_that_somebody_wants_has_the_operations_until_then() -> None:
    state, (asks,) = after(ASKED, APPROVED, PAID, CutOffPressed())
    assert isinstance(asks, AskNewest)
    assert (state.day.settlement_date, state.day.items) == (DAY, {})
    state, (order,) = after(NOTHING_YET, state=state)
    assert isinstance(order, SendFile)
    (item,) = order.file.items
    assert (order.file.number, order.file.settlement_date) == (1, DAY)
    assert (item.kind, item.amount, item.approval_code) == (Ended.CAPTURED, 2_000, "123456")
    assert (item.authorised_at, item.ended_at) == (NOW, NOW)


def test_a_clock_that_is_put_back_ends_nothing_before_it_began() -> None:
    state, _ = after(ASKED, APPROVED)
    state, _ = after(PAID, CutOffPressed(), state=state, at=NOW - timedelta(minutes=5))
    (file,) = state.outgoing.files
    assert [(each.authorised_at, each.ended_at) for each in file.items] == [(NOW, NOW)]
    assert file.cut_off_at == NOW


@pytest.mark.parametrize(("at", "files"), [(BEFORE, 0), (CUT_OFF, 1)])
def test_the_day_ends_by_the_clock_whatever_comes_first_then(at: datetime, files: int) -> None:
    state, orders = after(Woken(), at=at)
    assert len(state.outgoing.files) == files
    assert orders == (AskNewest(),) * files


def test_what_comes_first_after_the_cut_off_is_of_the_next_day() -> None:
    state, (filing, asking) = after(ASKED, at=CUT_OFF)
    assert isinstance(filing, AskNewest)
    assert isinstance(asking, Authorise)
    assert asking.settlement_date == NEXT
    state, orders = after(APPROVED, PAID, state=state, at=CUT_OFF)
    assert [each.settlement_date for each in orders if isinstance(each, Forward)] == [NEXT]
    assert [item.paid for item in state.day.items.values()] == [2_000]


def test_an_advice_that_waits_over_the_cut_off_keeps_its_day() -> None:
    state, _ = after(ASKED, APPROVED, PAID)
    state, (alarm,) = after(switch.AdviceSilent(PAID.advice), state=state)
    assert isinstance(alarm, WakeAt)
    _, orders = after(Woken(), state=state, at=CUT_OFF)
    assert [each.settlement_date for each in orders if isinstance(each, Forward)] == [DAY]


def test_a_file_whose_answer_got_lost_is_brought_again_under_its_number() -> None:
    state, (first,) = after(CutOffPressed(), NOTHING_YET)
    state, (alarm,) = after(FileSilent(1), state=state)
    assert isinstance(alarm, WakeAt)
    assert after(Woken(), state=state)[1] == (), "not before it is due"
    state, (asks,) = after(Woken(), state=state, at=alarm.due)
    assert isinstance(asks, AskNewest)
    state, (again,) = after(NewestCame(1), state=state)
    assert again == first
    assert after(FileTaken(number=1), state=state)[0].outgoing.files == ()


def test_files_go_one_after_the_other() -> None:
    state, orders = after(CutOffPressed(), CutOffPressed())
    assert (len(state.outgoing.files), orders) == (2, ())
    state, _ = after(NOTHING_YET, state=state)
    state, (asks,) = after(FileTaken(number=1, breaks=2), state=state)
    assert isinstance(asks, AskNewest)
    state, (order,) = after(NewestCame(1), state=state)
    assert isinstance(order, SendFile)
    assert (order.file.number, order.file.settlement_date) == (2, DAY)


def test_one_that_is_refused_is_written_anew_once_and_then_somebody_has_to_look() -> None:
    state, _ = after(CutOffPressed(), NOTHING_YET)
    state, (asks,) = after(FileRefused(1, "altered"), state=state)
    assert isinstance(asks, AskNewest)
    state, (order,) = after(NOTHING_YET, state=state)
    assert isinstance(order, SendFile)
    state, orders = after(FileRefused(1, "altered"), state=state)
    assert (state.outgoing.stuck, orders) == (True, ())
    assert after(Woken(), state=state, at=NOW + timedelta(hours=1))[1] == ()
    state, (asks,) = after(ResendPressed(), state=state)
    assert isinstance(asks, AskNewest)
    assert not state.outgoing.stuck


def test_without_a_file_nobody_waits_for_a_number() -> None:
    assert after(NewestCame(4)) == (FRESH, ())
    assert after(NewestSilent()) == (FRESH, ())


def test_an_answer_about_another_file_changes_nothing() -> None:
    state, _ = after(CutOffPressed(), NOTHING_YET)
    for event in (FileTaken(number=7), FileSilent(7), FileRefused(7, "-")):
        assert after(event, state=state) == (state, ())


class Issuer:
    """makeba as it is: it takes the next number, once. Its answers may get lost."""

    def __init__(self) -> None:
        self.switch, self.at = FRESH, NOW
        self.orders: list[switch.Order] = []
        self.taken: list[tuple[int, date]] = []

    def happens(self, event: switch.Event) -> None:
        self.at += timedelta(seconds=40)
        self.switch, orders = switch_steps.step(self.switch, event, self.at)
        self.orders += [each for each in orders if not isinstance(each, WakeAt)]

    def answers(self, how: str) -> None:
        """`how` it ends for the oldest order."""
        if not self.orders:
            return
        order = self.orders.pop(0)
        if isinstance(order, AskNewest):
            number = self.taken[-1][0] if self.taken else 0
            self.happens(NewestSilent() if how == "lost" else NewestCame(number))
            return
        assert isinstance(order, SendFile)
        assert order.file.number is not None
        number = order.file.number
        if how == "refused":
            self.happens(FileRefused(number, "-"))
            return
        if not self.taken or number != self.taken[-1][0]:
            self.taken.append((number, order.file.settlement_date))
        self.happens(FileSilent(number) if how == "lost" else FileTaken(number=number))


HOW = st.sampled_from(("cut off", "resend", "wakes", "good", "good", "lost", "refused"))


@given(st.lists(HOW, max_size=80))
def test_whatever_happens_numbers_follow_each_other_and_dates_never_go_back(
    happening: list[str],
) -> None:
    issuer = Issuer()
    pressed: dict[str, switch.Event] = {
        "cut off": CutOffPressed(),
        "resend": ResendPressed(),
        "wakes": Woken(),
    }
    for how in happening:
        if how in pressed:
            issuer.happens(pressed[how])
        else:
            issuer.answers(how)
    taken = issuer.taken
    assert [number for number, _ in taken] == list(range(1, len(taken) + 1))
    assert [day for _, day in taken] == sorted(day for _, day in taken)
    assert len(issuer.orders) <= 1, "one file at a time"
