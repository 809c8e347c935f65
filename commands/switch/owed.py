"""What we owe the switch for each of its settlement dates, and what was paid for it.

Account 2100 holds the debt of all dates together. The row of a date says how much of it is that
date's, so that no date is paid with what is owed for another.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from ledger import chart
from ledger.books import Books
from ledger.rows import Key, Row

SETTLEMENT = chart.the(chart.SWITCH_PAYABLE)
RECEIVABLE_SWITCH = chart.the(chart.DUE_FROM_SWITCH)


class Settlement(Row, frozen=True, kw_only=True):
    """One settlement date, in minor units: all that is owed for it so far, what was paid of that,
    and its interchange. `settled_at` is None until it was paid for the first time."""

    settlement_date: date
    owed: int = 0
    paid: int = 0
    interchange: int = 0
    settled_at: datetime | None = None

    TABLE: ClassVar[str] = "settlement"
    IDS: ClassVar[tuple[str, ...]] = ()  # a date names it
    LOAD: ClassVar[dict[str, str]] = {
        "settlement_date": """
            SELECT version, settlement_date, owed, paid, interchange, settled_at
            FROM ledger.settlement
            WHERE settlement_date = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.settlement AS s (
                settlement_date, owed, paid, interchange, settled_at, version
            )
            SELECT r.settlement_date, r.owed, r.paid, r.interchange, r.settled_at, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                settlement_date date, owed bigint, paid bigint, interchange bigint,
                settled_at timestamptz, version bigint
            )
            ON CONFLICT (settlement_date) DO UPDATE SET
                owed = excluded.owed, paid = excluded.paid, interchange = excluded.interchange,
                settled_at = excluded.settled_at, version = excluded.version
            WHERE s.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('settlement', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(settlement_date: date) -> Key[Settlement]:
        """That of a settlement date."""
        return (Settlement, "settlement_date", settlement_date)

    def keys(self) -> tuple[Key[Settlement], ...]:
        return ((Settlement, "settlement_date", self.settlement_date),)

    @property
    def open(self) -> int:
        """What is still to be paid for it."""
        return self.owed - self.paid


def settlement_on(books: Books, on: date) -> Settlement:
    """A settlement date; for one of which nothing is known yet nothing is owed."""
    return books.find(Settlement.of(on)) or Settlement(settlement_date=on)


def owe(books: Books, on: date, minor: int) -> None:
    """So much more is owed for a date; the caller credits SETTLEMENT with that value date."""
    before = settlement_on(books, on)
    books.put(msgspec.structs.replace(before, owed=before.owed + minor))


def owe_less(books: Books, on: date, minor: int) -> dict[UUID, int]:
    """So much is not owed for a date after all: which accounts to debit, with how much each.

    What is still open of the date comes first. The rest was paid, so the switch owes it to us.
    """
    before = settlement_on(books, on)
    open_ = min(minor, before.open)
    if open_:
        books.put(msgspec.structs.replace(before, owed=before.owed - open_))
    parts = {SETTLEMENT: open_, RECEIVABLE_SWITCH: minor - open_}
    return {account: part for account, part in parts.items() if part}
