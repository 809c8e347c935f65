"""Ends of a request for which nothing was paid: the whole hold goes back, the fee too."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from commands.agent.lifecycle import Happening, RequestState
from commands.agent.row import AgentRequest
from commands.command import Rounds
from commands.risk import gate
from commands.tariff import Operation
from commands.withdrawal.hold import give_back, hold_keys
from ledger.books import COUNTRY, Books
from ledger.errors import CodeExpired, NotFound


def request_touches(books: Books, request_id: UUID) -> Rounds:
    """The rows that the end of a request changes."""
    yield (AgentRequest.by_id(request_id),)
    request = books.find(AgentRequest.by_id(request_id))
    if request is not None:
        yield hold_keys(request.wallet_id)


def require_named_agent(books: Books, request_id: UUID, agent_id: UUID) -> AgentRequest:
    """The request, for the agent whom the customer named. Raises NotFound for any other."""
    request = books.find(AgentRequest.by_id(request_id))
    if request is None or request.agent_id != agent_id:
        raise NotFound
    return request


def require_in_time(books: Books, request: AgentRequest) -> None:
    """Raises CodeExpired when a pending request is overdue; its hold goes back all the same."""
    if request.state is RequestState.PENDING and books.passed(request.expires_at):
        raise CodeExpired().leaving(partial(_lapse, request=request))


def _lapse(books: Books, request: AgentRequest) -> None:
    end_unpaid(books, request, Happening.LAPSED)


def end_unpaid(
    books: Books, request: AgentRequest, happening: Happening, **facts: Any
) -> AgentRequest:
    """End it. Raises Conflict when that cannot happen to it now; nothing else stops it."""
    return write_unpaid(books, request.moved(happening), **facts)


def write_unpaid(books: Books, ended: AgentRequest, **facts: Any) -> AgentRequest:
    """Write the end of a request that has moved already."""
    books.put(ended)
    requested_on = ended.requested_at.astimezone(COUNTRY).date()
    gate.give_back(books, Operation.AGENT_CASH_OUT, ended.wallet_id, ended.amount, requested_on)
    books.record(
        f"cash_out.{ended.state}",
        ended.id,
        ended.facts(**facts),
        give_back(books, ended.wallet_id, ended.held),
    )
    return ended
