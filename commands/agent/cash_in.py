"""A customer pays cash in at an agent: the agent's float becomes the customer's money."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from commands.agent.float_levels import watch_float
from commands.agent.row import Agent, require_open_agent
from commands.agent.till import Till, till_at_work, till_keys, till_of
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.risk.gate import gate_keys, require_passed
from commands.risk.movement import Movement
from commands.tariff import Operation, Tariff
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import NotFound
from ledger.journal import Entry, credit, debit, entry
from ledger.money import Money

COMMISSION = chart.the(chart.COMMISSION_CASH_IN)


class CashedIn(Answer, frozen=True, kw_only=True):
    """What the customer has more now, and what the agent earned."""

    transaction_id: UUID
    amount: Money
    commission: Money
    timestamp: datetime


class CashIn(Command[CashedIn], frozen=True, kw_only=True):
    """Move an amount from an agent's float to a customer's wallet, and pay the commission."""

    transaction_id: UUID
    agent_id: UUID
    user_id: UUID
    amount: Money
    operator_id: UUID | None = None  # who stands at the counter

    def touches(self, books: Books) -> Rounds:
        yield (
            Agent.by_id(self.agent_id),
            Person.by_id(self.user_id),
            Tariff.of(Operation.AGENT_CASH_IN),
            Account.by_id(COMMISSION),
            *till_keys(self.operator_id),
        )
        agent = books.find(Agent.by_id(self.agent_id))
        person = books.find(Person.by_id(self.user_id))
        if agent is None or person is None or person.wallet_id is None:
            return
        accounts = (Account.by_id(agent.float_id), Account.by_id(person.wallet_id))
        till = till_of(books, self.operator_id)
        till_id = None if till is None else till.id
        yield (*accounts, *gate_keys(person.wallet_id, agent_id=agent.id, till_id=till_id))

    def decide(self, books: Books) -> CashedIn:
        agent = require_open_agent(books, self.agent_id)
        person = self._customer(books)
        agent.require_serves(person.id)
        till = till_at_work(books, agent, self.operator_id)
        wallet = books.account(person.wallet)
        float_ = books.account(agent.float_id)
        edition = books.get(Tariff.of(Operation.AGENT_CASH_IN)).now(books)
        commission = Money(edition.band(self.amount, person.tier).commission)
        books.require_receiving(wallet)
        books.require_covered(float_, self.amount.minor)
        passed = require_passed(books, self._movement(person, wallet, till))
        # From here on nothing is refused.
        if till is not None:
            books.put(till.took(self.amount.minor))
        books.record(
            "cash_in.made",
            self.transaction_id,
            {
                "agent": agent.id,
                "till": None if till is None else till.id,
                "user": person.id,
                "wallet": wallet.id,
                "amount": self.amount.minor,
                "commission": commission.minor,
                "tariffEdition": edition.number,
                **passed.note(books, self.transaction_id),
            },
            self._entry(float_.id, wallet.id, commission),
        )
        watch_float(books, agent.id)
        return CashedIn(
            transaction_id=self.transaction_id,
            amount=self.amount,
            commission=commission,
            timestamp=books.now,
        )

    def _movement(self, person: Person, wallet: Account, till: Till | None) -> Movement:
        return Movement(
            operation=Operation.AGENT_CASH_IN,
            amount=self.amount.minor,
            fee=0,
            person=person,
            wallet=wallet,
            agent_id=self.agent_id,
            till_id=None if till is None else till.id,
        )

    def _entry(self, float_id: UUID, wallet_id: UUID, commission: Money) -> Entry:
        return entry(
            debit(float_id, self.amount),
            debit(COMMISSION, commission),
            credit(wallet_id, self.amount),
            credit(float_id, commission),
        )

    def _customer(self, books: Books) -> Person:
        person = books.find(Person.by_id(self.user_id))
        if person is None or person.role is not Role.CUSTOMER or not person.active:
            raise NotFound("There is no such customer.")
        return person
