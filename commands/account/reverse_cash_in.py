"""A cash-in was wrong: the customer's money becomes the agent's float again, within a window.

The agent takes back what still lies in the wallet, soon after. Later, or when some of it is gone,
an operator does: what is missing the agent owes us, as it was the agent who typed it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from commands.agent.float_levels import watch_float
from commands.agent.row import Agent
from commands.agent.till import Till
from commands.books.journal_entry import NUMBER_MAX, JournalEntry
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from commands.risk import gate
from commands.risk.activity import Activity
from commands.tariff import Operation
from commands.treasury.debts import OWED_BY_AGENT, account_of_debt, debt_key
from ledger import chart
from ledger.accounts import Account, Status
from ledger.books import COUNTRY, Books
from ledger.errors import Conflict, InsufficientFunds, NotFound, WalletNotOpen
from ledger.journal import Line, credit, debit, entry
from ledger.money import Money

MADE = "cash_in.made"
MAY_REVERSE = (Role.AGENT, Role.OPERATOR)
COMMISSION = chart.the(chart.COMMISSION_CASH_IN)


class CashInReversed(Answer, frozen=True, kw_only=True):
    """What went back to the float, and what of it the wallet no longer had."""

    transaction_id: UUID
    reverses: UUID
    amount: Money
    shortfall: Money
    timestamp: datetime


class CashedIn(msgspec.Struct, frozen=True):
    """The cash-in, as its entry tells it."""

    entry: JournalEntry
    agent_id: UUID
    float_id: UUID
    wallet_id: UUID
    till_id: UUID | None
    amount: Money
    commission: Money


class ReverseCashIn(Command[CashInReversed], frozen=True, kw_only=True):
    """Take a cash-in back, once, with its commission. `entry_number` is that of its entry."""

    transaction_id: UUID
    cash_in_id: UUID
    entry_number: int
    user_id: UUID
    reason: str
    agent_seconds: int
    operator_seconds: int

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Account.by_id(COMMISSION),
            *((JournalEntry.by_number(self.entry_number),) if self._is_number else ()),
        )
        made = self._made(books)
        if made is not None:
            yield (
                Account.by_id(made.float_id),
                Account.by_id(made.wallet_id),
                Activity.of(made.agent_id),
                Agent.by_id(made.agent_id),
                debt_key(OWED_BY_AGENT, made.agent_id),
                *((Till.by_id(made.till_id),) if made.till_id is not None else ()),
                *((Activity.of(made.till_id),) if made.till_id is not None else ()),
            )

    def decide(self, books: Books) -> CashInReversed:
        person = require_staff(books, self.user_id, *MAY_REVERSE)
        made = self._made(books)
        if made is None or (person.role is Role.AGENT and person.agent_id != made.agent_id):
            raise NotFound("There is no such cash-in.")
        self._require_in_time(books, made, person)
        shortfall = self._require_there(books, made, person)
        # From here on nothing is refused.
        self._use_again(books, made)
        till_id = _take_out_of_till(books, made)
        wallet = books.account(made.wallet_id)
        owed = _owe(books, made, shortfall)
        number = books.record(
            "cash_in.reversed",
            self.transaction_id,
            {
                "agent": made.agent_id,
                "user": wallet.owner,
                "wallet": wallet.id,
                "cashIn": self.cash_in_id,
                "till": till_id,
                "amount": made.amount.minor,
                "commission": made.commission.minor,
                "shortfall": shortfall.minor,
                "by": person.id,
                "reason": self.reason,
            },
            entry(
                debit(wallet.id, made.amount - shortfall),
                *owed,
                debit(made.float_id, made.commission),
                credit(made.float_id, made.amount),
                credit(COMMISSION, made.commission),
                reverses=made.entry.number,
            ),
        )
        books.put(msgspec.structs.replace(made.entry, reversed_by=number))
        watch_float(books, made.agent_id)
        return CashInReversed(
            transaction_id=self.transaction_id,
            reverses=self.cash_in_id,
            amount=made.amount,
            shortfall=shortfall,
            timestamp=books.now,
        )

    @property
    def _is_number(self) -> bool:
        return 0 < self.entry_number <= NUMBER_MAX

    def _made(self, books: Books) -> CashedIn | None:
        if not self._is_number:
            return None
        made = books.find(JournalEntry.by_number(self.entry_number))
        if made is None or made.kind != MADE or made.subject != self.cash_in_id:
            return None
        told = made.payload
        # The float's first line gives the amount: see `CashIn`.
        return CashedIn(
            entry=made,
            agent_id=UUID(str(told["agent"])),
            float_id=made.accounts[0],
            wallet_id=UUID(str(told["wallet"])),
            till_id=UUID(str(told["till"])) if told.get("till") else None,
            amount=Money(int(told["amount"])),
            commission=Money(int(told["commission"])),
        )

    def _require_in_time(self, books: Books, made: CashedIn, person: Person) -> None:
        if made.entry.reversed_by is not None:
            raise Conflict("This cash-in was taken back before.", state="reversed")
        agent = person.role is Role.AGENT
        seconds = self.agent_seconds if agent else self.operator_seconds
        if books.passed(made.entry.recorded_at + timedelta(seconds=seconds)):
            who = "an operator can take it back" if agent else "propose a reversal of its entry"
            raise Conflict(f"It is too late for this: {who}.", state="too_late")

    def _require_there(self, books: Books, made: CashedIn, person: Person) -> Money:
        """What the wallet no longer has of it. Raises InsufficientFunds when an agent asks."""
        wallet = books.account(made.wallet_id)
        if wallet.status is Status.CLOSED and person.role is Role.AGENT:
            raise WalletNotOpen(status=wallet.status)
        missing = Money(max(0, made.amount.minor - wallet.free_minor))
        if missing.minor and person.role is Role.AGENT:
            raise InsufficientFunds("Some of it was spent: an operator can take it back.")
        return missing

    def _use_again(self, books: Books, made: CashedIn) -> None:
        counted_on = made.entry.recorded_at.astimezone(COUNTRY).date()
        operation, amount = Operation.AGENT_CASH_IN, made.amount.minor
        gate.give_back(books, operation, made.wallet_id, amount, counted_on)
        for place in (made.agent_id, made.till_id):
            if place is not None:
                gate.give_back_at(books, operation, place, amount, counted_on)


def _owe(books: Books, made: CashedIn, shortfall: Money) -> tuple[Line, ...]:
    """What the wallet no longer has, the agent owes us."""
    if not shortfall.minor:
        return ()
    return (debit(account_of_debt(books, OWED_BY_AGENT, made.agent_id), shortfall),)


def _take_out_of_till(books: Books, made: CashedIn) -> UUID | None:
    """The till whose cash book no longer has it: the cash goes back, or never came. When the drawer
    was emptied since, its book stays, and the next count shows the difference."""
    till = None if made.till_id is None else books.find(Till.by_id(made.till_id))
    amount = made.amount.minor
    if till is None or till.cash < amount or till.taken < amount:
        return None
    books.put(msgspec.structs.replace(till, cash=till.cash - amount, taken=till.taken - amount))
    return till.id
