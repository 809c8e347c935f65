"""An entry was wrong: a second one takes it back, and both stay in the journal, linked.

Up to an amount one person does that; above it one proposes and another approves.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from commands.account.assign_credit import Assignment
from commands.account.usage import usage_of
from commands.agent.float_levels import watch_float
from commands.agent.row import Agent
from commands.books.journal_entry import NUMBER_MAX, JournalEntry
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from commands.identity.step_up import require_confirmed, session_keys
from ledger import chart
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.errors import ApprovalRequired, Conflict, InsufficientFunds, NotFound, WalletNotOpen
from ledger.journal import Line, reversal
from ledger.money import Money

MAY_REVERSE = (Role.ACCOUNTANT, Role.OPERATOR)
ALONE_MAX = Money.of(50_000)  # illustrative; MAKEBA_REVERSAL_ALONE_MAX_ESCUDOS says otherwise

# Entries of these have a life that ends them in its own way, or a row that counts them.
OWN_LIFE = (
    "withdrawal.",
    "cash_out.",
    "transfer.held",
    "transfer.released",
    "transfer.refused",
    "dispute.",
    "break.",
    "settlement.",
    "treasury.",
    "wallet.",
    "cash_in.reversed",
    "bank.credit_assigned",
    "redemption.",
    "year.",
)
# What two people have approved, two people take back, however small it is.
BY_TWO = "manual."


class EntryReversed(Answer, frozen=True, kw_only=True):
    """The entry that takes the other one back."""

    transaction_id: UUID
    entry_number: int
    reverses: int
    timestamp: datetime


class ReverseEntry(Command[EntryReversed], frozen=True, kw_only=True):
    """Reverse a posted entry, once. What has been spent in the meantime cannot be taken back.

    `alone_max` is the largest entry that one person may reverse.
    """

    transaction_id: UUID
    entry_number: int
    reason: str
    user_id: UUID
    alone_max: Money = ALONE_MAX
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), *session_keys(self.session_id))
        yield from reversal_touches(books, self.entry_number)

    def decide(self, books: Books) -> EntryReversed:
        require_staff(books, self.user_id, *MAY_REVERSE)
        original = require_reversible(books, self.entry_number)
        if size_of(original) > self.alone_max.minor or original.kind.startswith(BY_TWO):
            raise ApprovalRequired(alone=str(self.alone_max.decimal), propose="reverse_big_entry")
        require_confirmed(books, self.session_id)
        # From here on nothing is refused.
        number = write_reversal(books, original, self.transaction_id, reason=self.reason)
        return EntryReversed(
            transaction_id=self.transaction_id,
            entry_number=number,
            reverses=original.number,
            timestamp=books.now,
        )


def reversal_touches(books: Books, number: int) -> Rounds:
    """The rows that the reversal of an entry reads and changes."""
    if not 0 < number <= NUMBER_MAX:
        return
    yield (JournalEntry.by_number(number), Assignment.of_entry(number))
    original = books.find(JournalEntry.by_number(number))
    if original is not None:
        usage = usage_of(original)
        yield (
            *(Account.by_id(account) for account in original.accounts),
            *(() if usage is None else usage.keys()),
        )
        yield tuple(Agent.by_id(agent_id) for agent_id in _agents_of(books, original))


def require_reversible(books: Books, number: int) -> JournalEntry:
    """The entry, which can be taken back now. Raises NotFound, Conflict, InsufficientFunds or
    WalletNotOpen."""
    if not 0 < number <= NUMBER_MAX:
        raise NotFound
    original = books.find(JournalEntry.by_number(number))
    if original is None:
        raise NotFound
    if original.kind.startswith(OWN_LIFE):
        raise Conflict("Only its own life can end this entry.", kind=original.kind)
    if original.reversed_by is not None:
        raise Conflict("This entry was reversed before.", reversedBy=original.reversed_by)
    if books.find(Assignment.of_entry(number)) is not None:
        raise Conflict("This credit was assigned to somebody.", kind=original.kind)
    _require_covered(books, reversal(original.number, original.lines).lines)
    return original


def size_of(original: JournalEntry) -> int:
    """What an entry moves, in minor units: the sum of its debits."""
    return sum(amount for amount in original.amounts if amount > 0)


def write_reversal(books: Books, original: JournalEntry, transaction_id: UUID, **facts: Any) -> int:
    """Write the entry that takes another one back; returns its number. What it had used of limits
    returns with the money, and floats that it moves are watched."""
    usage = usage_of(original)
    if usage is not None:
        facts["usage"] = msgspec.to_builtins(usage.turned(books), builtin_types=(UUID, date))
    number = books.record(
        "entry.reversed",
        transaction_id,
        {"reverses": original.number, **facts},
        reversal(original.number, original.lines),
    )
    assert number is not None, "a reversal is an entry"
    books.put(msgspec.structs.replace(original, reversed_by=number))
    for agent_id in _agents_of(books, original):
        watch_float(books, agent_id)
    return number


def _agents_of(books: Books, original: JournalEntry) -> tuple[UUID, ...]:
    """Whose floats an entry has moved, each once."""
    accounts = [books.account(account_id) for account_id in original.accounts]
    owners = [account.owner for account in accounts if account.code == chart.AGENT_FLOAT]
    return tuple(dict.fromkeys(owner for owner in owners if owner is not None))


def _require_covered(books: Books, lines: tuple[Line, ...]) -> None:
    """Raises InsufficientFunds or WalletNotOpen. A freeze does not stop a correction."""
    moves: Counter[UUID] = Counter()
    for line in lines:
        moves[line.account] += line.amount
    for account_id, amount in moves.items():
        account = books.account(account_id)
        if account.status is Status.CLOSED:
            raise WalletNotOpen(status=account.status)
        leaves = -amount if account.debit_normal else amount
        if account.floor is not None and account.free_minor < leaves:
            raise InsufficientFunds
