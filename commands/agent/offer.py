"""A customer asks all agents near: who takes the request first has it, and pays it like any other.

An agent who does not want it declines; one who has taken it and cannot pay gives it back to the
others. When nobody is left, the money goes back to the customer.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from commands.agent.ending import request_touches, require_in_time, write_unpaid
from commands.agent.lifecycle import Happening, require_move
from commands.agent.request_cash_out import CashWish, Counter
from commands.agent.row import Agent, AgentRequest, RequestStatus, require_open_agent
from commands.command import Command, Rounds
from ledger.accounts import Account
from ledger.books import OPEN, Books
from ledger.errors import Conflict, NotFound
from ledger.rows import Key

OFFERED_MAX = 20  # agents to whom one request is offered at most


class OfferCashOut(CashWish, frozen=True, kw_only=True):
    """Offer a request to agents who are near, the nearest first.

    Of those whom the edge has found, only the ones count that are open, have at least this much
    float, and do not serve themselves by it.
    """

    agent_ids: tuple[UUID, ...]

    def agent_keys(self) -> tuple[Key[Any], ...]:
        return tuple(Agent.by_id(agent_id) for agent_id in self.agent_ids[:OFFERED_MAX])

    def float_keys(self, books: Books) -> tuple[Key[Any], ...]:
        return tuple(Account.by_id(agent.float_id) for agent in self._agents(books))

    def counter(self, books: Books) -> Counter:
        able = tuple(agent.id for agent in self._agents(books) if self._able(books, agent))
        if not able:
            raise NotFound("There is no agent near who can pay this now.")
        return None, able

    def _agents(self, books: Books) -> list[Agent]:
        found = [books.find(key) for key in self.agent_keys()]
        return [agent for agent in found if agent is not None and agent.open]

    def _able(self, books: Books, agent: Agent) -> bool:
        float_ = books.account(agent.float_id)
        has_float = float_.status is OPEN and float_.holds_minor >= self.amount.minor
        return has_float and self.user_id not in agent.insiders


class TakeOffer(Command[RequestStatus], frozen=True, kw_only=True):
    """An agent takes an offered request: it is this agent's now."""

    transaction_id: UUID
    agent_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Agent.by_id(self.agent_id),)
        yield from request_touches(books, self.transaction_id)

    def decide(self, books: Books) -> RequestStatus:
        request = require_offered(books, self.transaction_id, self.agent_id)
        agent = require_open_agent(books, self.agent_id)
        agent.require_serves(request.user_id)
        taken = request.moved(
            Happening.TAKEN,
            agent_id=agent.id,
            offered_to=_without(request, agent.id),
        )
        # From here on nothing is refused.
        books.put(taken)
        # The others hear of it too: it is theirs no more.
        books.record("cash_out.taken", taken.id, taken.facts(offeredTo=list(taken.offered_to)))
        return RequestStatus.of(books, taken)


class DeclineOffer(Command[RequestStatus], frozen=True, kw_only=True):
    """An agent does not want an offered request; the last one to say so ends it."""

    transaction_id: UUID
    agent_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield from request_touches(books, self.transaction_id)

    def decide(self, books: Books) -> RequestStatus:
        request = require_offered(books, self.transaction_id, self.agent_id)
        require_move(request.state, Happening.DECLINED)
        # From here on nothing is refused.
        return RequestStatus.of(books, pass_on(books, request, self.agent_id, "declined"))


def require_offered(books: Books, request_id: UUID, agent_id: UUID) -> AgentRequest:
    """The request that is offered to this agent, among others.

    Raises NotFound when it never was, Conflict when somebody else has it, CodeExpired.
    """
    request = books.find(AgentRequest.by_id(request_id))
    if request is None or agent_id not in (*request.offered_to, request.agent_id):
        raise NotFound
    require_in_time(books, request)
    if request.agent_id is not None:
        raise Conflict("Another agent has taken this request.", state=request.state)
    return request


def pass_on(books: Books, request: AgentRequest, agent_id: UUID, reason: str) -> AgentRequest:
    """An agent is out of it: the others are asked, or the money goes back when there are none."""
    left = _without(request, agent_id)
    if not left:
        refused = request.moved(Happening.REFUSED, offered_to=())
        return write_unpaid(books, refused, reason=reason)
    passed = msgspec.structs.replace(
        request.moved(Happening.DECLINED), agent_id=None, offered_to=left
    )
    books.put(passed)
    books.record("cash_out.passed_on", passed.id, passed.facts(by=agent_id, reason=reason))
    return passed


def _without(request: AgentRequest, agent_id: UUID) -> tuple[UUID, ...]:
    return tuple(each for each in request.offered_to if each != agent_id)
