"""An outlet becomes an agent: it gets an account for its float."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.agent.principal import Principal
from commands.agent.row import Agent
from commands.command import Answer, Command, Rounds
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, NotFound


class AgentEnrolled(Answer, frozen=True, kw_only=True):
    """The new agent and the account of its float."""

    agent_id: UUID
    float_id: UUID


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an outlet stands: its island, and degrees in millionths."""

    island: str
    latitude: int
    longitude: int


class EnrolAgent(Command[AgentEnrolled], frozen=True, kw_only=True):
    """Enrol an agent. Ids are chosen by the caller.

    A super-agent is an outlet that others name as their parent; it has none itself, so that float
    goes one step down and one step up.
    """

    agent_id: UUID
    float_id: UUID
    principal_id: UUID | None = None
    parent_id: UUID | None = None
    owner_id: UUID | None = None  # the customer who owns it, if that is one
    name: str = ""
    place: Place | None = None
    tills_required: bool = False

    def touches(self, books: Books) -> Rounds:
        yield (
            Agent.by_id(self.agent_id),
            Account.by_id(self.float_id),
            *((Principal.by_id(self.principal_id),) if self.principal_id is not None else ()),
            *((Agent.by_id(self.parent_id),) if self.parent_id is not None else ()),
        )

    def decide(self, books: Books) -> AgentEnrolled:
        if books.find(Agent.by_id(self.agent_id)) is not None:
            raise Conflict("There is already an agent with this id.")
        if books.find(Account.by_id(self.float_id)) is not None:
            raise Conflict("There is already an account with this id.")
        self._require_home(books)
        # From here on nothing is refused.
        float_ = chart.opened(chart.AGENT_FLOAT, self.float_id, owner=self.agent_id)
        agent = self._agent()
        books.put(float_)
        books.put(agent)
        books.record(
            "agent.enrolled",
            agent.id,
            {
                "float": float_.id,
                "code": float_.code,
                "currency": float_.currency,
                "principal": agent.principal_id,
                "parent": agent.parent_id,
                "name": agent.name,
                "island": agent.island,
                "latitude": agent.latitude,
                "longitude": agent.longitude,
                "tillsRequired": agent.tills_required,
            },
        )
        return AgentEnrolled(agent_id=agent.id, float_id=float_.id)

    def _require_home(self, books: Books) -> None:
        principal_id = self.principal_id
        if principal_id is not None and books.find(Principal.by_id(principal_id)) is None:
            raise NotFound("There is no such principal.")
        if self.parent_id is None:
            return
        if principal_id is None:
            raise InvalidRequest(field="parentId", reason="belongs to the outlets of a principal")
        parent = books.find(Agent.by_id(self.parent_id))
        if parent is None or not parent.open:
            raise NotFound("There is no such super-agent.")
        if parent.parent_id is not None:
            raise InvalidRequest(field="parentId", reason="has a super-agent itself")

    def _agent(self) -> Agent:
        place = self.place
        return Agent(
            id=self.agent_id,
            float_id=self.float_id,
            principal_id=self.principal_id,
            parent_id=self.parent_id,
            insiders=() if self.owner_id is None else (self.owner_id,),
            name=self.name,
            island=None if place is None else place.island,
            latitude=None if place is None else place.latitude,
            longitude=None if place is None else place.longitude,
            tills_required=self.tills_required,
        )
