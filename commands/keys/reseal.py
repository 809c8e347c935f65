"""What was sealed or hashed under an old key is written anew, so many rows at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from commands.command import Answer, Command, Rounds
from commands.keys.note import KEYS
from ledger.books import Books
from ledger.rows import Key


class Swap(msgspec.Struct, frozen=True, gc=False):
    """One row: what stood in some of its columns when it was read, and what shall stand there."""

    key: Key[Any]
    old: Mapping[str, Any]
    new: Mapping[str, Any]


class Resealed(Answer, frozen=True, kw_only=True):
    """How many rows were written; the others had changed in between."""

    rows: int


class Reseal(Command[Resealed], frozen=True, kw_only=True):
    """Swap seals or hashes for new ones of the same. A row that somebody has changed since it was
    read is left as it is: the next look finds it again."""

    name: str  # of the key
    version: int
    swaps: tuple[Swap, ...]

    def touches(self, books: Books) -> Rounds:
        yield tuple(swap.key for swap in self.swaps)

    def decide(self, books: Books) -> Resealed:
        # Nothing is refused here.
        written = sum(_swapped(books, swap) for swap in self.swaps)
        if written:
            books.record(
                "keys.resealed", KEYS, {"name": self.name, "version": self.version, "rows": written}
            )
        return Resealed(rows=written)


def _swapped(books: Books, swap: Swap) -> bool:
    row = books.find(swap.key)
    if row is None or any(getattr(row, name) != was for name, was in swap.old.items()):
        return False
    books.put(msgspec.structs.replace(row, **swap.new))
    return True
