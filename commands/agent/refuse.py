"""The agent does not pay: the customer's money goes back at once."""

from __future__ import annotations

from uuid import UUID

from commands.agent.ending import (
    end_unpaid,
    request_touches,
    require_in_time,
    require_named_agent,
)
from commands.agent.lifecycle import Happening
from commands.agent.row import RequestStatus
from commands.command import Command, Rounds
from ledger.books import Books


class RefuseCashOut(Command[RequestStatus], frozen=True, kw_only=True):
    """Refuse a pending request that names this agent."""

    transaction_id: UUID
    agent_id: UUID
    reason: str

    def touches(self, books: Books) -> Rounds:
        yield from request_touches(books, self.transaction_id)

    def decide(self, books: Books) -> RequestStatus:
        request = require_named_agent(books, self.transaction_id, self.agent_id)
        require_in_time(books, request)
        refused = end_unpaid(books, request, Happening.REFUSED, reason=self.reason)
        return RequestStatus.of(books, refused)
