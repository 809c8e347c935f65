"""An agent that owes us has float again: the float pays, by itself, as far as it reaches."""

from __future__ import annotations

from uuid import UUID

from commands.agent.float_levels import watch_float
from commands.agent.row import Agent
from commands.command import Answer, Command, Rounds
from commands.treasury.debts import OWED_BY_AGENT, account_of_debt, debt_key, debt_of
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import NotFound
from ledger.journal import move
from ledger.money import Money


class DebtCollected(Answer, frozen=True, kw_only=True):
    """What was collected now, and what the agent still owes."""

    amount: Money
    owed: Money


class CollectDebt(Command[DebtCollected], frozen=True, kw_only=True):
    """Take what an agent owes us from its float, down to the float's floor at most."""

    transaction_id: UUID
    agent_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Agent.by_id(self.agent_id), debt_key(OWED_BY_AGENT, self.agent_id))
        agent = books.find(Agent.by_id(self.agent_id))
        if agent is not None:
            yield (Account.by_id(agent.float_id),)

    def decide(self, books: Books) -> DebtCollected:
        agent = books.find(Agent.by_id(self.agent_id))
        if agent is None:
            raise NotFound("There is no such agent.")
        # From here on nothing is refused.
        owed = debt_of(books, OWED_BY_AGENT, agent.id)
        amount = min(owed, max(0, books.account(agent.float_id).free_minor))
        if amount:
            self._collect(books, agent, amount, owed - amount)
        return DebtCollected(amount=Money(amount), owed=Money(owed - amount))

    def _collect(self, books: Books, agent: Agent, amount: int, left: int) -> None:
        debt = account_of_debt(books, OWED_BY_AGENT, agent.id)
        books.record(
            "agent.debt_collected",
            self.transaction_id,
            {"agent": agent.id, "amount": amount, "owed": left},
            move(Money(amount), debit_to=agent.float_id, credit_to=debt),
        )
        watch_float(books, agent.id)
