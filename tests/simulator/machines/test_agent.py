"""The agent's till: the drawer moves when the e-money has."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from msgspec.structs import replace

from simulator.contract import QueuedRequest, Told
from simulator.machines import agent, agent_steps
from simulator.machines.agent import (
    CashIn,
    CashTaken,
    CodeSaid,
    Confirm,
    Confirmed,
    Customer,
    QueueCame,
    ReadFloat,
    ReadQueue,
    ReplyLost,
    Till,
    WasRefused,
)
from simulator.words import money

NOW = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)  # the day before, in Cape Verde
TODAY = date(2026, 11, 23)
LOOK = (ReadQueue(), ReadFloat(TODAY))
AGENT, USER, REQUEST = UUID(int=1), UUID(int=2), UUID(int=3)
WAITING = QueuedRequest(
    transaction_id=REQUEST,
    user_id=USER,
    amount=Decimal(3_000),
    commission=Decimal(30),
    expiry_time=NOW,
)
FRESH = Till(agent_id=AGENT, phone="+2389912345", drawer=Decimal(10_000))


def after(*events: agent.Event, state: Till = FRESH) -> tuple[Till, tuple[agent.Order, ...]]:
    """The till after these events, and what it ordered at the last of them."""
    orders: tuple[agent.Order, ...] = ()
    for event in events:
        state, orders = agent_steps.step(state, event, NOW)
    return state, orders


def test_who_opens_the_till_sees_who_waits_and_how_much_float_there_is() -> None:
    _, orders = after(agent.PinTyped("482915"))
    assert orders == (agent.SignIn(FRESH.phone, "482915"),)
    state, orders = after(agent.SignedIn())
    assert (state.open, orders) == (True, (*LOOK, agent.Listen()))
    assert after(QueueCame((WAITING,)))[0].queue == (WAITING,)
    assert after(agent.FloatCame(Decimal(7)))[0].float_holds == Decimal(7)


def test_the_number_is_looked_up_before_cash_is_taken() -> None:
    state, orders = after(agent.NameWanted("9954321"))
    assert orders == (agent.ReadName("9954321"),)
    customer = Customer(USER, "Maria d. L.", "9954321")
    state, _ = after(agent.NameCame(customer), state=state)
    assert (state.customer, state.screen.pt) == (customer, "É Maria d. L.? Confirme com o cliente.")
    done = agent.CashedIn(REQUEST, Decimal(5_000), Decimal(25))
    assert after(CashTaken(USER, 5_000, "k"), done, state=state)[0].customer is None


def test_a_number_that_nobody_has_is_told() -> None:
    known = after(agent.NameCame(Customer(USER, "Maria", "9954321")))[0]
    state, _ = after(agent.NameWanted("9"), WasRefused("NOT_FOUND", {}), state=known)
    assert (state.customer, state.screen) == (None, agent.NO_CUSTOMER)


def test_cash_taken_is_in_the_drawer_when_the_customer_has_the_money() -> None:
    state, orders = after(CashTaken(USER, 5_000, "k"))
    assert (state.drawer, orders) == (FRESH.drawer, (CashIn(AGENT, USER, 5_000, "k"),))
    state, _ = after(agent.CashedIn(REQUEST, Decimal(5_000), Decimal(25)), state=state)
    assert (state.drawer, state.earned) == (Decimal(15_000), Decimal(25))
    assert state.screen.en == "Deposit of CVE 5,000.00 made."


def test_cash_is_handed_over_when_the_code_was_right() -> None:
    state, (order,) = after(QueueCame((WAITING,)), CodeSaid(REQUEST, "042137", "k"))
    assert order == Confirm(WAITING, "042137", "k")
    assert state.drawer == FRESH.drawer
    state, orders = after(Confirmed(WAITING), state=state)
    assert (state.drawer, state.paid, state.earned) == (Decimal(7_000), Decimal(3_000), Decimal(30))
    assert orders == LOOK


def test_an_event_becomes_a_notice_and_a_look_at_the_queue() -> None:
    told = Told(event="cash_out.requested", subject=REQUEST, timestamp=NOW, data={"amount": 3_000})
    state, orders = after(agent.Pushed(told))
    (notice,) = state.notices
    assert notice.text.pt == "Um cliente pede 3.000$00."
    assert orders == LOOK


def test_a_line_that_comes_back_is_a_reason_to_look() -> None:
    state, _ = after(agent.LineLost())
    assert not state.online
    state, orders = after(agent.LineBack(), state=state)
    assert (state.online, orders) == (True, LOOK)


def test_when_the_session_is_over_the_till_is_closed() -> None:
    state, _ = after(agent.SignedIn(), WasRefused("UNAUTHENTICATED", {}))
    assert not state.open
    assert after(agent.SignedIn(), WasRefused("INVALID_CODE", {}))[0].open


def test_a_wrong_code_pays_nothing() -> None:
    said = CodeSaid(REQUEST, "042137", "k")
    state, orders = after(QueueCame((WAITING,)), said, WasRefused("INVALID_CODE", {}))
    assert (state.drawer, state.paid, orders) == (FRESH.drawer, Decimal(0), ())
    assert state.screen == agent.WRONG_CODE


def test_a_code_for_nobody_who_waits_is_not_even_asked_about() -> None:
    state, orders = after(CodeSaid(REQUEST, "042137", "k"))
    assert (state.screen, orders) == (agent.NOBODY, ())


def test_what_is_not_in_the_drawer_is_not_confirmed() -> None:
    poor = replace(FRESH, drawer=Decimal(2_999), queue=(WAITING,))
    state, orders = after(CodeSaid(REQUEST, "042137", "k"), state=poor)
    assert (state.drawer, orders) == (Decimal(2_999), ())
    assert state.screen == agent.NO_CASH.filled(amount=money(2_999))


def test_a_lost_reply_sends_the_same_order_again_a_few_times() -> None:
    state, (order,) = after(CashTaken(USER, 5_000, "k"))
    for _ in range(agent_steps.LOST_REPLIES_MAX):
        state, orders = after(ReplyLost(order), state=state)
        assert orders == (order,)
    state, orders = after(ReplyLost(order), state=state)
    assert (orders, state.screen, state.online) == ((), agent.NO_NETWORK, False)


def test_a_look_that_gets_lost_is_no_refusal() -> None:
    state, orders = after(*[ReplyLost(ReadQueue())] * (agent_steps.LOST_REPLIES_MAX + 1))
    assert (orders, state.refused, state.online) == ((), None, False)


def test_who_cannot_pay_lets_the_customer_know() -> None:
    state, orders = after(agent.RefusePressed(REQUEST, "sem dinheiro", "k"))
    assert orders == (agent.Refuse(REQUEST, "sem dinheiro", "k"),)
    state, orders = after(agent.RequestRefused(REQUEST), state=state)
    assert (state.screen, orders) == (agent.REFUSED, (ReadQueue(),))


def test_a_pick_up_code_is_not_shown_in_a_traceback() -> None:
    said = CodeSaid(REQUEST, "042137", "k")
    _, orders = after(QueueCame((WAITING,)), said)
    assert "042137" not in f"{said!r} {orders!r}"


def test_a_customers_number_is_not_shown_in_a_traceback() -> None:
    state, orders = after(agent.NameWanted("9954321"))
    known, _ = after(agent.NameCame(Customer(USER, "Maria", "9954321")), state=state)
    assert "9954321" not in f"{agent.NameWanted('9954321')!r} {orders!r} {known!r}"
