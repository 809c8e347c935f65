"""Commands: what somebody wants, which rows that touches, and what is decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from ledger.books import Books
from ledger.rows import Key

A = TypeVar("A", bound="Answer")

# Rows to load, in rounds: after each `yield` its rows are in the books, so that the next round may
# follow what they say.
Rounds = Iterator[tuple[Key[Any], ...]]


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the caller is told when it was done. Its JSON is stored with the idempotency key."""


class Command(msgspec.Struct, Generic[A], frozen=True, kw_only=True):
    """One use case. `decide` is pure: it refuses, or it changes the books and answers."""

    # Work that cannot be turned away without losing track of cash that is already out.
    NEVER_SHED: ClassVar[bool] = False

    def touches(self, books: Books) -> Rounds:
        """Which rows to load before deciding."""
        raise NotImplementedError

    def decide(self, books: Books) -> A:
        """Refuse, or change the books and answer. The time is `books.now`."""
        raise NotImplementedError
