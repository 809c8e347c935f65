"""The cash machine: what it asks, pays, prints and says."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.machines import atm, atm_steps
from simulator.machines.atm import (
    Ask,
    Atm,
    AwaitTaking,
    CancelPressed,
    CashAsked,
    ContinuePressed,
    CorrectPressed,
    Dispense,
    Dispensed,
    KeyPressed,
    SidePressed,
    Stage,
)
from simulator.machines.messages import (
    Advice,
    CompletionAdvice,
    Origin,
    Reason,
    ReversalAdvice,
    WithdrawalReply,
)
from simulator.machines.notes import Notes, total
from simulator.machines.store import Advise
from simulator.words import Language, Text

NIGHT = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)  # the day before, in Cape Verde
ORIGIN = Origin("ATM1", 1, date(2026, 11, 23))
CASSETTES = {5_000: 2, 2_000: 2, 1_000: 2, 500: 2, 200: 4}
FRESH = Atm(terminal_id="ATM1", place="Praia", cassettes=CASSETTES)
WANTED = CashAsked("+2389912345", "042137", 7_000)
ALL = {5_000: 1, 2_000: 1}
NEXT = 3  # the number of the second request: an advice has one too
Luck = tuple[str, int, bool]


def after(*events: atm.Event, state: Atm = FRESH) -> tuple[Atm, tuple[atm.Order, ...]]:
    """The machine after these events, and what it ordered at the last of them."""
    orders: tuple[atm.Order, ...] = ()
    for event in events:
        state, orders = atm_steps.step(state, event, NIGHT)
    return state, orders


def advices(orders: tuple[atm.Order, ...]) -> tuple[Advice, ...]:
    """What the switch is told, and nothing else is ordered."""
    assert all(isinstance(order, Advise) for order in orders)
    return tuple(order.advice for order in orders if isinstance(order, Advise))


def wish(amount: int) -> CashAsked:
    """Another wish."""
    return CashAsked(WANTED.phone, WANTED.code, amount)


def replied(response_code: str, origin: Origin = ORIGIN) -> atm.Replied:
    """The switch's answer."""
    approval = "123456" if response_code == "00" else None
    return atm.Replied(WithdrawalReply(origin, response_code, "632723000001", approval))


def test_the_switch_is_asked_once_with_the_local_date() -> None:
    state, orders = after(WANTED)
    assert [type(order) for order in orders] == [Ask]
    assert state.stage is Stage.ASKING
    assert state.request is not None
    assert state.request.origin == ORIGIN


def test_who_presses_twice_asks_once() -> None:
    assert after(WANTED, WANTED)[1] == ()


def test_what_cannot_be_paid_is_declined_before_the_switch_is_asked() -> None:
    state, orders = after(wish(17_700))
    assert orders == ()
    assert state.stage is Stage.IDLE
    assert state.screen.pt.endswith("Pode pedir um código para 17.600$00 ou 17.800$00.")
    assert state.screen.en.endswith("You can get a code for CVE 17,600.00 or CVE 17,800.00.")


def test_an_approval_counts_exactly_the_notes() -> None:
    state, orders = after(WANTED, replied("00"))
    assert orders == (Dispense({5_000: 1, 2_000: 1}),)
    assert state.stage is Stage.PAYING


@pytest.mark.parametrize(
    ("response_code", "screen"),
    [
        *((code, atm.NOT_ACCEPTED) for code in ("13", "14", "54", "55", "57", "61", "62", "75")),
        *((code, atm.OUT_OF_SERVICE) for code in ("68", "91", "94", "96")),
    ],
)
def test_a_decline_is_one_text_whatever_was_wrong(response_code: str, screen: Text) -> None:
    state, orders = after(WANTED, replied(response_code))
    assert (state.stage, state.screen, orders) == (Stage.IDLE, screen, ())


