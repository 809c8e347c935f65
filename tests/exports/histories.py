"""Random journals, without a database: balanced entries of some days, and texts of mischief.

What the trial balance says of them is added up apart from the entries, as the read models do.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from ledger import chart
from ledger.chart import CHART, ONE_PER_OWNER
from ledger.journal import entry_number
from queries.exports.source import PAGE_ENTRIES, Basis, Entry, Line

FIRST = date(2025, 11, 20)
NASTY = (
    None, "plain", "=HYPERLINK(\"http://x\")", "date:1999-01-01", "a; b | c", "+1", "-2", "@sum",
    "line\nbreak", 'quo"te', "back\\slash", "\u202eredro", "[2020-01-01]", "  =1+1", "é ç ã",
    "tag:, other:x", "1,5", "''", "!x", "* y",
)  # fmt: skip
KINDS = ("transfer.made", "cash_in.made", "withdrawal.requested", "entry.reversed")


class History:
    """One journal: what a source would give."""

    def __init__(self, seed: int, entries: int | None = None) -> None:
        dice = random.Random(seed)
        self.opening = _opening(dice) if dice.random() < 0.5 else {}
        self.entries: list[Entry] = []
        self._numbers: dict[int, int] = {}
        days = sorted(
            FIRST + timedelta(days=dice.randrange(60))
            for _ in range(entries or dice.randrange(1, 40))
        )
        for position, day in enumerate(days, start=1):
            self.entries.append(self._entry(dice, position, day))
        self.entries.sort(key=lambda entry: (entry.day, entry.number))

    def begin(self, first: date | None, last: date | None) -> Basis:
        """As Source.begin; the days are all that there are."""
        days: dict[str, dict[tuple[str, str], int]] = {}
        for entry in self.entries:
            of_day = days.setdefault(entry.day, {})
            for line in entry.lines:
                key = (line.code, line.currency)
                of_day[key] = of_day.get(key, 0) + line.amount
        opened = FIRST if self.opening else date.min
        return Basis(opened, date.max, len(self.entries), len(self.entries), self.opening, days)

    def pages(self, basis: Basis) -> Iterator[list[Entry]]:
        """As Source.pages."""
        for first in range(0, len(self.entries), PAGE_ENTRIES):
            yield self.entries[first : first + PAGE_ENTRIES]

    def closing(self) -> dict[str, int]:
        """What stands under each code in the end, debit positive."""
        sums = {code: amount for (code, _), amount in self.opening.items()}
        for entry in self.entries:
            for line in entry.lines:
                sums[line.code] = sums.get(line.code, 0) + line.amount
        return sums

    def _entry(self, dice: random.Random, position: int, day: date) -> Entry:
        self._numbers[day.year] = self._numbers.get(day.year, 0) + 1
        value = day + timedelta(days=dice.choice((0, 0, 0, 1, -1, -3)))
        return Entry(
            day.isoformat(),
            entry_number(day.year, self._numbers[day.year]),
            position,
            value.isoformat(),
            f"{day}T10:00:00.{position:06}Z",
            dice.choice(KINDS),
            str(UUID(int=dice.getrandbits(128))),
            "system:test",
            None if dice.random() < 0.9 else entry_number(day.year, 1),
            dice.choice(NASTY),
            dice.choice(NASTY),
            _lines(dice),
        )


def _opening(dice: random.Random) -> dict[tuple[str, str], int]:
    amount = dice.randrange(1, 10**9)
    return {("1010", "CVE"): amount, ("2010", "CVE"): -amount}


def _lines(dice: random.Random) -> list[Line]:
    """Two to five lines that sum to nothing and never stand on one account twice."""
    headings = dice.sample(CHART, dice.randrange(2, 6))
    amounts = [dice.choice((-1, 1)) * dice.randrange(1, 10**8) for _ in headings[1:]]
    rest = -sum(amounts)
    if rest == 0:
        amounts[0] += 1
        rest = -1
    return [
        Line(number, _account(dice, heading.code), heading.code, amount, "CVE")
        for number, (heading, amount) in enumerate(
            zip(headings, (*amounts, rest), strict=True), start=1
        )
        if amount
    ]


def _account(dice: random.Random, code: str) -> str:
    if code in ONE_PER_OWNER:
        return str(UUID(int=dice.randrange(1, 6)))
    return str(chart.the(code))
