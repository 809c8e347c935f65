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
from commands.agent.float_levels import watch_float
from commands.agent.lifecycle import Happening, require_move
from commands.agent.row import Agent, AgentRequest, RequestStatus
from commands.agent.till import Till, till_at_work, till_keys, till_of
from commands.command import Command, Rounds
from commands.risk.activity import Activity
from commands.risk.gate import count_at, require_room_at
from commands.risk.limits import AGENT, THE_LIMITS, TILL
from commands.risk.watch import Watch, counter_of, note_wrong_at_counter
from commands.tariff import TAXES, Operation, Tariff
from commands.withdrawal.hold import HELD, end_hold
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import InvalidCode
from ledger.journal import credit, debit, entry
from ledger.money import Money

TRIES_MAX = 3
CASH_OUT = Operation.AGENT_CASH_OUT

FEES = chart.the(chart.FEE_AGENT)
COMMISSION = chart.the(chart.COMMISSION_CASH_OUT)


class ConfirmCashOut(Command[RequestStatus], frozen=True, kw_only=True):
    """Move the hold into the agent's float, with the commission; the fee is earned.

    `older_digests` is what was typed, hashed under keys that were active before.
    """

    transaction_id: UUID
    agent_id: UUID
    pickup_digest: bytes
    older_digests: tuple[bytes, ...] = ()
    operator_id: UUID | None = None  # who stands at the counter

    def touches(self, books: Books) -> Rounds:
        yield (
            Agent.by_id(self.agent_id),
            Account.by_id(FEES),
            Account.by_id(TAXES),
            Account.by_id(COMMISSION),
            Tariff.of(CASH_OUT),
            Watch.by_id(counter_of(self.agent_id)),
            *till_keys(self.operator_id),
        )
        agent = books.find(Agent.by_id(self.agent_id))
        if agent is not None:
            till = till_of(books, self.operator_id)
            places = (agent.id,) if till is None else (agent.id, till.id)
            activities = tuple(Activity.of(place) for place in places)
            yield (Account.by_id(agent.float_id), THE_LIMITS, *activities)
        yield from request_touches(books, self.transaction_id)

    def decide(self, books: Books) -> RequestStatus:
        request = self._require_pending(books)
        agent = books.get(Agent.by_id(self.agent_id))
        agent.require_serves(request.user_id)
        float_ = books.account(agent.float_id)
        books.require_open(float_)
        books.require_open(books.account(request.wallet_id))
        till = till_at_work(books, agent, self.operator_id)
        if till is not None:
            till.require_cash(request.amount)
        if not self._is_code_of(request):
            tries = request.tries + 1
            raise InvalidCode(triesLeft=TRIES_MAX - tries).leaving(
                lambda left: _count_try(left, request, tries)
            )
        self._require_room(books, till, request)
        # From here on nothing is refused.
        self._count(books, till, request)
        confirmed = request.moved(Happening.CONFIRMED)
        amount, commission = Money(request.amount), Money(request.commission)
        edition = books.get(Tariff.of(CASH_OUT)).edition(request.tariff_edition)
        books.put(confirmed)
        end_hold(books, request.wallet_id, request.held)
        books.record(
            "cash_out.confirmed",
            confirmed.id,
            confirmed.facts(till=None if till is None else till.id),
            entry(
                debit(HELD, request.held),
                debit(COMMISSION, commission),
                credit(float_.id, amount + commission),
                *edition.earned(FEES, Money(request.fee)),
            ),
        )
        watch_float(books, agent.id)
        return RequestStatus.of(books, confirmed)

    def _is_code_of(self, request: AgentRequest) -> bool:
        assert request.pickup_digest is not None, "a pending request has a pick-up code"
        typed = (self.pickup_digest, *self.older_digests)
        fits = [hmac.compare_digest(request.pickup_digest, each) for each in typed]
        return any(fits)

    def _require_room(self, books: Books, till: Till | None, request: AgentRequest) -> None:
        """Raises LimitExceeded when the day of the agent or of the till is spent."""
        require_room_at(books, AGENT, self.agent_id, CASH_OUT, request.amount)
        if till is not None:
            require_room_at(books, TILL, till.id, CASH_OUT, request.amount)

    def _count(self, books: Books, till: Till | None, request: AgentRequest) -> None:
        """What was paid counts for the agent, and comes out of the drawer of an open till."""
        paid, wallet_id = request.amount, request.wallet_id
        count_at(books, self.agent_id, CASH_OUT, paid, wallet_id, inward=True)
        if till is not None:
            count_at(books, till.id, CASH_OUT, paid, wallet_id, inward=True)
            books.put(till.gave(paid))

    def _require_pending(self, books: Books) -> AgentRequest:
        request = require_named_agent(books, self.transaction_id, self.agent_id)
        require_in_time(books, request)
        require_move(request.state, Happening.CONFIRMED)
        return request


def _count_try(books: Books, request: AgentRequest, tries: int) -> None:
    """Count a wrong try; the last one that is allowed refuses the request and frees the hold."""
    assert request.agent_id is not None, "a code is tried at somebody's counter"
    note_wrong_at_counter(books, request.agent_id)
    if tries >= TRIES_MAX:
        refused = request.moved(Happening.TRIED_WRONG_ONCE_TOO_OFTEN, tries=tries)
        write_unpaid(books, refused, reason="tries", tries=tries)
        return
    tried = request.moved(Happening.TRIED_WRONG, tries=tries)
    books.put(tried)
    books.record("cash_out.code_tried", tried.id, tried.facts(tries=tries))
