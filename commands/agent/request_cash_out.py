"""A customer wants cash from an agent: the money is set aside until the agent has paid it out."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from commands.agent.lifecycle import Happening, RequestState, require_move
from commands.agent.row import Agent, AgentRequest
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, require_customer
from commands.tariff import Operation, Tariff
from commands.withdrawal.hold import hold_keys, set_aside
from ledger.books import Books
from ledger.errors import NotFound
from ledger.money import Money


class CashOutRequested(Answer, frozen=True, kw_only=True):
    """The request, which now waits for the agent."""

    transaction_id: UUID
    status: RequestState
    timestamp: datetime


class RequestCashOut(Command[CashOutRequested], frozen=True, kw_only=True):
    """Set an amount and its fee aside for one agent. A pick-up code will prove who comes for it."""

    transaction_id: UUID
    user_id: UUID
    session_id: UUID | None
    agent_id: UUID
    amount: Money
    pickup_digest: bytes
    pickup_seal: bytes
    ttl_seconds: int

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Agent.by_id(self.agent_id),
            Tariff.of(Operation.AGENT_CASH_OUT),
        )
        person = books.find(Person.by_id(self.user_id))
        if person is not None and person.wallet_id is not None:
            yield hold_keys(person.wallet_id)

    def decide(self, books: Books) -> CashOutRequested:
        wallet = books.account(require_customer(books, self.user_id).wallet)
        books.require_open(wallet)
        agent = books.find(Agent.by_id(self.agent_id))
        if agent is None or not agent.open:
            raise NotFound("There is no such agent.")
        edition = books.get(Tariff.of(Operation.AGENT_CASH_OUT)).now(books)
        band = edition.band(self.amount)
        books.require_covered(wallet, self.amount.minor + band.fee)
        # From here on nothing is refused.
        request = AgentRequest(
            id=self.transaction_id,
            user_id=self.user_id,
            wallet_id=wallet.id,
            session_id=self.session_id,
            agent_id=agent.id,
            state=require_move(None, Happening.REQUESTED),
            amount=self.amount.minor,
            fee=band.fee,
            commission=band.commission,
            tariff_edition=edition.number,
            pickup_digest=self.pickup_digest,
            pickup_seal=self.pickup_seal,
            requested_at=books.now,
            expires_at=books.now + timedelta(seconds=self.ttl_seconds),
        )
        books.put(request)
        books.record(
            "cash_out.requested",
            request.id,
            request.facts(tariffEdition=edition.number, expiresAt=request.expires_at),
            set_aside(books, wallet.id, request.held),
        )
        return CashOutRequested(
            transaction_id=request.id, status=request.state, timestamp=books.now
        )
