"""An entry was wrong: a second one takes it back, and both stay in the journal, linked."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import UUID

import msgspec

from commands.books.journal_entry import NUMBER_MAX, JournalEntry
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.errors import Conflict, InsufficientFunds, NotFound, WalletNotOpen
from ledger.journal import Line, reversal

MAY_REVERSE = (Role.ACCOUNTANT, Role.OPERATOR)

# Entries of withdrawals, requests and disputes have a life that ends them in its own way.
OWN_LIFE = ("withdrawal.", "cash_out.", "dispute.")


class EntryReversed(Answer, frozen=True, kw_only=True):
    """The entry that takes the other one back."""

    transaction_id: UUID
    entry_number: int
    reverses: int
    timestamp: datetime


class ReverseEntry(Command[EntryReversed], frozen=True, kw_only=True):
    """Reverse a posted entry, once. What has been spent in the meantime cannot be taken back."""

    transaction_id: UUID
    entry_number: int
    reason: str
    user_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id),)
        if not 0 < self.entry_number <= NUMBER_MAX:
            return
        yield (JournalEntry.by_number(self.entry_number),)
        original = books.find(JournalEntry.by_number(self.entry_number))
        if original is not None:
            yield tuple(Account.by_id(account) for account in original.accounts)

    def decide(self, books: Books) -> EntryReversed:
        require_staff(books, self.user_id, *MAY_REVERSE)
        original = self._require_reversible(books)
        entry = reversal(original.number, original.lines)
        _require_covered(books, entry.lines)
        # From here on nothing is refused.
        number = books.record(
            "entry.reversed",
            self.transaction_id,
            {"reverses": original.number, "reason": self.reason},
            entry,
        )
        assert number is not None, "a reversal is an entry"
        books.put(msgspec.structs.replace(original, reversed_by=number))
        return EntryReversed(
            transaction_id=self.transaction_id,
            entry_number=number,
            reverses=original.number,
            timestamp=books.now,
        )

    def _require_reversible(self, books: Books) -> JournalEntry:
        if not 0 < self.entry_number <= NUMBER_MAX:
            raise NotFound
        original = books.find(JournalEntry.by_number(self.entry_number))
        if original is None:
            raise NotFound
        if original.kind.startswith(OWN_LIFE):
            raise Conflict("Only its own life can end this entry.", kind=original.kind)
        if original.reversed_by is not None:
            raise Conflict("This entry was reversed before.", reversedBy=original.reversed_by)
        return original


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
