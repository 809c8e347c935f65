"""Which notes make an amount, exactly, out of what the cassettes hold.

Greedy choice fails: 600 escudos are three notes of 200, and 500 leaves 100 that no note makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

Notes = Mapping[int, int]
"""How many of each denomination."""

DENOMINATIONS = (5_000, 2_000, 1_000, 500, 200)
BUNDLE_MAX = 40  # notes that a dispenser hands out at once


def fewest(amount: int, stock: Notes) -> dict[int, int] | None:
    """The smallest bundle that makes exactly this amount, None when no bundle does."""
    if amount <= 0 or amount > BUNDLE_MAX * DENOMINATIONS[0]:
        return None

    @cache
    def best(position: int, rest: int, room: int) -> tuple[int, ...] | None:
        """The smallest bundle of the denominations from `position` on, as counts."""
        if position == len(DENOMINATIONS):
            return () if rest == 0 else None
        note = DENOMINATIONS[position]
        found: tuple[int, ...] | None = None
        for count in range(min(stock.get(note, 0), rest // note, room) + 1):
            others = best(position + 1, rest - count * note, room - count)
            if others is not None and (found is None or count + sum(others) < sum(found)):
                found = (count, *others)
        return found

    counts = best(0, amount, BUNDLE_MAX)
    if counts is None:
        return None
    return {note: count for note, count in zip(DENOMINATIONS, counts, strict=True) if count}


def nearest(amount: int, stock: Notes) -> tuple[int, ...]:
    """The closest payable amounts: one below and one above, as far as there are any."""
    payable = _payable(stock)
    below = max((each for each in payable if each < amount), default=None)
    above = min((each for each in payable if each > amount), default=None)
    return tuple(each for each in (below, above) if each is not None)


def _payable(stock: Notes) -> set[int]:
    """All amounts that one bundle can make."""
    notes_for = {0: 0}
    for note in DENOMINATIONS:
        for amount, used in list(notes_for.items()):
            for count in range(1, min(stock.get(note, 0), BUNDLE_MAX - used) + 1):
                value = amount + count * note
                notes_for[value] = min(used + count, notes_for.get(value, BUNDLE_MAX))
    return set(notes_for) - {0}


def total(bundle: Notes) -> int:
    """What notes are worth together."""
    return sum(note * count for note, count in bundle.items())


def less(stock: Notes, taken: Notes) -> dict[int, int]:
    """What is left in the cassettes."""
    left = {note: count - taken.get(note, 0) for note, count in stock.items()}
    assert all(count >= 0 for count in left.values()), "notes come out of cassettes that hold them"
    return left


def more(bundle: Notes, added: Notes) -> dict[int, int]:
    """Two bundles in one."""
    return {note: bundle.get(note, 0) + added.get(note, 0) for note in {**bundle, **added}}
