"""Principals, outlets and their people come into being; an outlet closes and opens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.agent.cash_in import CashIn
from commands.agent.enrol_agent import EnrolAgent, Place
from commands.agent.principal import EnrolPrincipal
from commands.agent.row import Agent
from commands.agent.set_status import AgentStatus, SetAgentStatus
from commands.identity.enrol_staff import EnrolStaff
from commands.identity.person import Person, Role
from ledger.errors import Conflict, InvalidRequest, NotFound, ServesItself
from ledger.money import Money
from tests.commands.agent.counter import Counter, asks

PLACE = Place(island="Santiago", latitude=14_917_000, longitude=-23_509_000)


@pytest.fixture
def counter() -> Counter:
    return Counter()


def principal(counter: Counter) -> UUID:
    principal_id = uuid7()
    counter.do(EnrolPrincipal(principal_id=principal_id, name="Mercearias"))
    return principal_id


def outlet(**facts: Any) -> EnrolAgent:
    return EnrolAgent(agent_id=uuid7(), float_id=uuid7(), name="Loja", place=PLACE, **facts)


def person(role: Role, **where: Any) -> EnrolStaff:
    user_id = uuid7()
    return EnrolStaff(
        user_id=user_id,
        role=role,
        phone_index=user_id.bytes,
        profile_seal=b"-",
        pin_hash="-",
        totp_seal=b"-",
        **where,
    )


def status(counter: Counter, to: AgentStatus) -> SetAgentStatus:
    return SetAgentStatus(agent_id=counter.agent.agent_id, status=to, reason="holidays")


def test_an_outlet_is_a_principals_and_stands_somewhere(counter: Counter) -> None:
    principal_id = principal(counter)
    command = outlet(principal_id=principal_id, tills_required=True)
    counter.do(command)
    made: Agent = counter.find(Agent.by_id(command.agent_id))
    assert (made.principal_id, made.name, made.island) == (principal_id, "Loja", "Santiago")
    assert (made.latitude, made.longitude) == (PLACE.latitude, PLACE.longitude)
    assert counter.last.payload["tillsRequired"] is True


def test_a_principal_is_enrolled_once(counter: Counter) -> None:
    again = EnrolPrincipal(principal_id=principal(counter), name="Other")
    assert isinstance(counter.refused(again), Conflict)


def test_an_outlet_names_a_principal_that_is_known(counter: Counter) -> None:
    assert isinstance(counter.refused(outlet(principal_id=uuid7())), NotFound)


def test_a_super_agent_is_known_and_has_none_itself(counter: Counter) -> None:
    principal_id = principal(counter)
    child = outlet(principal_id=principal_id, parent_id=counter.agent.agent_id)
    counter.do(child)
    for parent_id, refusal in ((uuid7(), NotFound), (child.agent_id, InvalidRequest)):
        grandchild = outlet(principal_id=principal_id, parent_id=parent_id)
        assert isinstance(counter.refused(grandchild), refusal)
    assert isinstance(counter.refused(outlet(parent_id=counter.agent.agent_id)), InvalidRequest)


def test_a_manager_belongs_to_a_principal_and_nobody_else_does(counter: Counter) -> None:
    principal_id = principal(counter)
    command = person(Role.AGENT_MANAGER, principal_id=principal_id)
    counter.do(command)
    made: Person = counter.find(Person.by_id(command.user_id))
    assert made.principal_id == principal_id
    for wrong in (
        person(Role.AGENT_MANAGER),
        person(Role.OPERATOR, principal_id=principal_id),
        person(Role.OPERATOR, customer_id=counter.ana.user_id),
    ):
        assert isinstance(counter.refused(wrong), InvalidRequest)
    assert isinstance(counter.refused(person(Role.AGENT_MANAGER, principal_id=uuid7())), NotFound)


# Serving itself


def test_an_owner_is_not_served_by_the_own_outlet(counter: Counter) -> None:
    counter.agent = counter.outlet(20_000, owner_id=counter.ana.user_id)
    cash_in = CashIn(
        transaction_id=uuid7(),
        agent_id=counter.agent.agent_id,
        user_id=counter.ana.user_id,
        amount=Money.of(100),
    )
    assert isinstance(counter.refused(cash_in), ServesItself)
    assert isinstance(counter.refused(asks(counter.ana, counter.agent)), ServesItself)


def test_who_stands_at_a_counter_is_not_served_there(counter: Counter) -> None:
    counter.request()
    counter.do(person(Role.AGENT, agent_id=counter.agent.agent_id, customer_id=counter.ana.user_id))
    assert counter.kinds == ["person.enrolled", "agent.insider_added"]
    assert isinstance(counter.refused(asks(counter.ana, counter.agent)), ServesItself)
    # What was asked before ends without cash, and the hold goes back.
    assert isinstance(counter.refused(counter.confirms()), ServesItself)
    counter.do(counter.refuses())


def test_the_same_person_stands_at_a_counter_once(counter: Counter) -> None:
    for _ in range(2):
        counter.do(
            person(Role.AGENT, agent_id=counter.agent.agent_id, customer_id=counter.ana.user_id)
        )
    agent: Agent = counter.find(Agent.by_id(counter.agent.agent_id))
    assert agent.insiders == (counter.ana.user_id,)


# Closing


def test_a_closed_counter_makes_no_promises_and_keeps_those_it_made(counter: Counter) -> None:
    counter.request()
    counter.do(status(counter, AgentStatus.CLOSED))
    assert counter.last.payload["reason"] == "holidays"
    assert isinstance(counter.refused(asks(counter.ana, counter.agent)), NotFound)
    assert counter.confirm().status == "confirmed"
    counter.do(status(counter, AgentStatus.OPEN))
    counter.do(asks(counter.ana, counter.agent))


def test_a_status_that_is_set_already_is_not_told_again(counter: Counter) -> None:
    counter.do(status(counter, AgentStatus.OPEN))
    assert counter.kinds == []
    unknown = msgspec.structs.replace(status(counter, AgentStatus.OPEN), agent_id=uuid7())
    assert isinstance(counter.refused(unknown), NotFound)
