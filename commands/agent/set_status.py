"""An outlet stops serving customers, or begins again."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from commands.agent.row import Agent
from commands.command import Answer, Command, Rounds
from ledger.books import Books
from ledger.errors import NotFound


class AgentStatus(StrEnum):
    """Whether an outlet serves customers."""

    OPEN = "open"
    CLOSED = "closed"


class AgentStatusSet(Answer, frozen=True, kw_only=True):
    """The outlet and what it is now."""

    agent_id: UUID
    status: AgentStatus
    timestamp: datetime


class SetAgentStatus(Command[AgentStatusSet], frozen=True, kw_only=True):
    """Close an outlet or open it again. Requests that it has are still paid or given back, and its
    float may still be redeemed: a closed counter keeps its promises and makes no new ones.
    """

    agent_id: UUID
    status: AgentStatus
    reason: str

    def touches(self, books: Books) -> Rounds:
        yield (Agent.by_id(self.agent_id),)

    def decide(self, books: Books) -> AgentStatusSet:
        agent = books.find(Agent.by_id(self.agent_id))
        if agent is None:
            raise NotFound("There is no such agent.")
        # From here on nothing is refused.
        if agent.status != self.status:
            books.put(msgspec.structs.replace(agent, status=self.status.value))
            books.record(
                "agent.status_changed",
                agent.id,
                {"agent": agent.id, "status": self.status, "reason": self.reason},
            )
        return AgentStatusSet(agent_id=agent.id, status=self.status, timestamp=books.now)
