"""Adjustments: a few corrections with names, each one entry, by four eyes. Nothing is edited."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from commands.agent.float_levels import watch_float
from commands.agent.row import Agent
from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.treasury.trust import OPERATING, TRUST, WRITE_OFFS, require_own_money
from ledger import chart
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.errors import InsufficientFunds, InvalidRequest, NotFound, WalletNotOpen
from ledger.journal import Entry, credit, debit, entry, move
from ledger.money import Money

AGENTS_OWE = chart.the(chart.AGENT_RECEIVABLE)


class Adjustment(StrEnum):
    """What may be adjusted."""

    GOODWILL = "goodwill"  # we give a customer or agent money of our own
    AGENT_DEBT_COLLECTED = "agent_debt_collected"  # from the float
    AGENT_DEBT_WRITTEN_OFF = "agent_debt_written_off"  # we give it up, and make the trust whole


class Adjust(Change, frozen=True, kw_only=True):
    """One adjustment, for one customer (`userId`) or one agent (`agentId`)."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT, Role.OPERATOR)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT, Role.OPERATOR)

    adjustment: Adjustment
    amount: Money
    user_id: UUID | None = None
    agent_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        fixed = (TRUST, OPERATING, WRITE_OFFS, AGENTS_OWE)
        yield (
            *(Account.by_id(account) for account in fixed),
            *((Person.by_id(self.user_id),) if self.user_id is not None else ()),
            *((Agent.by_id(self.agent_id),) if self.agent_id is not None else ()),
        )
        holder = self._holder(books)
        if holder is not None:
            yield (Account.by_id(holder),)

    def require_possible(self, books: Books, maker: Person) -> None:
        if self.amount.minor <= 0:
            raise InvalidRequest(field="amount", reason="must be above zero")
        if (self.user_id is None) == (self.agent_id is None):
            raise InvalidRequest(field="userId", reason="or agentId says whose, and not both")
        account = self._require_account(books)
        if self.adjustment is not Adjustment.GOODWILL:
            self._require_owed(books)
        if self.adjustment is not Adjustment.AGENT_DEBT_COLLECTED:
            require_own_money(books, self.amount)
        elif account.free_minor < self.amount.minor:
            raise InsufficientFunds

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        account = self._require_account(books)
        number = books.record(
            "adjustment.made",
            proposal_id,
            {
                "adjustment": self.adjustment,
                "user": self.user_id,
                "agent": self.agent_id,
                "wallet": account.id if self.user_id is not None else None,
                "amount": self.amount.minor,
                "checker": checker.id,
            },
            self._entry(account),
        )
        if self.agent_id is not None:
            watch_float(books, self.agent_id)
        return {"entry": number}

    def _entry(self, account: Account) -> Entry:
        amount = self.amount
        if self.adjustment is Adjustment.AGENT_DEBT_COLLECTED:
            return move(amount, debit_to=account.id, credit_to=AGENTS_OWE)
        given = account.id if self.adjustment is Adjustment.GOODWILL else AGENTS_OWE
        return entry(
            debit(WRITE_OFFS, amount),
            debit(TRUST, amount),
            credit(given, amount),
            credit(OPERATING, amount),
        )

    def _require_owed(self, books: Books) -> None:
        if self.agent_id is None:
            raise InvalidRequest(field="agentId", reason="says who owes it")
        if books.account(AGENTS_OWE).holds_minor < self.amount.minor:
            raise InvalidRequest(field="amount", reason="is more than agents owe")

    def _holder(self, books: Books) -> UUID | None:
        if self.user_id is not None:
            person = books.find(Person.by_id(self.user_id))
            return None if person is None else person.wallet_id
        agent = None if self.agent_id is None else books.find(Agent.by_id(self.agent_id))
        return None if agent is None else agent.float_id

    def _require_account(self, books: Books) -> Account:
        holder = self._holder(books)
        if holder is None:
            raise NotFound("There is no such customer or agent.")
        account = books.account(holder)
        if account.status is Status.CLOSED:
            raise WalletNotOpen(status=account.status)
        return account