@pytest.mark.parametrize(
    ("notes", "advice", "screen", "on_paper"),
    [
        (
            {5_000: 1, 2_000: 1},
            CompletionAdvice(ORIGIN, 7_000),
            atm.THANKS,
            "Montante pago  7.000$00",
        ),
        (
            {5_000: 1},
            ReversalAdvice(ORIGIN, 5_000, Reason.PAID_IN_PART),
            Text(
                "Foi pago só 5.000$00. O resto volta à sua carteira.",
                "Only CVE 5,000.00 was paid. The rest goes back to your wallet.",
            ),
            "Montante pago  5.000$00",
        ),
    ],
)
def test_what_was_taken_is_what_is_advised_and_printed(
    notes: Notes, advice: object, screen: Text, on_paper: str
) -> None:
    state, orders = after(WANTED, replied("00"), Dispensed(notes), atm.NotesTaken())
    assert advices(orders) == (advice,)
    assert (state.stage, state.screen, state.tray) == (Stage.IDLE, screen, {})
    assert (state.taken, state.dispensed) == (notes, total(notes))
    assert state.receipt is not None
    assert on_paper in [line.pt for line in state.receipt.lines()]


def test_when_no_note_comes_out_nothing_is_presented_or_printed() -> None:
    state, orders = after(WANTED, replied("00"), Dispensed({}))
    assert advices(orders) == (ReversalAdvice(ORIGIN, 0, Reason.NOTHING_PAID),)
    assert (state.stage, state.screen, state.receipt) == (Stage.IDLE, atm.NOTHING_PAID, None)


def test_notes_lie_in_the_tray_until_they_are_taken() -> None:
    state, orders = after(WANTED, replied("00"), Dispensed(ALL))
    assert orders == (AwaitTaking(atm_steps.TAKE_SECONDS, state.token),)
    assert (state.stage, state.screen) == (Stage.PRESENTING, atm.TAKE_NOTES)
    assert (state.tray, state.dispensed, state.receipt) == (ALL, 0, None)
    assert state.cassettes == {**CASSETTES, 5_000: 1, 2_000: 1}


def test_notes_that_nobody_takes_are_drawn_in_and_reversed() -> None:
    state, (order,) = after(WANTED, replied("00"), Dispensed(ALL))
    assert isinstance(order, AwaitTaking)
    gone, orders = after(atm.WaitedTooLong(order.token), state=state)
    assert advices(orders) == (ReversalAdvice(ORIGIN, 0, Reason.NOTHING_PAID),)
    assert (gone.stage, gone.screen, gone.receipt) == (Stage.IDLE, atm.DRAWN_IN, None)
    assert (gone.tray, gone.retracted, gone.dispensed) == ({}, ALL, 0)
    assert gone.cassettes == state.cassettes, "they go into a bin of their own"


def test_notes_are_taken_or_drawn_in_and_never_both() -> None:
    state, (order,) = after(WANTED, replied("00"), Dispensed(ALL))
    assert isinstance(order, AwaitTaking)
    late = atm.WaitedTooLong(order.token)
    taken, _ = after(atm.NotesTaken(), state=state)
    assert after(late, state=taken) == (taken, ())
    gone, _ = after(late, state=state)
    assert after(atm.NotesTaken(), state=gone) == (gone, ())


def test_the_patience_with_one_customer_does_not_end_the_next_ones() -> None:
    state, (order,) = after(WANTED, replied("00"), Dispensed(ALL))
    assert isinstance(order, AwaitTaking)
    again = replied("00", replace(ORIGIN, sequence=NEXT))
    state, _ = after(atm.NotesTaken(), WANTED, again, Dispensed(ALL), state=state)
    assert state.stage is Stage.PRESENTING
    assert after(atm.WaitedTooLong(order.token), state=state) == (state, ())


def test_the_receipt_shows_the_rrn_and_hides_the_number() -> None:
    state, _ = after(WANTED, replied("00"), Dispensed(ALL), atm.NotesTaken())
    assert state.receipt is not None
    for language in Language:
        text = "\n".join(line.said_in(language) for line in state.receipt.lines())
        assert "632723000001" in text
        assert WANTED.phone not in text
        assert WANTED.code not in text


def test_a_customer_who_hears_nothing_is_let_go_and_the_request_reversed() -> None:
    state, orders = after(WANTED, atm.TimedOut(ORIGIN))
    assert advices(orders) == (ReversalAdvice(ORIGIN, 0, Reason.TIMED_OUT),)
    assert (state.stage, state.screen) == (Stage.IDLE, atm.OUT_OF_SERVICE)


def test_an_approval_that_comes_too_late_is_reversed_and_nothing_paid() -> None:
    _, orders = after(WANTED, atm.TimedOut(ORIGIN), replied("00"))
    assert advices(orders) == (ReversalAdvice(ORIGIN, 0, Reason.UNDELIVERABLE),)


