"""Entries and their lines: an entry that does not balance cannot be built.

Directions have names at this edge, debit and credit; a line keeps one signed amount, debit
positive, so that sums need no case distinctions.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

import msgspec

from ledger.money import Money

ENTRIES_PER_YEAR_MAX = 10**12


class Line(msgspec.Struct, frozen=True, gc=False):
    """One leg of an entry: an account and a signed amount of minor units (debit positive)."""

    account: UUID
    amount: int


def debit(account: UUID, amount: Money) -> Line:
    """A line on the debit side."""
    assert amount.minor >= 0, "a side is named, not signed"
    return Line(account, amount.minor)


def credit(account: UUID, amount: Money) -> Line:
    """A line on the credit side."""
    assert amount.minor >= 0, "a side is named, not signed"
    return Line(account, -amount.minor)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What one event does to the books: two lines or more in one currency, which sum to zero.

    `value_date` is the day for which it counts towards others (a settlement date); None means the
    booking date. `reverses` is the number of the entry that this one takes back. `booking_date` is
    a day that is over, in a period that takes this entry; None, as everywhere but in the
    accountants' own entries, means today.
    """

    lines: tuple[Line, ...]
    currency: str = "CVE"
    value_date: date | None = None
    reverses: int | None = None
    booking_date: date | None = None

    def __post_init__(self) -> None:
        total = 0
        for line in self.lines:
            assert line.amount, "a line moves something"
            total += line.amount
        assert total == 0, "an entry balances"
        assert len(self.lines) > 1, "an entry has two lines or more"


def entry(*lines: Line, value_date: date | None = None, reverses: int | None = None) -> Entry:
    """An entry of these lines; lines of nothing (no fee today) are left out."""
    return Entry(
        tuple([line for line in lines if line.amount]), value_date=value_date, reverses=reverses
    )


def move(
    amount: Money, *, debit_to: UUID, credit_to: UUID, value_date: date | None = None
) -> Entry:
    """The simplest entry: one amount from the credited account to the debited one."""
    return entry(debit(debit_to, amount), credit(credit_to, amount), value_date=value_date)


def reversal(of: int, lines: tuple[Line, ...], value_date: date | None = None) -> Entry:
    """The entry that takes back entry number `of`, which had these lines."""
    taken_back = tuple(Line(line.account, -line.amount) for line in lines)
    return Entry(taken_back, value_date=value_date, reverses=of)


def entry_number(year: int, sequence: int) -> int:
    """The number of the `sequence`-th entry of a fiscal year: 2026 and 17 make 2026000000000017."""
    assert 0 < sequence < ENTRIES_PER_YEAR_MAX, "a year has room for a trillion entries"
    return year * ENTRIES_PER_YEAR_MAX + sequence


def written(number: int) -> str:
    """An entry number as people write it: 2026/17."""
    year, sequence = divmod(number, ENTRIES_PER_YEAR_MAX)
    return f"{year}/{sequence}"
