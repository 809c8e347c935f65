"""Float goes from a super-agent to one of its outlets, or back: rebalancing without the bank."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from commands.agent.float_levels import watch_float
from commands.agent.row import Agent, require_open_agent
from commands.command import Answer, Command, Rounds
from commands.treasury.debts import OWED_BY_AGENT, debt_key, require_covered_beside_debt
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Forbidden
from ledger.journal import move
from ledger.money import Money


class FloatSent(Answer, frozen=True, kw_only=True):
    """The movement of float."""

    transaction_id: UUID
    amount: Money
    timestamp: datetime


class SendFloat(Command[FloatSent], frozen=True, kw_only=True):
    """Move float between a super-agent and one of its own outlets."""

    transaction_id: UUID
    agent_id: UUID
    to_agent_id: UUID
    amount: Money

    def touches(self, books: Books) -> Rounds:
        yield (Agent.by_id(self.agent_id), Agent.by_id(self.to_agent_id))
        agents = [books.find(Agent.by_id(each)) for each in (self.agent_id, self.to_agent_id)]
        yield (
            debt_key(OWED_BY_AGENT, self.agent_id),
            *(Account.by_id(agent.float_id) for agent in agents if agent is not None),
        )

    def decide(self, books: Books) -> FloatSent:
        giver = require_open_agent(books, self.agent_id)
        taker = require_open_agent(books, self.to_agent_id)
        if taker.parent_id != giver.id and giver.parent_id != taker.id:
            raise Forbidden("Float goes between a super-agent and its own outlets only.")
        float_ = books.account(giver.float_id)
        require_covered_beside_debt(books, float_, giver.id, self.amount.minor)
        books.require_open(books.account(taker.float_id))
        # From here on nothing is refused.
        books.record(
            "float.sent",
            self.transaction_id,
            {"agent": giver.id, "toAgent": taker.id, "amount": self.amount.minor},
            move(self.amount, debit_to=giver.float_id, credit_to=taker.float_id),
        )
        watch_float(books, giver.id)
        watch_float(books, taker.id)
        return FloatSent(
            transaction_id=self.transaction_id, amount=self.amount, timestamp=books.now
        )
