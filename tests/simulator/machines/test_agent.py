"""The agent's till: the drawer moves when the e-money has."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from simulator.contract import QueuedRequest
from simulator.machines import agent
from simulator.machines.agent import (
    CashIn,
    CashTaken,
    CodeSaid,
    Confirm,
    Confirmed,
    QueueCame,
    ReadQueue,
    ReplyLost,
    Till,
    WasRefused,
)

NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
AGENT, USER, REQUEST = UUID(int=1), UUID(int=2), UUID(int=3)
WAITING = QueuedRequest(
    transaction_id=REQUEST, user_id=USER, amount=Decimal(3_000), commission=Decimal(30)
)
FRESH = Till(agent_id=AGENT, phone="+2389912345", drawer=Decimal(10_000))


def after(*events: agent.Event, state: Till = FRESH) -> tuple[Till, tuple[agent.Order, ...]]:
    """The till after these events, and what it ordered at the last of them."""
    orders: tuple[agent.Order, ...] = ()
    for event in events:
        state, orders = agent.step(state, event, NOW)
    return state, orders


def test_who_opens_the_till_sees_who_waits() -> None:
    _, orders = after(agent.PinTyped("482915"))
    assert orders == (agent.SignIn(FRESH.phone, "482915"),)
    state, orders = after(agent.SignedIn())
    assert (state.open, orders) == (True, (ReadQueue(),))
    assert after(QueueCame((WAITING,)))[0].queue == (WAITING,)


def test_cash_taken_is_in_the_drawer_when_the_customer_has_the_money() -> None:
    state, orders = after(CashTaken(USER, 5_000, "k"))
    assert (state.drawer, orders) == (FRESH.drawer, (CashIn(AGENT, USER, 5_000, "k"),))
    state, _ = after(agent.CashedIn(REQUEST, Decimal(5_000), Decimal(25)), state=state)
    assert (state.drawer, state.earned) == (Decimal(15_000), Decimal(25))


def test_cash_is_handed_over_when_the_code_was_right() -> None:
    state, (order,) = after(QueueCame((WAITING,)), CodeSaid(REQUEST, "042137", "k"))
    assert order == Confirm(WAITING, "042137", "k")
    assert state.drawer == FRESH.drawer
    state, orders = after(Confirmed(WAITING), state=state)
    assert (state.drawer, state.paid, state.earned) == (Decimal(7_000), Decimal(3_000), Decimal(30))
    assert orders == (ReadQueue(),)


def test_a_wrong_code_pays_nothing() -> None:
    said = CodeSaid(REQUEST, "042137", "k")
    state, orders = after(QueueCame((WAITING,)), said, WasRefused("INVALID_CODE", {}))
    assert (state.drawer, state.paid, orders) == (FRESH.drawer, Decimal(0), ())
    assert state.screen == agent.WRONG_CODE


def test_a_code_for_nobody_who_waits_is_not_even_asked_about() -> None:
    state, orders = after(CodeSaid(REQUEST, "042137", "k"))
    assert (state.screen, orders) == (agent.NOBODY, ())


def test_a_lost_reply_sends_the_same_order_again_a_few_times() -> None:
    state, (order,) = after(CashTaken(USER, 5_000, "k"))
    for _ in range(agent.LOST_REPLIES_MAX):
        state, orders = after(ReplyLost(order), state=state)
        assert orders == (order,)
    state, orders = after(ReplyLost(order), state=state)
    assert (orders, state.screen) == ((), agent.NO_NETWORK)


def test_who_cannot_pay_lets_the_customer_know() -> None:
    state, orders = after(agent.RefusePressed(REQUEST, "sem dinheiro", "k"))
    assert orders == (agent.Refuse(REQUEST, "sem dinheiro", "k"),)
    state, orders = after(agent.RequestRefused(REQUEST), state=state)
    assert (state.screen, orders) == (agent.REFUSED, (ReadQueue(),))


def test_a_pick_up_code_is_not_shown_in_a_traceback() -> None:
    said = CodeSaid(REQUEST, "042137", "k")
    _, orders = after(QueueCame((WAITING,)), said)
    assert "042137" not in f"{said!r} {orders!r}"
