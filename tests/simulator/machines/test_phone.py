"""The customer's app."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from msgspec.structs import replace

from simulator.machines import phone
from simulator.machines.phone import (
    Cancel,
    CashWanted,
    CodeCame,
    LiveCode,
    Phone,
    ReadWallet,
    ReplyLost,
    RequestCode,
    StatusCame,
    WasRefused,
)

NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
USER = UUID(int=1)
WITHDRAWAL = UUID(int=2)
OTHER = UUID(int=3)
FRESH = Phone(number="+2389912345")
SIGNED_IN = replace(FRESH, user_id=USER, balance=Decimal(5_000))
LIVE = LiveCode(code="042137", amount=2_000, transaction_id=WITHDRAWAL, expiry_time=NOW)


def after(*events: phone.Event, state: Phone = SIGNED_IN) -> tuple[Phone, tuple[phone.Order, ...]]:
    """The app after these events, and what it ordered at the last of them."""
    orders: tuple[phone.Order, ...] = ()
    for event in events:
        state, orders = phone.step(state, event, NOW)
    return state, orders


def test_who_signs_in_sees_the_balance() -> None:
    _, orders = after(phone.PinTyped("482915"), state=FRESH)
    assert orders == (phone.SignIn(FRESH.number, "482915"),)
    state, orders = after(phone.SignedIn(USER), state=FRESH)
    assert (state.user_id, orders) == (USER, (ReadWallet(),))
    state, _ = after(phone.WalletCame(Decimal(7), Decimal(2)), state=state)
    assert (state.balance, state.held) == (Decimal(7), Decimal(2))


@pytest.mark.parametrize("wish", [CashWanted(2_000, "k"), phone.AgentCashWanted(2_000, OTHER, "k")])
def test_nobody_gets_cash_without_signing_in(wish: phone.Event) -> None:
    assert after(wish, state=FRESH)[1] == ()


def test_a_code_is_asked_for_under_the_wishs_own_key() -> None:
    assert after(CashWanted(2_000, "k1"))[1] == (RequestCode(USER, 2_000, "k1"),)


def test_a_lost_reply_sends_the_same_order_again_a_few_times() -> None:
    state, (order,) = after(CashWanted(2_000, "k1"))
    for _ in range(phone.LOST_REPLIES_MAX):
        state, orders = after(ReplyLost(order), state=state)
        assert orders == (order,)
    state, orders = after(ReplyLost(order), state=state)
    assert (orders, state.screen) == ((), phone.NO_NETWORK)


def test_a_pin_is_not_sent_again_by_itself() -> None:
    assert after(ReplyLost(phone.SignIn("+2389912345", "482915")), state=FRESH)[1] == ()


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
    assert state.screen == phone.TEXTS["WITHDRAWAL_PENDING"]
    assert after(phone.CancelPressed("k2"), state=state)[1] == (Cancel(WITHDRAWAL, "k2"),)


def test_after_cancelling_no_code_is_shown() -> None:
    state, _ = after(CodeCame(LIVE), phone.CancelPressed("k"), phone.Cancelled())
    assert (state.live, state.pending, state.screen) == (None, None, phone.CANCELLED)


@pytest.mark.parametrize("status", sorted(set(phone.STATUS_TEXTS) - set(phone.UNDER_WAY)))
def test_a_withdrawal_that_is_over_shows_no_code(status: str) -> None:
    state, _ = after(CodeCame(LIVE), StatusCame(WITHDRAWAL, status))
    assert (state.live, state.pending, state.status) == (None, None, status)


@pytest.mark.parametrize("status", phone.UNDER_WAY)
def test_one_that_is_under_way_does(status: str) -> None:
    state, _ = after(CodeCame(LIVE), StatusCame(WITHDRAWAL, status))
    assert (state.live, state.screen) == (LIVE, phone.STATUS_TEXTS[status])


def test_a_refusal_is_told_in_the_customers_words() -> None:
    state, _ = after(WasRefused("INSUFFICIENT_FUNDS", {}))
    assert (state.refused, state.screen) == ("INSUFFICIENT_FUNDS", "Saldo insuficiente.")
    assert after(WasRefused("SYSTEM_ERROR", {}))[0].screen == phone.NOT_POSSIBLE


def test_what_is_secret_is_not_shown_in_a_traceback() -> None:
    state, orders = after(CodeCame(LIVE), phone.PinTyped("482915"))
    shown = f"{phone.PinTyped('482915')!r} {state!r} {orders!r}"
    assert "042137" not in shown
    assert "482915" not in shown
