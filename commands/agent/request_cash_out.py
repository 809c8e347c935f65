"""A customer wants cash from an agent: the money is set aside until the agent has paid it out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from commands.agent.lifecycle import Happening, RequestState, require_move
from commands.agent.row import Agent, AgentRequest, require_open_agent
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, require_customer
from commands.risk.gate import gate_keys, require_passed
from commands.risk.movement import Movement
from commands.tariff import Band, Operation, Tariff
from commands.withdrawal.hold import hold_keys, set_aside
from ledger.books import Books
from ledger.money import Money
from ledger.rows import Key

# The agent who has it; or nobody yet, and those to whom it is offered.
Counter = tuple[UUID | None, tuple[UUID, ...]]


class CashOutRequested(Answer, frozen=True, kw_only=True):
    """The request, which now waits for the agent."""

    transaction_id: UUID
    status: RequestState
    timestamp: datetime


class CashWish(Command[CashOutRequested], frozen=True, kw_only=True):
    """Set an amount and its fee aside. A pick-up code will prove who comes for it."""

    transaction_id: UUID
    user_id: UUID
    session_id: UUID | None
    amount: Money
    pickup_digest: bytes
    pickup_seal: bytes
    ttl_seconds: int

    @property
    def named_agent(self) -> UUID | None:
        """The agent whom the customer names, if there is one."""
        return None

    def agent_keys(self) -> tuple[Key[Any], ...]:
        """The agents who may come to have it."""
        raise NotImplementedError

    def float_keys(self, books: Books) -> tuple[Key[Any], ...]:
        """What else is looked at of them."""
        return ()

    def counter(self, books: Books) -> Counter:
        """Who has it, or to whom it is offered. Raises NotFound or ServesItself."""
        raise NotImplementedError

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Tariff.of(Operation.AGENT_CASH_OUT),
            *self.agent_keys(),
        )
        person = books.find(Person.by_id(self.user_id))
        if person is not None and person.wallet_id is not None:
            gate = gate_keys(
                person.wallet_id, agent_id=self.named_agent, session_id=self.session_id
            )
            yield (*hold_keys(person.wallet_id), *gate, *self.float_keys(books))

    def decide(self, books: Books) -> CashOutRequested:
        person = require_customer(books, self.user_id)
        wallet = books.account(person.wallet)
        books.require_open(wallet)
        agent_id, offered_to = self.counter(books)
        edition = books.get(Tariff.of(Operation.AGENT_CASH_OUT)).now(books)
        band = edition.band(self.amount, person.tier)
        books.require_covered(wallet, self.amount.minor + band.fee)
        passed = require_passed(
            books,
            Movement(
                operation=Operation.AGENT_CASH_OUT,
                amount=self.amount.minor,
                fee=band.fee,
                person=person,
                wallet=wallet,
                session_id=self.session_id,
                agent_id=agent_id,
            ),
        )
        # From here on nothing is refused.
        request = self._request(books, wallet.id, (agent_id, offered_to), edition.number, band)
        books.put(request)
        books.record(
            "cash_out.requested",
            request.id,
            request.facts(
                tariffEdition=edition.number,
                expiresAt=request.expires_at,
                **passed.note(books, request.id),
            ),
            set_aside(books, wallet.id, request.held),
        )
        return CashOutRequested(
            transaction_id=request.id, status=request.state, timestamp=books.now
        )

    def _request(
        self, books: Books, wallet_id: UUID, counter: Counter, edition: int, band: Band
    ) -> AgentRequest:
        agent_id, offered_to = counter
        return AgentRequest(
            id=self.transaction_id,
            user_id=self.user_id,
            wallet_id=wallet_id,
            session_id=self.session_id,
            agent_id=agent_id,
            state=require_move(None, Happening.REQUESTED),
            amount=self.amount.minor,
            fee=band.fee,
            commission=band.commission,
            tariff_edition=edition,
            pickup_digest=self.pickup_digest,
            pickup_seal=self.pickup_seal,
            requested_at=books.now,
            expires_at=books.now + timedelta(seconds=self.ttl_seconds),
            offered_to=offered_to,
        )


class RequestCashOut(CashWish, frozen=True, kw_only=True):
    """Set it aside for one agent, by name."""

    agent_id: UUID

    @property
    def named_agent(self) -> UUID | None:
        return self.agent_id

    def agent_keys(self) -> tuple[Key[Any], ...]:
        return (Agent.by_id(self.agent_id),)

    def counter(self, books: Books) -> Counter:
        agent = require_open_agent(books, self.agent_id)
        agent.require_serves(self.user_id)
        return agent.id, ()