def test_a_late_approval_does_not_touch_the_next_customer() -> None:
    waiting, _ = after(WANTED, atm.TimedOut(ORIGIN), WANTED)
    state, orders = after(replied("00"), state=waiting)
    assert advices(orders) == (ReversalAdvice(ORIGIN, 0, Reason.UNDELIVERABLE),)
    assert (state.stage, state.request) == (Stage.ASKING, waiting.request)


@pytest.mark.parametrize("paid", [(), (Dispensed(ALL),), (Dispensed(ALL), atm.NotesTaken())])
def test_an_approval_that_comes_twice_pays_once(paid: tuple[atm.Event, ...]) -> None:
    once, _ = after(WANTED, replied("00"), *paid)
    assert after(replied("00"), state=once) == (once, ())


def test_a_time_out_that_is_overtaken_by_the_answer_changes_nothing() -> None:
    paying, _ = after(WANTED, replied("00"))
    assert after(atm.TimedOut(ORIGIN), state=paying) == (paying, ())


def test_each_request_has_a_number_of_its_own() -> None:
    state, _ = after(WANTED, replied("55"), WANTED, replied("55", replace(ORIGIN, sequence=2)))
    assert state.sequence == 2


def test_new_cassettes_are_paid_from() -> None:
    state, orders = after(atm.CassettesLoaded({5_000: 1}), wish(5_000))
    assert [type(order) for order in orders] == [Ask]
    assert after(replied("00"), state=state)[1] == (Dispense({5_000: 1}),)


def test_nobody_changes_cassettes_while_a_customer_is_served() -> None:
    asking, _ = after(WANTED)
    assert after(atm.CassettesLoaded({5_000: 1}), state=asking) == (asking, ())


def test_a_machine_whose_notes_do_not_add_up_cannot_be_built() -> None:
    with pytest.raises(AssertionError, match="what was loaded is inside"):
        replace(FRESH, dispensed=5_000)


CUSTOMERS = st.one_of(
    st.builds(KeyPressed, st.sampled_from("0123456789")),
    st.sampled_from((ContinuePressed(), CorrectPressed(), CancelPressed(), atm.NotesTaken())),
    st.builds(SidePressed, st.integers(1, 8)),
    st.builds(lambda amount: wish(amount * 100), st.integers(0, 120)),
    st.builds(atm.CassettesLoaded, st.just(CASSETTES)),
)
LUCK = st.tuples(st.sampled_from(["00", "00", "55", ""]), st.integers(0, 40), st.booleans())


@given(st.lists(st.tuples(CUSTOMERS, LUCK), max_size=40))
def test_what_was_loaded_is_always_inside_or_was_taken(days: list[tuple[atm.Event, Luck]]) -> None:
    state, loaded = FRESH, total(CASSETTES)
    for event, luck in days:
        if isinstance(event, atm.CassettesLoaded) and state.stage is Stage.IDLE:
            loaded += total(event.notes) - total(state.cassettes)
        state, orders = after(event, state=state)
        pending = list(orders)
        while pending:
            came = what_comes(pending.pop(), luck)
            state, orders = (state, ()) if came is None else after(came, state=state)
            pending += orders
            cassettes, bin_ = total(state.cassettes), total(state.retracted)
            assert cassettes + total(state.tray) == loaded - state.dispensed - bin_
            assert all(count >= 0 for count in state.cassettes.values())
    assert state.loaded == loaded


def what_comes(order: atm.Order, luck: Luck) -> atm.Event | None:
    """What follows from an order: the answer, so many notes at most, and a customer who stays."""
    code, notes_max, stays = luck
    if isinstance(order, Ask):
        origin = order.request.origin
        return replied(code, origin) if code else atm.TimedOut(origin)
    if isinstance(order, Dispense):
        return Dispensed({note: min(count, notes_max) for note, count in order.notes.items()})
    if isinstance(order, AwaitTaking):
        return atm.NotesTaken() if stays else atm.WaitedTooLong(order.token)
    return None


def test_what_was_typed_is_not_shown_in_a_traceback() -> None:
    state, orders = after(WANTED)
    assert WANTED.code not in f"{WANTED!r} {state!r} {orders!r}"
