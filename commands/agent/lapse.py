"""Nobody came for the cash: the hold goes back. Judged by the database's clock."""

from __future__ import annotations

from uuid import UUID

from commands.agent.ending import end_unpaid, request_touches
from commands.agent.lifecycle import Happening, RequestState
from commands.agent.row import AgentRequest
from commands.command import Answer, Command, Rounds
from ledger.books import Books
from ledger.errors import NotFound


class Lapsed(Answer, frozen=True, kw_only=True):
    """Whether the request ended now."""

    lapsed: bool


class LapseCashOut(Command[Lapsed], frozen=True, kw_only=True):
    """End a pending request that is overdue; any other is left as it is."""

    transaction_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield from request_touches(books, self.transaction_id)

    def decide(self, books: Books) -> Lapsed:
        request = books.find(AgentRequest.by_id(self.transaction_id))
        if request is None:
            raise NotFound
        # From here on nothing is refused.
        overdue = request.state is RequestState.PENDING and books.passed(request.expires_at)
        if overdue:
            end_unpaid(books, request, Happening.LAPSED)
        return Lapsed(lapsed=overdue)
