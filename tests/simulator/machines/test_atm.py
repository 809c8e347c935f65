"""The cash machine: what it asks, pays, prints and says."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from simulator.machines import atm
from simulator.machines.atm import Advise, Ask, Atm, CashAsked, Dispense, Dispensed, Stage
from simulator.machines.messages import (
    CompletionAdvice,
    Origin,
    Reason,
    ReversalAdvice,
    WithdrawalReply,
)
from simulator.machines.notes import Notes

NIGHT = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)  # the day before, in Cape Verde
ORIGIN = Origin("ATM1", 1, date(2026, 11, 23))
CASSETTES = {5_000: 2, 2_000: 2, 1_000: 2, 500: 2, 200: 4}
FRESH = Atm(terminal_id="ATM1", place="Praia", cassettes=CASSETTES)
WANTED = CashAsked("+2389912345", "042137", 7_000)


def after(*events: atm.Event, state: Atm = FRESH) -> tuple[Atm, tuple[atm.Order, ...]]:
    """The machine after these events, and what it ordered at the last of them."""
    orders: tuple[atm.Order, ...] = ()
    for event in events:
        state, orders = atm.step(state, event, NIGHT)
    return state, orders


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
    assert state.screen.endswith("Pode pedir um código para 17.600$00 ou 17.800$00.")


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
def test_a_decline_is_one_text_whatever_was_wrong(response_code: str, screen: str) -> None:
    state, orders = after(WANTED, replied(response_code))
    assert (state.stage, state.screen, orders) == (Stage.IDLE, screen, ())


@pytest.mark.parametrize(
    ("notes", "advice", "screen", "on_paper"),
    [
        (
            {5_000: 1, 2_000: 1},
            CompletionAdvice(ORIGIN, 7_000),
            atm.TAKE_NOTES,
            "Montante pago  7.000$00",
        ),
        (
            {5_000: 1},
            ReversalAdvice(ORIGIN, 5_000, Reason.PAID_IN_PART),
            "Foi pago só 5.000$00. O resto volta à sua carteira.",
            "Montante pago  5.000$00",
        ),
        ({}, ReversalAdvice(ORIGIN, 0, Reason.NOTHING_PAID), atm.NOTHING_PAID, None),
    ],
)
def test_what_came_out_is_what_is_advised_and_printed(
    notes: Notes, advice: object, screen: str, on_paper: str | None
) -> None:
    state, orders = after(WANTED, replied("00"), Dispensed(notes))
    assert orders == (Advise(advice),)  # type: ignore[arg-type]
    assert (state.stage, state.screen, state.tray) == (Stage.IDLE, screen, notes)
    assert (on_paper in state.receipt.lines()) if state.receipt else on_paper is None


def test_no_note_is_lost_between_cassettes_and_tray() -> None:
    state, _ = after(WANTED, replied("00"), Dispensed({5_000: 1}))
    assert state.cassettes == {**CASSETTES, 5_000: 1}
    assert state.dispensed == 5_000


def test_the_receipt_shows_the_rrn_and_hides_the_number() -> None:
    state, _ = after(WANTED, replied("00"), Dispensed({5_000: 1, 2_000: 1}))
    assert state.receipt is not None
    text = "\n".join(state.receipt.lines())
    assert "632723000001" in text
    assert WANTED.phone not in text
    assert WANTED.code not in text


def test_a_customer_who_hears_nothing_is_let_go_and_the_request_reversed() -> None:
    state, orders = after(WANTED, atm.TimedOut(ORIGIN))
    assert orders == (Advise(ReversalAdvice(ORIGIN, 0, Reason.TIMED_OUT)),)
    assert (state.stage, state.screen) == (Stage.IDLE, atm.OUT_OF_SERVICE)


def test_an_approval_that_comes_too_late_is_reversed_and_nothing_paid() -> None:
    _, orders = after(WANTED, atm.TimedOut(ORIGIN), replied("00"))
    assert orders == (Advise(ReversalAdvice(ORIGIN, 0, Reason.UNDELIVERABLE)),)


def test_a_late_approval_does_not_touch_the_next_customer() -> None:
    waiting, _ = after(WANTED, atm.TimedOut(ORIGIN), WANTED)
    state, orders = after(replied("00"), state=waiting)
    assert orders == (Advise(ReversalAdvice(ORIGIN, 0, Reason.UNDELIVERABLE)),)
    assert state == waiting


@pytest.mark.parametrize("paid", [(), (Dispensed({5_000: 1, 2_000: 1}),)])
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


def test_what_was_typed_is_not_shown_in_a_traceback() -> None:
    state, orders = after(WANTED)
    assert WANTED.code not in f"{WANTED!r} {state!r} {orders!r}"
