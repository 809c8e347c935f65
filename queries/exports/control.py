"""Control totals: what a file says in sum, by which whoever gets it sees that nothing is missing,
doubled or changed.

Each figure is added up from the lines that the file holds. The manifest beside a file has them as
they were written; a check reads the file again and compares.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec


class Posted(NamedTuple):
    """One line as any format has it: what is controlled of it."""

    day: str
    value_day: str
    entry: int
    account: str
    code: str
    amount: int


class Totals(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Sums of a file. Debits and credits are in minor units.

    `codes` has debits and credits of each code, `days` and `valueDays` lines and debits of each
    day; `digest` binds debits and credits of each account on each pair of days.
    """

    rows: int
    entries: int
    first_number: int | None
    last_number: int | None
    debits: int
    credits: int
    codes: dict[str, tuple[int, int]]
    days: dict[str, tuple[int, int]]
    value_days: dict[str, tuple[int, int]]
    digest: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What stands beside an exported file."""

    format: str
    file: str
    made_by: str
    made_at: datetime
    position: int
    parameters: dict[str, Any]
    totals: Totals
    bytes: int
    sha256: str


class Control:
    """Adds up what goes by."""

    def __init__(self) -> None:
        # By account, code and both days: a few for each day that passes, however many lines.
        self._sums: dict[tuple[str, str, str, str], list[int]] = {}
        self._day = ""
        self._codes: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        self._days: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        self._value_days: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        self._hash = hashlib.sha256()
        self._rows = 0
        self._entries = 0
        self._last: int | None = None
        self._numbers: list[int] = []

    def add(self, lines: Iterable[Posted]) -> None:
        """The next lines; those of an entry follow each other."""
        sums, codes, days, value_days = self._sums, self._codes, self._days, self._value_days
        for day, value_day, entry, account, code, amount in lines:
            self._rows += 1
            if entry != self._last:
                self._last = entry
                self._entries += 1
                numbers = self._numbers
                if not numbers:
                    numbers += [entry, entry]
                elif entry > numbers[1]:
                    numbers[1] = entry
                elif entry < numbers[0]:
                    numbers[0] = entry
            if day != self._day:
                self._close_day()
                self._day = day
            side = 0 if amount > 0 else 1
            moved = amount if amount > 0 else -amount
            codes[code][side] += moved
            key = (day, value_day, account, code)
            if key not in sums:
                sums[key] = [0, 0, 0]
            of_key = sums[key]
            of_key[side] += moved
            # The numbers too: two entries of one day may have the same amounts.
            of_key[2] += entry * (amount % 1_000_003)
            counted = days[day]
            counted[0] += 1
            counted[1] += amount if side == 0 else 0
            valued = value_days[value_day]
            valued[0] += 1
            valued[1] += amount if side == 0 else 0

    def totals(self) -> Totals:
        """All of it."""
        self._close_day()
        self._day = ""
        first, last = (self._numbers[0], self._numbers[1]) if self._numbers else (None, None)
        return Totals(
            rows=self._rows,
            entries=self._entries,
            first_number=first,
            last_number=last,
            debits=sum(debits for debits, _ in self._codes.values()),
            credits=sum(credits_ for _, credits_ in self._codes.values()),
            codes=_plain(self._codes),
            days=_plain(self._days),
            value_days=_plain(self._value_days),
            digest=self._hash.hexdigest(),
        )

    def _close_day(self) -> None:
        for key in sorted(self._sums):
            self._hash.update(f"{key} {self._sums[key]}\n".encode())
        self._sums.clear()


def differences(written: Totals, found: Totals) -> list[str]:
    """What a file no longer says as it was written, in words; none when all is well."""
    wrong = []
    for name in Totals.__struct_fields__:
        before, after = getattr(written, name), getattr(found, name)
        if isinstance(before, dict):
            wrong += [
                f"{name} {key}: {before.get(key, '–')} was written, {after.get(key, '–')} is there"
                for key in sorted(before.keys() | after.keys())
                if before.get(key) != after.get(key)
            ]
        elif before != after:
            wrong.append(f"{name}: {before} was written, {after} is there")
    return wrong


def _plain(sums: dict[str, list[int]]) -> dict[str, tuple[int, int]]:
    return {key: (first, second) for key, (first, second) in sorted(sums.items())}
