"""A request that is offered to agents near: who takes it has it, and nobody's money gets stuck."""

from __future__ import annotations

import pytest
from uuid_utils.compat import uuid7

from commands.agent.lifecycle import RequestState
from commands.agent.offer import DeclineOffer, OfferCashOut, TakeOffer
from commands.agent.row import AgentRequest
from commands.agent.set_status import AgentStatus, SetAgentStatus
from ledger.errors import CodeExpired, Conflict, InsufficientFunds, NotFound
from ledger.money import Money
from tests.commands.agent.counter import PICKUP, TTL_SECONDS, Counter
from tests.commands.town import Outlet

BACK = "2030 3060 | 2010 3060"


class Street(Counter):
    """Ana stands in a street with three agents; one of them has hardly any float."""

    def __init__(self) -> None:
        super().__init__()
        self.near = [self.agent, self.outlet(15_000), self.outlet(2_999)]

    def offers(self, *agents: Outlet, escudos: int = 3_000) -> OfferCashOut:
        command = OfferCashOut(
            transaction_id=uuid7(),
            user_id=self.ana.user_id,
            session_id=None,
            agent_ids=tuple(agent.agent_id for agent in agents or self.near),
            amount=Money.of(escudos),
            pickup_digest=PICKUP,
            pickup_seal=b"sealed",
            ttl_seconds=TTL_SECONDS,
        )
        self.id = command.transaction_id
        return command

    def takes(self, agent: Outlet) -> TakeOffer:
        return TakeOffer(transaction_id=self.id, agent_id=agent.agent_id)

    def declines(self, agent: Outlet) -> DeclineOffer:
        return DeclineOffer(transaction_id=self.id, agent_id=agent.agent_id)


@pytest.fixture
def street() -> Street:
    street = Street()
    street.do(street.offers())
    return street


def row(street: Street) -> AgentRequest:
    found: AgentRequest = street.find(AgentRequest.by_id(street.id))
    return found


def test_the_money_is_set_aside_and_who_has_float_is_asked(street: Street) -> None:
    assert street.booked == ["2010 3060 | 2030 3060"]
    one, other, _ = (agent.agent_id for agent in street.near)
    assert row(street).offered_to == (one, other)
    assert row(street).agent_id is None
    assert street.last.payload["agent"] is None
    assert street.last.payload["offeredTo"] == [one, other]


def test_the_first_who_takes_it_has_it_and_pays(street: Street) -> None:
    street.do(street.takes(street.near[1]))
    assert street.kinds == ["cash_out.taken"]
    assert street.last.payload["offeredTo"] == [street.near[0].agent_id]
    assert isinstance(street.refused(street.takes(street.near[0])), Conflict)
    assert isinstance(street.refused(street.takes(street.near[1])), Conflict)
    street.do(street.confirms(by=street.near[1].agent_id))
    assert "offeredTo" not in street.last.payload  # what is paid is nobody else's affair
    assert street.booked == ["2030 3060 + 5020 30 | 2020 3030 + 4020 60"]
    assert street.holds(street.near[1].float_id) == 18_030


def test_nobody_pays_what_they_have_not_taken(street: Street) -> None:
    assert isinstance(street.refused(street.confirms()), NotFound)
    assert isinstance(street.refused(street.refuses()), NotFound)


def test_who_was_not_asked_hears_nothing(street: Street) -> None:
    assert isinstance(street.refused(street.takes(street.near[2])), NotFound)
    assert isinstance(street.refused(street.declines(street.near[2])), NotFound)


def test_when_all_decline_the_money_goes_back(street: Street) -> None:
    street.do(street.declines(street.near[0]))
    assert street.kinds == ["cash_out.passed_on"]
    assert isinstance(street.refused(street.takes(street.near[0])), NotFound)
    street.do(street.declines(street.near[1]))
    assert street.kinds == ["cash_out.refused"]
    assert street.booked == [BACK]
    assert row(street).state is RequestState.REFUSED


def test_who_took_it_and_cannot_pay_gives_it_to_the_others(street: Street) -> None:
    one, other, _ = street.near
    street.do(street.takes(one))
    street.do(street.refuses())
    assert street.kinds == ["cash_out.passed_on"]
    assert street.last.payload["by"] == one.agent_id
    assert row(street).offered_to == (other.agent_id,)
    assert isinstance(street.refused(street.takes(one)), NotFound)
    street.do(street.takes(other))
    street.do(street.refuses(by=other.agent_id))
    assert street.booked == [BACK]


def test_an_offer_that_nobody_takes_lapses(street: Street) -> None:
    street.later(TTL_SECONDS)
    assert isinstance(street.refused(street.takes(street.near[0])), CodeExpired)
    assert street.booked == [BACK]


def test_ana_may_change_her_mind_before_anybody_takes_it(street: Street) -> None:
    street.do(street.cancels())
    assert street.booked == [BACK]
    assert isinstance(street.refused(street.takes(street.near[0])), Conflict)
    assert isinstance(street.refused(street.declines(street.near[0])), Conflict)


def test_three_wrong_codes_end_it_for_all(street: Street) -> None:
    street.do(street.takes(street.near[0]))
    for _ in range(3):
        street.refused(street.confirms(b"wrong".ljust(32)))
    assert row(street).state is RequestState.REFUSED


def test_where_nobody_near_can_pay_nothing_is_set_aside(street: Street) -> None:
    for agents in ((street.near[2],), (street.outlet(50_000, owner_id=street.ana.user_id),)):
        assert isinstance(street.refused(street.offers(*agents)), NotFound)
    street.do(
        SetAgentStatus(
            agent_id=street.near[0].agent_id, status=AgentStatus.CLOSED, reason="holidays"
        )
    )
    assert isinstance(street.refused(street.offers(street.near[0])), NotFound)


def test_an_offer_needs_the_money_for_it(street: Street) -> None:
    assert isinstance(street.refused(street.offers(escudos=9_000)), InsufficientFunds)
