"""A customer pays cash in at an agent: the agent's float becomes the customer's money."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from commands.agent.row import Agent
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.tariff import Operation, Tariff
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import NotFound
from ledger.journal import credit, debit, entry
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

    def touches(self, books: Books) -> Rounds:
        yield (
            Agent.by_id(self.agent_id),
            Person.by_id(self.user_id),
            Tariff.of(Operation.AGENT_CASH_IN),
            Account.by_id(COMMISSION),
        )
        agent = books.find(Agent.by_id(self.agent_id))
        person = books.find(Person.by_id(self.user_id))
        accounts = (
            agent.float_id if agent is not None else None,
            person.wallet_id if person is not None else None,
        )
        yield tuple(Account.by_id(account) for account in accounts if account is not None)

    def decide(self, books: Books) -> CashedIn:
        agent = books.find(Agent.by_id(self.agent_id))
        if agent is None or not agent.open:
            raise NotFound("There is no such agent.")
        wallet = self._wallet(books)
        float_ = books.account(agent.float_id)
        edition = books.get(Tariff.of(Operation.AGENT_CASH_IN)).now(books)
        commission = Money(edition.band(self.amount).commission)
        books.require_open(wallet)
        books.require_covered(float_, self.amount.minor)
        # From here on nothing is refused.
        books.record(
            "cash_in.made",
            self.transaction_id,
            {
                "agent": agent.id,
                "wallet": wallet.id,
                "amount": self.amount.minor,
                "commission": commission.minor,
                "tariffEdition": edition.number,
            },
            entry(
                debit(float_.id, self.amount),
                debit(COMMISSION, commission),
                credit(wallet.id, self.amount),
                credit(float_.id, commission),
            ),
        )
        return CashedIn(
            transaction_id=self.transaction_id,
            amount=self.amount,
            commission=commission,
            timestamp=books.now,
        )

    def _wallet(self, books: Books) -> Account:
        person = books.find(Person.by_id(self.user_id))
        if person is None or person.role is not Role.CUSTOMER or not person.active:
            raise NotFound("There is no such customer.")
        return books.account(person.wallet)
