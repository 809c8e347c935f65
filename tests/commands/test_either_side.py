"""Frozen, dormant, closed, unknown, on either side of every operation: a clear code, and nothing
half done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from commands.account.freeze import SetWalletStatus
from commands.account.transfer import Transfer
from commands.agent.cash_in import CashIn
from commands.agent.offer import OfferCashOut
from commands.agent.request_cash_out import RequestCashOut
from commands.agent.set_status import AgentStatus, SetAgentStatus
from commands.command import Command
from ledger.accounts import Status
from ledger.money import Money
from tests.commands.desk import Desk
from tests.commands.town import Customer
from tests.commands.withdrawal.street import asks

PICKUP = b"271828".ljust(32)
NOBODY = Customer(uuid7(), uuid7(), b"nobody")
WHO: dict[str, Callable[[Desk], Customer]] = {}


def standing(name: str) -> Callable[[Callable[[Desk], Customer]], Callable[[Desk], Customer]]:
    """This function makes somebody whose wallet stands so."""

    def keep(make: Callable[[Desk], Customer]) -> Callable[[Desk], Customer]:
        WHO[name] = make
        return make

    return keep


def put(desk: Desk, who: Customer, status: Status) -> Customer:
    desk.do(SetWalletStatus(user_id=who.user_id, status=status, reason="-"))
    return who


@standing("open")
def _open(desk: Desk) -> Customer:
    return desk.customer("eva", 5_000)


@standing("debits frozen")
def _debits_frozen(desk: Desk) -> Customer:
    return put(desk, _open(desk), Status.DEBITS_FROZEN)


@standing("frozen")
def _frozen(desk: Desk) -> Customer:
    return put(desk, _open(desk), Status.FROZEN)


@standing("dormant")
def _dormant(desk: Desk) -> Customer:
    desk.now += timedelta(days=366)
    desk.fall_asleep()
    return desk.ana


@standing("closed")
def _closed(desk: Desk) -> Customer:
    return put(desk, desk.customer("eva", 0), Status.CLOSED)


@standing("unknown")
def _unknown(_desk: Desk) -> Customer:
    return NOBODY


def other(desk: Desk) -> Customer:
    """Somebody with money against whom nothing stands."""
    return desk.customer("joana", 5_000)


def sends(desk: Desk, who: Customer) -> Command[Any]:
    return transfer(who, other(desk))


def receives(desk: Desk, who: Customer) -> Command[Any]:
    return transfer(other(desk), who)


def transfer(giver: Customer, taker: Customer) -> Command[Any]:
    return Transfer(
        transaction_id=uuid7(),
        user_id=giver.user_id,
        to_phone=taker.phone_index,
        amount=Money.of(500),
    )


def wants_code(_desk: Desk, who: Customer) -> Command[Any]:
    return asks(who, 500)


def pays_in(desk: Desk, who: Customer) -> Command[Any]:
    return CashIn(
        transaction_id=uuid7(),
        agent_id=desk.agent.agent_id,
        user_id=who.user_id,
        amount=Money.of(500),
    )


def wish(who: Customer) -> dict[str, Any]:
    return {
        "transaction_id": uuid7(),
        "user_id": who.user_id,
        "session_id": None,
        "amount": Money.of(500),
        "pickup_digest": PICKUP,
        "pickup_seal": b"sealed",
        "ttl_seconds": 600,
    }


def asks_agent(desk: Desk, who: Customer) -> Command[Any]:
    return RequestCashOut(**wish(who), agent_id=desk.agent.agent_id)


def asks_near(desk: Desk, who: Customer) -> Command[Any]:
    return OfferCashOut(**wish(who), agent_ids=(desk.agent.agent_id,))


OPERATIONS = (sends, receives, wants_code, pays_in, asks_agent, asks_near)
OUT = (sends, wants_code, asks_agent, asks_near)
NOT_OPEN, NOT_FOUND = "WALLET_NOT_OPEN", "NOT_FOUND"


def answer(operation: Any, name: str) -> str | None:
    """What is answered; None where it is done."""
    if name == "open":
        return None
    if name == "unknown":
        return NOT_FOUND
    if name == "debits frozen" and operation not in OUT:
        return None
    return NOT_OPEN


CASES = [
    pytest.param(operation, name, id=f"{operation.__name__} {name}")
    for operation in OPERATIONS
    for name in WHO
]


@pytest.mark.parametrize(("operation", "name"), CASES)
def test_each_side_is_answered_clearly_and_nothing_is_half_done(operation: Any, name: str) -> None:
    desk = Desk()
    command = operation(desk, WHO[name](desk))
    code = answer(operation, name)
    if code is None:
        desk.do(command)
        return
    rows, events = dict(desk.rows), len(desk.events)
    refusal = desk.refused(command)
    assert refusal.code == code
    if code == NOT_OPEN:
        assert refusal.facts == {"status": name.replace(" ", "_")}
    assert (desk.rows, len(desk.events)) == (rows, events)


@pytest.mark.parametrize("operation", [pays_in, asks_agent, asks_near])
@pytest.mark.parametrize("name", ["closed", "unknown"])
def test_so_is_a_counter_that_is_not_there(operation: Any, name: str) -> None:
    desk = Desk()
    if name == "closed":
        desk.do(SetAgentStatus(agent_id=desk.agent.agent_id, status=AgentStatus.CLOSED, reason="-"))
    else:
        desk.agent = type(desk.agent)(uuid7(), uuid7())
    command = operation(desk, desk.ana)
    rows, events = dict(desk.rows), len(desk.events)
    assert desk.refused(command).code == NOT_FOUND
    assert (desk.rows, len(desk.events)) == (rows, events)


def test_the_matrix_has_every_status() -> None:
    assert {name.replace(" ", "_") for name in WHO} == {*Status, "unknown"}
