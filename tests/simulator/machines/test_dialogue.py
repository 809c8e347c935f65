"""What a cash machine asks: key by key, in either language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulator.machines import atm, atm_steps, dialogue
from simulator.machines.atm import (
    Ask,
    Atm,
    AwaitKey,
    CancelPressed,
    ContinuePressed,
    CorrectPressed,
    KeyPressed,
    SidePressed,
    Stage,
    WaitedTooLong,
)
from simulator.machines.dialogue import CONTINUE_KEY, CORRECT_KEY, START_KEY, Dialogue
from simulator.machines.messages import WithdrawalReply
from simulator.words import Language, Text, money

NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
CASSETTES = {5_000: 10, 2_000: 10, 1_000: 10, 500: 10, 200: 10}
FRESH = Atm(terminal_id="ATM1", place="Praia", cassettes=CASSETTES)
NUMBER, CODE = "9912345", "042137"
GREEN, YELLOW, RED = ContinuePressed(), CorrectPressed(), CancelPressed()


def after(*events: atm.Event, state: Atm = FRESH) -> tuple[Atm, tuple[atm.Order, ...]]:
    """The machine after these events, and what it ordered at the last of them."""
    orders: tuple[atm.Order, ...] = ()
    for event in events:
        state, orders = atm_steps.step(state, event, NOW)
    return state, orders


def typed(digits: str) -> tuple[atm.Event, ...]:
    """One key after the other."""
    return tuple(KeyPressed(digit) for digit in digits)


TO_CODE = (*typed(NUMBER), GREEN)
TO_AMOUNT = (*TO_CODE, *typed(CODE), GREEN)
TO_CONFIRM = (*TO_AMOUNT, *typed("7000"), GREEN)


def test_number_code_and_amount_lead_to_the_request() -> None:
    state, orders = after(*TO_CONFIRM, GREEN)
    (order,) = orders
    assert isinstance(order, Ask)
    assert (order.request.phone, order.request.code) == (f"+238{NUMBER}", CODE)
    assert order.request.amount == 7_000
    assert (state.stage, state.dialogue) == (Stage.ASKING, Dialogue.WELCOME)


def test_it_ends_as_if_all_had_been_said_at_once() -> None:
    key_by_key, _ = after(*TO_CONFIRM, GREEN)
    at_once, _ = after(atm.CashAsked(f"+238{NUMBER}", CODE, 7_000))
    assert key_by_key.request == at_once.request
    assert key_by_key.screen == at_once.screen


def test_nothing_of_what_was_typed_stays_behind() -> None:
    for event in (GREEN, RED):
        state, _ = after(*TO_CONFIRM, event)
        assert (state.typed, state.phone, state.code, state.amount) == ("", "", "", 0)


@pytest.mark.parametrize(
    ("events", "step"),
    [
        ((), Dialogue.WELCOME),
        ((GREEN,), Dialogue.PHONE),
        ((SidePressed(START_KEY),), Dialogue.PHONE),
        (TO_CODE, Dialogue.CODE),
        (TO_AMOUNT, Dialogue.AMOUNT),
        (TO_CONFIRM, Dialogue.CONFIRM),
        ((*TO_AMOUNT, SidePressed(3)), Dialogue.CONFIRM),
    ],
)
def test_each_step_says_what_it_asks_for(events: tuple[atm.Event, ...], step: Dialogue) -> None:
    state, _ = after(*events)
    assert state.dialogue is step
    prompt = dialogue.PROMPTS[step]
    assert state.screen == prompt.filled(phone=state.phone, amount=money(state.amount))
    assert state.screen.pt != state.screen.en


@pytest.mark.parametrize(
    ("events", "step"),
    [
        ((*typed("991234"), GREEN), Dialogue.PHONE),
        ((*TO_CODE, *typed("04213"), GREEN), Dialogue.CODE),
        ((*TO_AMOUNT, GREEN), Dialogue.AMOUNT),
    ],
)
def test_what_is_too_short_is_asked_for_again(
    events: tuple[atm.Event, ...], step: Dialogue
) -> None:
    state, _ = after(*events)
    assert (state.dialogue, state.screen) == (step, dialogue.NOT_WHOLE[step])


def test_what_is_too_long_is_not_taken() -> None:
    assert after(*typed(NUMBER + "9"))[0].typed == NUMBER
    assert after(*TO_CODE, *typed(CODE + "9"))[0].typed == CODE


def test_a_code_is_never_shown_nor_written() -> None:
    for events in (TO_CODE, TO_AMOUNT, TO_CONFIRM):
        state, orders = after(*events, *typed(CODE))
        assert CODE not in f"{state!r} {orders!r} {events!r} {state.screen}"
    assert after(*TO_CODE, *typed("042"))[0].shown == "•••"
    assert after(*typed("991"))[0].shown == "+238 991"


def test_the_yellow_key_clears_and_then_goes_back() -> None:
    state, _ = after(*TO_CODE, *typed("04"), YELLOW)
    assert (state.dialogue, state.typed) == (Dialogue.CODE, "")
    for step in (Dialogue.PHONE, Dialogue.WELCOME, Dialogue.WELCOME):
        state, _ = after(YELLOW, state=state)
        assert state.dialogue is step


@pytest.mark.parametrize("events", [(GREEN,), TO_CODE, TO_AMOUNT, TO_CONFIRM])
def test_the_red_key_ends_it_at_every_step(events: tuple[atm.Event, ...]) -> None:
    state, orders = after(*events, RED)
    assert (state.dialogue, state.screen, orders) == (Dialogue.WELCOME, dialogue.CANCELLED, ())


@pytest.mark.parametrize("event", [*typed("7"), GREEN, YELLOW, RED, SidePressed(START_KEY)])
def test_no_key_does_anything_while_the_switch_is_asked(event: atm.Event) -> None:
    asking, _ = after(*TO_CONFIRM, GREEN)
    assert after(event, state=asking) == (asking, ())


def test_a_customer_who_goes_away_in_between_is_forgotten() -> None:
    state, (order,) = after(*TO_CODE)
    assert isinstance(order, AwaitKey)
    state, orders = after(WaitedTooLong(order.token), state=state)
    assert (state.dialogue, state.screen, orders) == (Dialogue.WELCOME, dialogue.NO_ANSWER, ())


def test_each_key_is_waited_for_anew() -> None:
    state, (order,) = after(*TO_CODE)
    assert isinstance(order, AwaitKey)
    state, _ = after(*typed("0"), state=state)
    assert after(WaitedTooLong(order.token), state=state) == (state, ())


def test_an_amount_that_these_notes_do_not_make_is_asked_for_again() -> None:
    state, orders = after(*TO_AMOUNT, *typed("300"), GREEN)
    assert (state.dialogue, state.typed, state.request) == (Dialogue.AMOUNT, "", None)
    assert state.screen.pt.startswith("Esta máquina não pode pagar 300$00.")
    assert [type(order) for order in orders] == [AwaitKey]


def test_side_keys_offer_only_what_can_be_paid() -> None:
    poor = Atm(terminal_id="ATM1", place="Praia", cassettes={5_000: 2, 2_000: 1})
    state, _ = after(*TO_AMOUNT, state=poor)
    labels = {each.en for each in state.side_keys if each is not None}
    assert labels == {"CVE 2,000.00", "CVE 5,000.00", "CVE 10,000.00"}
    assert after(SidePressed(1), state=state) == (state, ()), "1.000 has no label"


def test_every_step_has_eight_side_keys() -> None:
    for events in ((), (GREEN,), TO_CODE, TO_AMOUNT, TO_CONFIRM, (*TO_CONFIRM, GREEN)):
        assert len(after(*events)[0].side_keys) == dialogue.SIDE_KEYS


def test_the_side_keys_of_the_last_step_confirm_and_correct() -> None:
    confirmed, orders = after(*TO_CONFIRM, SidePressed(CONTINUE_KEY))
    assert (confirmed.stage, [type(order) for order in orders]) == (Stage.ASKING, [Ask])
    assert after(*TO_CONFIRM, SidePressed(CORRECT_KEY))[0].dialogue is Dialogue.AMOUNT


def test_the_language_is_chosen_beside_the_screen_and_kept() -> None:
    state, _ = after(SidePressed(8))
    assert (state.language, state.dialogue) == (Language.EN, Dialogue.WELCOME)
    state, _ = after(*TO_CONFIRM, RED, state=state)
    assert state.language is Language.EN
    assert after(SidePressed(4), state=state)[0].language is Language.PT
    assert after(atm.LanguageChosen(Language.PT), state=state)[0].language is Language.PT


def test_the_language_changes_in_the_midst_of_it() -> None:
    before, _ = after(*TO_AMOUNT)
    state, _ = after(atm.LanguageChosen(Language.EN), state=before)
    assert (state.language, state.dialogue, state.code) == (Language.EN, Dialogue.AMOUNT, CODE)


def test_the_next_customer_finds_a_declined_machine_ready() -> None:
    state, (order,) = after(*TO_CONFIRM, GREEN)
    assert isinstance(order, Ask)
    declined = atm.Replied(WithdrawalReply(order.request.origin, "55", "632723000001"))
    state, _ = after(declined, *typed("9"), state=state)
    assert (state.dialogue, state.typed) == (Dialogue.PHONE, "9")
    assert isinstance(state.screen, Text)
