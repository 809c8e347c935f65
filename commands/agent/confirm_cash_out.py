"""The agent pays: the pick-up code proves that the customer stands at the counter."""

from __future__ import annotations

import hmac
from uuid import UUID

from commands.agent.ending import (
    request_touches,
    require_in_time,
    require_named_agent,
    write_unpaid,
)
from commands.agent.lifecycle import Happening, require_move
from commands.agent.row import Agent, AgentRequest, RequestStatus
from commands.command import Command, Rounds
from commands.withdrawal.hold import HELD, end_hold
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import InvalidCode
from ledger.journal import credit, debit, entry
from ledger.money import Money

TRIES_MAX = 3

FEES = chart.the(chart.FEE_AGENT)
COMMISSION = chart.the(chart.COMMISSION_CASH_OUT)


class ConfirmCashOut(Command[RequestStatus], frozen=True, kw_only=True):
    """Move the hold into the agent's float, with the commission; the fee is earned."""

    transaction_id: UUID
    agent_id: UUID
    pickup_digest: bytes

    def touches(self, books: Books) -> Rounds:
        yield (Agent.by_id(self.agent_id), Account.by_id(FEES), Account.by_id(COMMISSION))
        agent = books.find(Agent.by_id(self.agent_id))
        if agent is not None:
            yield (Account.by_id(agent.float_id),)
        yield from request_touches(books, self.transaction_id)

    def decide(self, books: Books) -> RequestStatus:
        request = self._require_pending(books)
        float_ = books.account(books.get(Agent.by_id(self.agent_id)).float_id)
        books.require_open(float_)
        books.require_open(books.account(request.wallet_id))
        assert request.pickup_digest is not None, "a pending request has a pick-up code"
        if not hmac.compare_digest(request.pickup_digest, self.pickup_digest):
            tries = request.tries + 1
            raise InvalidCode(triesLeft=TRIES_MAX - tries).leaving(
                lambda left: _count_try(left, request, tries)
            )
        # From here on nothing is refused.
        confirmed = request.moved(Happening.CONFIRMED)
        amount, commission = Money(request.amount), Money(request.commission)
        books.put(confirmed)
        end_hold(books, request.wallet_id, request.held)
        books.record(
            "cash_out.confirmed",
            confirmed.id,
            confirmed.facts(),
            entry(
                debit(HELD, request.held),
                debit(COMMISSION, commission),
                credit(float_.id, amount + commission),
                credit(FEES, Money(request.fee)),
            ),
        )
        return RequestStatus.of(books, confirmed)

    def _require_pending(self, books: Books) -> AgentRequest:
        request = require_named_agent(books, self.transaction_id, self.agent_id)
        require_in_time(books, request)
        require_move(request.state, Happening.CONFIRMED)
        return request


def _count_try(books: Books, request: AgentRequest, tries: int) -> None:
    """Count a wrong try; the last one that is allowed refuses the request and frees the hold."""
    if tries >= TRIES_MAX:
        refused = request.moved(Happening.TRIED_WRONG_ONCE_TOO_OFTEN, tries=tries)
        write_unpaid(books, refused, reason="tries", tries=tries)
        return
    tried = request.moved(Happening.TRIED_WRONG, tries=tries)
    books.put(tried)
    books.record("cash_out.code_tried", tried.id, tried.facts(tries=tries))
