"""Events without the commands that would record them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from ledger.accounts import Account
from ledger.books import Books
from ledger.journal import Entry


class Happened(msgspec.Struct, frozen=True):
    """One event to forge, with the entry that it makes."""

    kind: str
    subject: UUID
    payload: dict[str, Any]
    entry: Entry | None = None


class Forged(Answer, frozen=True, kw_only=True):
    """It stands in the log, with these entries."""

    entry_numbers: tuple[int | None, ...]


class Forge(Command[Forged], frozen=True, kw_only=True):
    """Record what is given, as if it had been decided."""

    happened: tuple[Happened, ...]
    opens: tuple[Account, ...] = ()

    def touches(self, books: Books) -> Rounds:
        entries = [each.entry for each in self.happened if each.entry]
        touched = {line.account for entry in entries for line in entry.lines}
        touched |= {account.id for account in self.opens}
        yield tuple(Account.by_id(account_id) for account_id in touched)

    def decide(self, books: Books) -> Forged:
        for account in self.opens:
            books.put(account)
        return Forged(
            entry_numbers=tuple(
                books.record(each.kind, each.subject, each.payload, each.entry)
                for each in self.happened
            )
        )
