"""The agent does not pay: the customer's money goes back at once, or others near are asked."""

from __future__ import annotations

from uuid import UUID

from commands.agent.ending import (
    end_unpaid,
    request_touches,
    require_in_time,
    require_named_agent,
)
from commands.agent.lifecycle import Happening, require_move
from commands.agent.offer import pass_on
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
        if request.offered_to:
            require_move(request.state, Happening.DECLINED)
            # From here on nothing is refused.
            refused = pass_on(books, request, self.agent_id, self.reason)
        else:
            refused = end_unpaid(books, request, Happening.REFUSED, reason=self.reason)
        return RequestStatus.of(books, refused)
