"""Where exports come from: entries in the order of their booking dates, a page at a time.

One snapshot at the beginning fixes the position and the daily totals that are asserted; the entries
follow in short ones, up to that position. So an export of any size holds no snapshot and no memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg.rows import TupleRow

from queries.tables import LIVE

PAGE_ENTRIES = 5_000

ASK_AS_OURSELVES = """
    SELECT
        set_config('search_path', %(schema)s, FALSE), set_config('makeba.everybody', 'on', FALSE)
"""

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

POSITION = """
    SELECT p.position, count(e.number)
    FROM projection AS p
    LEFT JOIN entry AS e ON e.booking_date BETWEEN %(first)s AND %(last)s
    GROUP BY p.position
"""

OPENING = """
    SELECT code, currency, sum(booked_debits - booked_credits)::bigint
    FROM turnover
    WHERE day < %(first)s
    GROUP BY code, currency
    ORDER BY code, currency
"""

DAYS = """
    SELECT day::text, code, currency, booked_debits - booked_credits
    FROM turnover
    WHERE day BETWEEN %(first)s AND %(last)s AND (booked_debits > 0 OR booked_credits > 0)
    ORDER BY day, code, currency
"""

# As text, but for numbers: that is what is written, and Python makes nothing of it.
PAGE = """
    SELECT
        e.booking_date::text, e.number, e.position, e.value_date::text,
        to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        e.kind, e.transaction_id::text, e.actor, e.reverses, e.reference, e.memo,
        i.line_number, i.account_id::text, i.code, i.amount, a.currency
    FROM (
        SELECT n.*
        FROM entry AS n
        WHERE
            (n.booking_date, n.number) > (%(day)s, %(number)s)
            AND n.booking_date <= %(last)s AND n.position <= %(position)s
        ORDER BY n.booking_date, n.number
        LIMIT %(entries)s
    ) AS e
    INNER JOIN line AS i ON e.number = i.entry_number
    INNER JOIN account AS a ON i.account_id = a.id
    ORDER BY e.booking_date, e.number, i.line_number
"""


class Line(NamedTuple):
    """A line; its amount is signed, debit positive, in minor units."""

    number: int
    account: str
    code: str
    amount: int
    currency: str


class Entry(NamedTuple):
    """An entry. Days and times are as they are written: 2026-11-30, 2026-11-30T12:00:00.000000Z."""

    day: str
    number: int
    position: int
    value_day: str
    recorded_at: str
    kind: str
    transaction: str
    actor: str
    reverses: int | None
    reference: str | None
    memo: str | None
    lines: list[Line]


class Basis(msgspec.Struct, frozen=True):
    """What an export begins with, all of one moment.

    `opening` and `days` come from the totals that the trial balance is made of, not from the
    entries: so whoever adds the entries up compares the two. Amounts are debit positive.
    """

    first: date
    last: date
    position: int
    entries: int
    opening: dict[tuple[str, str], int]
    days: dict[str, dict[tuple[str, str], int]]


class Source:
    """The read models, under the role that may only read them."""

    def __init__(self, connection: psycopg.Connection[TupleRow]) -> None:
        """`connection` is in autocommit; from here on our own people ask with it."""
        connection.execute(ASK_AS_OURSELVES, {"schema": LIVE})
        self._connection = connection

    def begin(self, first: date | None, last: date | None) -> Basis:
        """Fix the position, and read the totals at it."""
        days = {"first": first or date.min, "last": last or date.max}
        self._connection.execute(BEGIN)
        try:
            position, entries = self._rows(POSITION, days)[0]
            opening = {
                (code, currency): amount
                for code, currency, amount in self._rows(OPENING, days)
                if amount
            }
            by_day: dict[str, dict[tuple[str, str], int]] = {}
            for day, code, currency, amount in self._rows(DAYS, days):
                by_day.setdefault(day, {})[code, currency] = amount
        finally:
            self._connection.execute("COMMIT")
        return Basis(days["first"], days["last"], position, entries, opening, by_day)

    def pages(self, basis: Basis) -> Iterator[list[Entry]]:
        """All entries of the days, page by page."""
        day, number = basis.first, 0
        while True:
            rows = self._rows(
                PAGE,
                {
                    "day": day,
                    "number": number,
                    "last": basis.last,
                    "position": basis.position,
                    "entries": PAGE_ENTRIES,
                },
            )
            page = _entries(rows)
            if page:
                yield page
            if len(page) < PAGE_ENTRIES:
                return
            day, number = date.fromisoformat(page[-1].day), page[-1].number

    def _rows(self, query: str, values: dict[str, Any]) -> list[TupleRow]:
        return self._connection.execute(query, values).fetchall()


def _entries(rows: list[TupleRow]) -> list[Entry]:
    entries: list[Entry] = []
    number = None
    for row in rows:
        if row[1] != number:
            number = row[1]
            lines: list[Line] = []
            entries.append(Entry._make((*row[:11], lines)))
        lines.append(Line._make(row[11:]))
    return entries
