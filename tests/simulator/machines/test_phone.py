"""The customer's app."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from msgspec.structs import replace

from simulator.contract import Movement, Told
from simulator.machines import answers, phone, phone_steps
from simulator.machines.phone import (
    Cancel,
    CashWanted,
    CodeCame,
    LiveCode,
    Phone,
    Pushed,
    ReadStatus,
    ReadWallet,
    ReplyLost,
    RequestCode,
    Stage,
    StatusCame,
    WasRefused,
)
from simulator.words import money

NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
USER = UUID(int=1)
WITHDRAWAL = UUID(int=2)
OTHER = UUID(int=3)
FRESH = Phone(number="+2389912345")
SIGNED_IN = replace(FRESH, stage=Stage.HOME, user_id=USER, balance=Decimal(5_000))
LIVE = LiveCode(code="042137", amount=2_000, transaction_id=WITHDRAWAL, expiry_time=NOW)


def after(*events: phone.Event, state: Phone = SIGNED_IN) -> tuple[Phone, tuple[phone.Order, ...]]:
    """The app after these events, and what it ordered at the last of them."""
    orders: tuple[phone.Order, ...] = ()
    for event in events:
        state, orders = phone_steps.step(state, event, NOW)
    return state, orders


def told(event: str, subject: UUID = WITHDRAWAL, **data: object) -> Pushed:
    """An event as it is pushed."""
    return Pushed(Told(event=event, subject=subject, timestamp=NOW, data=data))


def test_who_signs_in_sees_the_balance_and_hears_of_events() -> None:
    _, orders = after(phone.PinTyped("482915"), state=FRESH)
    assert orders == (phone.SignIn(FRESH.number, "482915"),)
    state, orders = after(phone.SignedIn(USER), state=FRESH)
    assert (state.user_id, orders) == (USER, (ReadWallet(), phone.Listen()))
    state, _ = after(phone.WalletCame(Decimal(7), Decimal(2)), state=state)
    assert (state.balance, state.held) == (Decimal(7), Decimal(2))


def test_the_pin_is_typed_key_by_key_and_the_authenticator_adds_its_code() -> None:
    keys = [phone.KeyPressed(digit) for digit in "4829156"]
    state, _ = after(*keys, phone.ErasePressed(), state=FRESH)
    assert (state.stage, state.typed) == (Stage.PIN, "482915")
    state, orders = after(phone.EnterPressed(), state=state)
    assert (state.typed, orders) == ("", (phone.SignIn(FRESH.number, "482915"),))
    state, _ = after(phone.TotpFilled("123456"), state=state)
    assert (state.stage, state.totp) == (Stage.TOTP, "123456")
    state, _ = after(phone.SignedIn(USER), state=state)
    assert (state.stage, state.totp) == (Stage.HOME, None)


def test_an_empty_pin_is_not_sent_and_keys_at_home_are_none_of_it() -> None:
    assert after(phone.EnterPressed(), state=FRESH) == (FRESH, ())
    assert after(phone.KeyPressed("4")) == (SIGNED_IN, ())
    assert after(phone.EnterPressed()) == (SIGNED_IN, ())


@pytest.mark.parametrize("stage", [Stage.PIN, Stage.TOTP])
def test_who_is_not_let_in_begins_anew(stage: Stage) -> None:
    state, orders = after(WasRefused("UNAUTHENTICATED", {}), state=replace(FRESH, stage=stage))
    assert (state.stage, state.screen, orders) == (Stage.LOCKED, phone.WRONG_PIN, ())


def test_when_the_session_is_over_the_app_is_locked() -> None:
    state, _ = after(WasRefused("UNAUTHENTICATED", {}))
    assert (state.stage, state.user_id) == (Stage.LOCKED, None)
    assert state.screen == answers.REFUSALS["UNAUTHENTICATED"]


@pytest.mark.parametrize(
    "wish",
    [
        CashWanted(2_000, "k"),
        phone.AgentCashWanted(2_000, OTHER, "k"),
        phone.TransferWanted("+2389954321", 500, "k"),
    ],
)
def test_nobody_moves_money_without_signing_in(wish: phone.Event) -> None:
    assert after(wish, state=FRESH)[1] == ()


def test_a_code_is_asked_for_under_the_wishs_own_key() -> None:
    assert after(CashWanted(2_000, "k1"))[1] == (RequestCode(USER, 2_000, "k1"),)


def test_a_lost_reply_sends_the_same_order_again_a_few_times() -> None:
    state, (order,) = after(CashWanted(2_000, "k1"))
    for _ in range(phone_steps.LOST_REPLIES_MAX):
        state, orders = after(ReplyLost(order), state=state)
        assert orders == (order,)
    state, orders = after(ReplyLost(order), state=state)
    assert (orders, state.screen, state.online) == ((), phone.NO_NETWORK, False)


def test_a_pin_is_not_sent_again_by_itself() -> None:
    lost = ReplyLost(phone.SignIn("+2389912345", "482915"))
    state, orders = after(lost, state=replace(FRESH, stage=Stage.PIN))
    assert (state.stage, state.screen, orders) == (Stage.LOCKED, phone.NO_NETWORK, ())


def test_a_look_that_gets_lost_is_no_refusal() -> None:
    state, orders = after(*[ReplyLost(ReadWallet())] * (phone_steps.LOST_REPLIES_MAX + 1))
    assert (orders, state.refused, state.online) == ((), None, False)


def test_any_answer_says_that_the_line_is_back() -> None:
    away, _ = after(phone.LineLost())
    assert not away.online
    assert after(phone.WalletCame(Decimal(7), Decimal(2)), state=away)[0].online
    state, orders = after(phone.LineBack(), state=away)
    assert (state.online, orders) == (True, (ReadWallet(),))


def test_a_code_is_shown_with_its_warning_and_the_balance_read_anew() -> None:
    state, orders = after(CashWanted(2_000, "k"), CodeCame(LIVE))
    assert (state.live, state.screen, orders) == (LIVE, phone.WARNING, (ReadWallet(),))


def test_cash_from_an_agent_begins_with_the_pick_up_code() -> None:
    state, (order,) = after(phone.AgentCashWanted(3_000, OTHER, "k"))
    assert order == phone.RequestAtAgent(USER, OTHER, 3_000, "k")
    _, (order,) = after(phone.RequestMade(WITHDRAWAL), state=state)
    assert order == phone.ReadPickupCode(WITHDRAWAL, 3_000)


def test_cancelling_is_about_the_newest_or_the_one_that_is_named() -> None:
    state, _ = after(CodeCame(LIVE))
    assert after(phone.CancelPressed("k"), state=state)[1] == (Cancel(WITHDRAWAL, "k"),)
    named = phone.CancelPressed("k", OTHER)
    assert after(named, state=state)[1] == (Cancel(OTHER, "k"),)
    assert after(phone.CancelPressed("k"))[1] == (), "there is nothing to cancel"


def test_a_pending_withdrawal_whose_reply_never_came_can_be_cancelled() -> None:
    pending = WasRefused("WITHDRAWAL_PENDING", {"transactionId": str(WITHDRAWAL)})
    state, _ = after(CashWanted(2_000, "k"), pending)
    assert state.screen == answers.REFUSALS["WITHDRAWAL_PENDING"]
    assert after(phone.CancelPressed("k2"), state=state)[1] == (Cancel(WITHDRAWAL, "k2"),)


def test_after_cancelling_no_code_is_shown() -> None:
    state, _ = after(CodeCame(LIVE), phone.CancelPressed("k"), phone.Cancelled())
    assert (state.live, state.pending, state.screen) == (None, None, answers.CANCELLED)
    assert state.warning is None


@pytest.mark.parametrize("status", sorted(set(answers.STATUSES) - set(answers.UNDER_WAY)))
def test_a_withdrawal_that_is_over_shows_no_code(status: str) -> None:
    state, _ = after(CodeCame(LIVE), StatusCame(WITHDRAWAL, status))
    assert (state.live, state.pending, state.status) == (None, None, status)


@pytest.mark.parametrize("status", answers.UNDER_WAY)
def test_one_that_is_under_way_does(status: str) -> None:
    state, _ = after(CodeCame(LIVE), StatusCame(WITHDRAWAL, status))
    assert (state.live, state.screen) == (LIVE, answers.STATUSES[status])
    assert state.warning == phone.WARNING


def test_money_is_sent_under_the_wishs_own_key() -> None:
    wish = phone.TransferWanted("+2389954321", 500, "k")
    state, orders = after(wish)
    assert orders == (phone.Transfer("+2389954321", 500, "k"),)
    state, orders = after(phone.Sent(OTHER, 500, "completed"), state=state)
    assert (state.sent, state.screen) == (OTHER, phone.SENT.filled(amount=money(500)))
    assert orders == (ReadWallet(),)
    held, _ = after(phone.Sent(OTHER, 500, "held"))
    assert held.screen == phone.HELD.filled(amount=money(500))


def test_what_has_been_is_shown_newest_first() -> None:
    assert after(phone.HistoryWanted())[1] == (phone.ReadHistory(),)
    movement = Movement(
        transaction_id=OTHER,
        kind="transfer",
        direction="out",
        amount=Decimal(500),
        fee=Decimal(10),
        counterparty=None,
        status="completed",
        timestamp=NOW,
        balance_after=Decimal(4_490),
    )
    assert after(phone.HistoryCame((movement,)))[0].history == (movement,)


def test_an_event_becomes_a_notice_and_a_look_at_the_wallet() -> None:
    state, orders = after(told("cash_in.made", OTHER, amount=5_000))
    (notice,) = state.notices
    assert notice.text.pt == "Depositou 5.000$00 num agente."
    assert (notice.at, notice.kind, notice.subject) == (NOW, "cash_in.made", OTHER)
    assert orders == (ReadWallet(),)


def test_how_the_newest_withdrawal_stands_is_read_when_something_is_told_of_it() -> None:
    ended = told("withdrawal.completed", state="completed", amount=2_000, captured=2_000)
    state, orders = after(CodeCame(LIVE), ended)
    assert orders == (ReadStatus(WITHDRAWAL), ReadWallet())
    assert state.live == LIVE, "an event tells of what was: how it stands now is not known yet"


def test_a_code_that_is_still_waiting_keeps_its_warning_on_the_screen() -> None:
    asked = told("withdrawal.requested", state="active", amount=2_000)
    state, orders = after(CodeCame(LIVE), asked)
    assert (state.screen, orders) == (phone.WARNING, (ReadWallet(),))


def test_the_owner_approves_what_a_machine_asks_for() -> None:
    wanted = told("withdrawal.approval_wanted", state="active", amount=2_000)
    state, orders = after(CodeCame(LIVE), wanted)
    assert (state.approval, state.screen, orders) == (WITHDRAWAL, phone.APPROVE, ())
    state, orders = after(phone.ApprovePressed(), state=state)
    assert orders == (phone.Approve(WITHDRAWAL),)
    state, _ = after(phone.Approved(), state=state)
    assert (state.approval, state.screen) == (None, phone.APPROVED)


def test_a_withdrawal_that_went_on_need_not_be_approved_any_more() -> None:
    wanted = told("withdrawal.approval_wanted", state="active", amount=2_000)
    over = told("withdrawal.cancelled", state="cancelled", amount=2_000)
    assert after(CodeCame(LIVE), wanted, over)[0].approval is None


def test_when_nothing_waits_there_is_nothing_to_approve() -> None:
    assert after(phone.ApprovePressed()) == (SIGNED_IN, ())


def test_a_refusal_is_told_in_the_customers_words() -> None:
    state, _ = after(WasRefused("INSUFFICIENT_FUNDS", {}))
    assert (state.refused, state.screen.pt) == ("INSUFFICIENT_FUNDS", "Saldo insuficiente.")
    assert state.screen.en == "Not enough money."
    assert after(WasRefused("SYSTEM_ERROR", {}))[0].screen == answers.NOT_POSSIBLE


def test_what_is_secret_is_not_shown_in_a_traceback() -> None:
    state, orders = after(CodeCame(LIVE), phone.PinTyped("482915"))
    typing, _ = after(phone.KeyPressed("4"), phone.TotpFilled("123456"), state=FRESH)
    events = (phone.PinTyped("482915"), phone.KeyPressed("4"), phone.TotpFilled("123456"))
    shown = f"{events!r} {state!r} {orders!r} {typing!r}"
    for secret in ("042137", "482915", "123456", "'4'"):
        assert secret not in shown
