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
from commands.treasury.debts import OWED_BY_AGENT, OWED_BY_CUSTOMER, debt_key, debt_of
from commands.treasury.trust import OPERATING, TRUST, WRITE_OFFS, require_own_money
from ledger import chart
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.errors import (
    InsufficientFunds,
    InvalidRequest,
    LimitExceeded,
    NotFound,
    WalletNotOpen,
)
from ledger.journal import Entry, credit, debit, entry, move
from ledger.money import Money


class Adjustment(StrEnum):
    """What may be adjusted."""

    GOODWILL = "goodwill"  # we give a customer or agent money of our own
    AGENT_DEBT_COLLECTED = "agent_debt_collected"  # from the float
    AGENT_DEBT_WRITTEN_OFF = "agent_debt_written_off"  # we give it up, and make the trust whole
    CUSTOMER_DEBT_COLLECTED = "customer_debt_collected"  # from the wallet
    CUSTOMER_DEBT_WRITTEN_OFF = "customer_debt_written_off"


# Which debt it is about, if it is about one.
DEBTS = {
    Adjustment.AGENT_DEBT_COLLECTED: OWED_BY_AGENT,
    Adjustment.AGENT_DEBT_WRITTEN_OFF: OWED_BY_AGENT,
    Adjustment.CUSTOMER_DEBT_COLLECTED: OWED_BY_CUSTOMER,
    Adjustment.CUSTOMER_DEBT_WRITTEN_OFF: OWED_BY_CUSTOMER,
}
COLLECTED = (Adjustment.AGENT_DEBT_COLLECTED, Adjustment.CUSTOMER_DEBT_COLLECTED)


class Adjust(Change, frozen=True, kw_only=True):
    """One adjustment, for one customer (`userId`) or one agent (`agentId`)."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT, Role.OPERATOR)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT, Role.OPERATOR)

    adjustment: Adjustment
    amount: Money
    user_id: UUID | None = None
    agent_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        debt = self._debt()
        yield (
            *(Account.by_id(account) for account in (TRUST, OPERATING, WRITE_OFFS)),
            *((Person.by_id(self.user_id),) if self.user_id is not None else ()),
            *((Agent.by_id(self.agent_id),) if self.agent_id is not None else ()),
            *((debt_key(*debt),) if debt is not None else ()),
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
        if self.adjustment in DEBTS:
            self._require_owed(books)
        if self.adjustment not in COLLECTED:
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
        amount, debt = self.amount, self._debt()
        given = account.id if debt is None else chart.owed_by(*debt)
        if self.adjustment in COLLECTED:
            return move(amount, debit_to=account.id, credit_to=given)
        return entry(
            debit(WRITE_OFFS, amount),
            debit(TRUST, amount),
            credit(given, amount),
            credit(OPERATING, amount),
        )

    def _debt(self) -> tuple[str, UUID] | None:
        """The code of the debt that it is about, and whose that is."""
        code = DEBTS.get(self.adjustment)
        debtor = self.agent_id if code == OWED_BY_AGENT else self.user_id
        return None if code is None or debtor is None else (code, debtor)

    def _require_owed(self, books: Books) -> None:
        debt = self._debt()
        if debt is None:
            owes = "agentId" if DEBTS[self.adjustment] == OWED_BY_AGENT else "userId"
            raise InvalidRequest(field=owes, reason="says who owes it")
        owed = debt_of(books, *debt)
        if owed < self.amount.minor:
            raise LimitExceeded(limit="owed", left=str(Money(owed).decimal))

    def _holder(self, books: Books) -> UUID | None:
        if self.user_id is not None:
            person = books.find(Person.by_id(self.user_id))
            return None if person is None else person.wallet_id
        agent = None if self.agent_id is None else books.find(Agent.by_id(self.agent_id))
        return None if agent is None else agent.float_id

    def _require_account(self, books: Books) -> Account:
        """The account of whom it is about. Closed, it takes no money; a debt outlives it."""
        holder = self._holder(books)
        if holder is None:
            raise NotFound("There is no such customer or agent.")
        account = books.account(holder)
        if account.status is Status.CLOSED and self.adjustment not in DEBTS:
            raise WalletNotOpen(status=account.status)
        return account
