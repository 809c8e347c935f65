"""A float has a floor and alert levels, comes from a super-agent, and becomes money in the bank."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.agent.cash_in import CashIn
from commands.agent.float_levels import SetFloatLevels
from commands.agent.principal import EnrolPrincipal
from commands.agent.redeem import PayRedemption, RefuseRedemption, RequestRedemption
from commands.agent.send_float import SendFloat
from commands.identity.person import Role
from ledger.errors import (
    Conflict,
    Forbidden,
    InsufficientFunds,
    InvalidRequest,
    NotFound,
)
from ledger.money import Money
from tests.commands.agent.counter import Counter
from tests.commands.town import Outlet, deposit


class Network(Counter):
    """A super-agent with two outlets, and Ana."""

    def __init__(self) -> None:
        super().__init__()
        principal_id = uuid7()
        self.do(EnrolPrincipal(principal_id=principal_id, name="Mercearias"))
        parent = self.agent.agent_id
        self.one, self.other = (
            self.outlet(money, principal_id=principal_id, parent_id=parent) for money in (10_000, 0)
        )
        self.clerk = self.staff(Role.OPERATOR)

    def levels(self, floor: int, low: int, ok: int) -> SetFloatLevels:
        return SetFloatLevels(
            agent_id=self.one.agent_id, floor=Money.of(floor), low=Money.of(low), ok=Money.of(ok)
        )

    def pays_in(self, escudos: int) -> CashIn:
        return CashIn(
            transaction_id=uuid7(),
            agent_id=self.one.agent_id,
            user_id=self.ana.user_id,
            amount=Money.of(escudos),
        )

    def sends(self, giver: Outlet, taker: Outlet, escudos: int) -> SendFloat:
        return SendFloat(
            transaction_id=uuid7(),
            agent_id=giver.agent_id,
            to_agent_id=taker.agent_id,
            amount=Money.of(escudos),
        )

    def redeem(self, escudos: int) -> UUID:
        command = RequestRedemption(
            redemption_id=uuid7(),
            agent_id=self.one.agent_id,
            person_id=uuid7(),
            amount=Money.of(escudos),
        )
        self.do(command)
        return command.redemption_id

    def pays(self, redemption_id: UUID, reference: str = "T-1") -> PayRedemption:
        return PayRedemption(
            redemption_id=redemption_id, operator_id=self.clerk, reference=reference
        )


@pytest.fixture
def network() -> Network:
    return Network()


# Floor and levels


def test_a_float_keeps_its_floor(network: Network) -> None:
    network.do(network.levels(2_000, 2_000, 2_000))
    assert isinstance(network.refused(network.pays_in(8_001)), InsufficientFunds)
    network.do(network.pays_in(8_000))
    assert isinstance(network.refused(network.levels(9_000, 9_000, 9_000)), InsufficientFunds)


def test_one_alert_a_crossing(network: Network) -> None:
    network.do(network.levels(0, 5_000, 8_000))
    told = []
    for escudos in (4_900, 200, 200):
        network.do(network.pays_in(escudos))
        told += network.kinds
    network.do(deposit(2_000, agent_id=network.one.agent_id))
    told += network.kinds
    network.do(deposit(4_000, agent_id=network.one.agent_id))
    told += network.kinds
    assert [kind for kind in told if kind.startswith("float.")] == ["float.low", "float.ok"]
    assert network.last.payload["agent"] == network.one.agent_id


def test_levels_are_told_at_once_when_they_are_set(network: Network) -> None:
    answer = network.do(network.levels(0, 10_001, 10_001))
    assert answer.float_state == "low"
    assert network.kinds == ["agent.float_levels_set", "float.low"]
    assert network.do(network.levels(0, 0, 10_000)).float_state == "ok"


@pytest.mark.parametrize("levels", [(5, 4, 6), (1, 3, 2)])
def test_levels_stand_in_their_order(network: Network, levels: tuple[int, int, int]) -> None:
    assert isinstance(network.refused(network.levels(*levels)), InvalidRequest)
    unknown = msgspec.structs.replace(network.levels(0, 0, 0), agent_id=uuid7())
    assert isinstance(network.refused(unknown), NotFound)


# From a super-agent, and back


def test_float_goes_down_to_an_outlet_and_up_again(network: Network) -> None:
    network.do(network.sends(network.agent, network.other, 4_000))
    assert network.booked == ["2020 4000 | 2020 4000"]
    network.do(network.sends(network.other, network.agent, 1_500))
    assert network.holds(network.other.float_id) == 2_500
    assert network.holds(network.agent.float_id) == 17_500


def test_float_goes_nowhere_else(network: Network) -> None:
    stranger = network.outlet(5_000)
    for giver, taker in (
        (network.one, network.other),
        (network.agent, stranger),
        (stranger, network.agent),
        (network.one, network.one),
    ):
        assert isinstance(network.refused(network.sends(giver, taker, 100)), Forbidden)
    nobody = Outlet(uuid7(), uuid7())
    assert isinstance(network.refused(network.sends(network.agent, nobody, 1)), NotFound)


def test_a_super_agent_gives_no_more_than_it_has(network: Network) -> None:
    too_much = network.sends(network.agent, network.one, 20_001)
    assert isinstance(network.refused(too_much), InsufficientFunds)


# Redemption


def test_float_becomes_money_in_the_bank(network: Network) -> None:
    redemption_id = network.redeem(4_000)
    assert network.booked == []
    answer = network.do(network.pays(redemption_id))
    assert answer.state == "paid"
    assert network.booked == ["2020 4000 | 1010 4000"]
    assert isinstance(network.refused(network.pays(redemption_id, "T-2")), Conflict)


def test_a_bank_transfer_pays_one_redemption(network: Network) -> None:
    one, other = network.redeem(1_000), network.redeem(1_000)
    network.do(network.pays(one))
    assert isinstance(network.refused(network.pays(other)), Conflict)
    network.do(network.pays(other, "T-2"))


def test_float_that_was_used_meanwhile_is_not_redeemed(network: Network) -> None:
    redemption_id = network.redeem(8_000)
    network.do(network.pays_in(5_000))
    assert isinstance(network.refused(network.pays(redemption_id)), InsufficientFunds)


def test_nobody_asks_for_more_than_there_is(network: Network) -> None:
    with pytest.raises(InsufficientFunds):
        network.redeem(10_001)


def test_a_redemption_may_be_refused(network: Network) -> None:
    redemption_id = network.redeem(1_000)
    refusal = RefuseRedemption(
        redemption_id=redemption_id, operator_id=network.clerk, reason="no account"
    )
    assert network.do(refusal).state == "refused"
    assert network.last.payload["reason"] == "no account"
    assert isinstance(network.refused(network.pays(redemption_id)), Conflict)
    assert isinstance(network.refused(refusal), Conflict)


def test_only_operators_of_ours_pay(network: Network) -> None:
    redemption_id = network.redeem(1_000)
    by = network.staff(Role.ACCOUNTANT)
    stranger = msgspec.structs.replace(network.pays(redemption_id), operator_id=by)
    assert isinstance(network.refused(stranger), Forbidden)
    assert isinstance(network.refused(network.pays(uuid7())), NotFound)
