"""An outlet becomes an agent: it gets an account for its float."""

from __future__ import annotations

from uuid import UUID

from commands.agent.row import Agent
from commands.command import Answer, Command, Rounds
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Conflict


class AgentEnrolled(Answer, frozen=True, kw_only=True):
    """The new agent and the account of its float."""

    agent_id: UUID
    float_id: UUID


class EnrolAgent(Command[AgentEnrolled], frozen=True, kw_only=True):
    """Enrol an agent. Ids are chosen by the caller."""

    agent_id: UUID
    float_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Agent.by_id(self.agent_id), Account.by_id(self.float_id))

    def decide(self, books: Books) -> AgentEnrolled:
        if books.find(Agent.by_id(self.agent_id)) is not None:
            raise Conflict("There is already an agent with this id.")
        if books.find(Account.by_id(self.float_id)) is not None:
            raise Conflict("There is already an account with this id.")
        # From here on nothing is refused.
        float_ = chart.opened(chart.AGENT_FLOAT, self.float_id, owner=self.agent_id)
        books.put(float_)
        books.put(Agent(id=self.agent_id, float_id=float_.id))
        books.record(
            "agent.enrolled",
            self.agent_id,
            {"float": float_.id, "code": float_.code, "currency": float_.currency},
        )
        return AgentEnrolled(agent_id=self.agent_id, float_id=float_.id)
