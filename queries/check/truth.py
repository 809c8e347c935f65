"""What a truth is: it sees the log go by, then looks at what the log should have made."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from ledger.money import CURRENCIES, Money
from queries.check.reading import Chunk, Reading


class Untrue(Exception):
    """A truth does not hold. The message names the first bad row, in words of the trade."""


class Truth:
    """One truth of docs/invariants.md. `looked_at` counts what it was tried on."""

    CODE: ClassVar[str]
    SENTENCE: ClassVar[str]

    def __init__(self) -> None:
        self.looked_at: Counter[str] = Counter()

    def begin(self, reading: Reading) -> None:
        """Before the first record is read."""

    def see(self, chunk: Chunk) -> None:
        """The next records of the log, in order. Raises Untrue."""

    def compare(self, reading: Reading) -> None:
        """What stands in the tables, against what was seen. Raises Untrue."""


def in_words(minor: int, currency: str | None = "CVE") -> str:
    """An amount as people write it; of a currency that we do not know, as it stands."""
    known = CURRENCIES.get(currency or "")
    return f"{minor} of {currency}" if known is None else str(Money(minor, known))
