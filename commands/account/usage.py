"""What an entry has counted towards limits: it returns with the money when the entry is reversed,
and is counted again when that reversal is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from commands.books.journal_entry import JournalEntry
from commands.risk import gate
from commands.risk.activity import Activity
from commands.tariff import Operation
from ledger.books import COUNTRY, Books
from ledger.rows import Key

TRANSFER, CASH_IN, REVERSED = "transfer.made", "cash_in.made", "entry.reversed"


class Usage(msgspec.Struct, frozen=True, rename="camel"):
    """So much of an operation, of a wallet and at places, on a day; and whether it counts now."""

    operation: Operation
    wallet: UUID
    places: tuple[UUID, ...]
    amount: int
    on: date
    counts: bool

    def keys(self) -> tuple[Key[Any], ...]:
        """What `turned` touches beside the account of the wallet."""
        return tuple(Activity.of(place) for place in self.places)

    def turned(self, books: Books) -> Usage:
        """Give it back, or count it again; never refused. The same as it is then."""
        if self.counts:
            gate.give_back(books, self.operation, self.wallet, self.amount, self.on)
            for place in self.places:
                gate.give_back_at(books, self.operation, place, self.amount, self.on)
        else:
            gate.count_again(books, self.operation, self.wallet, self.amount, self.on)
            for place in self.places:
                gate.count_again_at(books, self.operation, place, self.amount, self.on)
        return msgspec.structs.replace(self, counts=not self.counts)


def usage_of(original: JournalEntry) -> Usage | None:
    """What an entry has counted, or its reversal has given back; None when it counts for nothing.

    A reversal tells it itself, so that a chain of them need not be followed.
    """
    told = original.payload
    if original.kind == REVERSED:
        written = told.get("usage")
        return None if written is None else msgspec.convert(written, Usage, strict=False)
    on = original.recorded_at.astimezone(COUNTRY).date()
    if original.kind == TRANSFER:
        return _counted(Operation.TRANSFER, told, "from", (), on)
    if original.kind == CASH_IN:
        return _counted(Operation.AGENT_CASH_IN, told, "wallet", ("agent", "till"), on)
    return None


def _counted(
    operation: Operation, told: Mapping[str, Any], wallet: str, places: tuple[str, ...], on: date
) -> Usage:
    return Usage(
        operation=operation,
        wallet=UUID(str(told[wallet])),
        places=tuple(UUID(str(told[name])) for name in places if told.get(name) is not None),
        amount=int(told["amount"]),
        on=on,
        counts=True,
    )
