"""The trust bank reports credits: each counts once, and none is turned away."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.account.credit_from_bank import Beneficiary
from commands.account.freeze import SetWalletStatus
from commands.agent.row import Agent
from commands.identity.person import Role
from ledger.accounts import Status
from ledger.errors import Conflict, InvalidRequest
from ledger.money import Money
from tests.commands.town import TODAY, Outlet, Town, deposit


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def agent(town: Town) -> Outlet:
    return town.outlet(0)


def test_it_becomes_a_customers_money(town: Town) -> None:
    ana = town.customer("ana", 0)
    answer = town.do(deposit(500, phone_index=b"ana", reference="B-1"))
    assert answer.beneficiary is Beneficiary.WALLET
    assert town.booked == ["1010 500 | 2010 500"]
    assert town.holds(ana.wallet_id) == 500
    assert town.kinds == ["bank.credited"]
    assert town.last.payload == {
        "reference": "B-1",
        "beneficiary": Beneficiary.WALLET,
        "account": ana.wallet_id,
        "amount": 50_000,
    }


def test_it_tops_up_an_agents_float(town: Town, agent: Outlet) -> None:
    answer = town.do(deposit(40_000, agent_id=agent.agent_id))
    assert answer.beneficiary is Beneficiary.AGENT_FLOAT
    assert town.booked == ["1010 40000 | 2020 40000"]


def test_it_counts_on_the_banks_value_date(town: Town) -> None:
    yesterday = TODAY - timedelta(days=1)
    town.do(msgspec.structs.replace(deposit(500), value_date=yesterday))
    assert (town.last.value_date, town.last.booking_date) == (yesterday, TODAY)


UNKNOWN: list[dict[str, bytes | UUID]] = [{}, {"phone_index": b"nobody"}, {"agent_id": uuid7()}]


@pytest.mark.parametrize("whom", UNKNOWN)
def test_what_names_nobody_we_know_is_unidentified(town: Town, whom: dict[str, bytes]) -> None:
    answer = town.do(deposit(500, **whom))  # type: ignore[arg-type]
    assert answer.beneficiary is Beneficiary.UNIDENTIFIED
    assert town.booked == ["1010 500 | 2900 500"]


def test_who_works_here_has_no_wallet_to_credit(town: Town) -> None:
    phone = town.staff(Role.ACCOUNTANT).bytes
    assert town.do(deposit(500, phone_index=phone)).beneficiary is Beneficiary.UNIDENTIFIED


@pytest.mark.parametrize(
    ("status", "beneficiary"),
    [(Status.FROZEN, Beneficiary.WALLET), (Status.CLOSED, Beneficiary.UNIDENTIFIED)],
)
def test_a_frozen_wallet_takes_money_in_and_a_closed_one_does_not(
    town: Town, status: Status, beneficiary: Beneficiary
) -> None:
    ana = town.customer("ana", 0)
    town.do(SetWalletStatus(user_id=ana.user_id, status=status))
    assert town.do(deposit(500, phone_index=b"ana")).beneficiary is beneficiary


def test_a_closed_agent_is_nobody_we_know(town: Town, agent: Outlet) -> None:
    row = town.find(Agent.by_id(agent.agent_id))
    town.rows[row.keys()[0]] = msgspec.structs.replace(row, status="closed")
    answer = town.do(deposit(500, agent_id=agent.agent_id))
    assert answer.beneficiary is Beneficiary.UNIDENTIFIED


def test_a_reference_counts_once_and_answers_the_same(town: Town) -> None:
    first = town.do(deposit(500, reference="B-1"))
    town.later(3_600)
    assert town.do(deposit(500, reference="B-1")) == first
    assert town.kinds == []


def test_a_reference_with_another_amount_is_a_conflict(town: Town) -> None:
    town.do(deposit(500, reference="B-1"))
    assert isinstance(town.refused(deposit(501, reference="B-1")), Conflict)


@pytest.mark.parametrize("escudos", [0, -500])
def test_a_credit_is_of_some_money(town: Town, escudos: int) -> None:
    command = msgspec.structs.replace(deposit(1), amount=Money.of(escudos))
    assert isinstance(town.refused(command), InvalidRequest)
