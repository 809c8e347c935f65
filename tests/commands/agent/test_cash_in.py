"""Agents come into being, and take cash from customers."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.account.freeze import SetWalletStatus
from commands.agent.cash_in import CashIn
from commands.agent.enrol_agent import EnrolAgent
from commands.agent.row import Agent
from commands.identity.person import Role
from ledger.accounts import Account, Status
from ledger.errors import Conflict, InsufficientFunds, LimitExceeded, NotFound, WalletNotOpen
from ledger.money import Money
from tests.commands.agent.counter import Counter


@pytest.fixture
def counter() -> Counter:
    return Counter()


def pays_in(counter: Counter, escudos: int = 5_000, user_id: UUID | None = None) -> CashIn:
    return CashIn(
        transaction_id=uuid7(),
        agent_id=counter.agent.agent_id,
        user_id=user_id or counter.ana.user_id,
        amount=Money.of(escudos),
    )


def test_float_becomes_the_customers_money_and_the_agent_earns(counter: Counter) -> None:
    answer = counter.do(pays_in(counter))
    assert (answer.amount, answer.commission) == (Money.of(5_000), Money.of(25))
    assert counter.booked == ["2020 5000 + 5010 25 | 2010 5000 + 2020 25"]
    assert counter.holds(counter.ana.wallet_id) == 15_000
    assert counter.holds(counter.agent.float_id) == 15_025


def test_the_event_tells_what_the_readers_need(counter: Counter) -> None:
    answer = counter.do(pays_in(counter))
    assert counter.kinds == ["cash_in.made"]
    assert counter.last.subject == answer.transaction_id
    assert counter.last.payload == {
        "agent": counter.agent.agent_id,
        "till": None,
        "user": counter.ana.user_id,
        "wallet": counter.ana.wallet_id,
        "amount": 500_000,
        "commission": 2_500,
        "tariffEdition": 1,
    }


def test_float_covers_the_amount_before_the_commission_comes(counter: Counter) -> None:
    assert isinstance(counter.refused(pays_in(counter, 20_001)), InsufficientFunds)
    assert counter.do(pays_in(counter, 20_000))


@pytest.mark.parametrize("escudos", [-1, 0, 100_001])
def test_amounts_outside_the_tariff_are_refused(counter: Counter, escudos: int) -> None:
    assert isinstance(counter.refused(pays_in(counter, escudos)), LimitExceeded)


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.OPERATOR])
def test_only_customers_are_paid_in_to(counter: Counter, role: Role) -> None:
    assert isinstance(counter.refused(pays_in(counter, user_id=counter.staff(role))), NotFound)
    assert isinstance(counter.refused(pays_in(counter, user_id=uuid7())), NotFound)


@pytest.mark.parametrize("status", [Status.FROZEN, Status.CLOSED])
def test_a_wallet_that_is_not_open_takes_no_cash(counter: Counter, status: Status) -> None:
    rui = counter.customer("rui", 0)
    counter.do(SetWalletStatus(user_id=rui.user_id, status=status))
    assert isinstance(counter.refused(pays_in(counter, user_id=rui.user_id)), WalletNotOpen)


def test_a_closed_or_unknown_agent_takes_none_either(counter: Counter) -> None:
    unknown = msgspec.structs.replace(pays_in(counter), agent_id=uuid7())
    assert isinstance(counter.refused(unknown), NotFound)
    agent = counter.find(Agent.by_id(counter.agent.agent_id))
    counter.rows[agent.keys()[0]] = msgspec.structs.replace(agent, status="closed")
    assert isinstance(counter.refused(pays_in(counter)), NotFound)


def test_a_new_agent_has_an_empty_float(counter: Counter) -> None:
    agent_id, float_id = uuid7(), uuid7()
    counter.do(EnrolAgent(agent_id=agent_id, float_id=float_id))
    assert counter.kinds == ["agent.enrolled"]
    assert counter.last.subject == agent_id
    assert counter.last.payload == {
        "float": float_id,
        "code": "2020",
        "currency": "CVE",
        "principal": None,
        "parent": None,
        "name": "",
        "island": None,
        "latitude": None,
        "longitude": None,
        "tillsRequired": False,
    }
    float_: Account = counter.find(Account.by_id(float_id))
    assert (float_.owner, float_.floor, float_.balance) == (agent_id, 0, 0)


def test_an_agent_is_enrolled_once(counter: Counter) -> None:
    known = counter.agent
    again = EnrolAgent(agent_id=known.agent_id, float_id=uuid7())
    same_float = EnrolAgent(agent_id=uuid7(), float_id=known.float_id)
    assert isinstance(counter.refused(again), Conflict)
    assert isinstance(counter.refused(same_float), Conflict)
