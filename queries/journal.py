"""The journal (Diário): entries with their lines, newest first, with filters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger import journal as entries
from ledger.errors import InvalidRequest, NotFound
from ledger.money import Money
from queries import cursor
from queries.answer import Answer, Side, holds, money, name_of, side_of
from queries.entry_keys import Key
from queries.filters import Filters
from queries.finding import look
from queries.reader import Reader
from queries.tables import account, entry, line

ENTRIES_OF_ONE_MAX = 100  # of one transaction


class Leg(Answer, frozen=True, kw_only=True):
    """A line of an entry. `balance_after` is what the account then held on its normal side."""

    account_id: UUID
    code: str
    name: str
    direction: Side
    amount: Money
    balance_after: Money


class Entry(Answer, frozen=True, kw_only=True):
    """An entry of the journal; `written` is its number as people write it (2026/17)."""

    number: int
    written: str
    position: int
    transaction_id: UUID
    kind: str
    booking_date: date
    value_date: date
    recorded_at: datetime
    actor: str
    request_id: str
    amount: Money
    reference: str | None
    memo: str | None
    reverses: int | None
    reversed_by: int | None
    lines: tuple[Leg, ...]


class JournalPage(Answer, frozen=True, kw_only=True):
    """A page of entries, newest first. There may be more as long as there is a cursor."""

    items: tuple[Entry, ...]
    next_cursor: str | None


_reversal = entry.alias("reversal")

ENTRIES = sa.select(entry, _reversal.c.number.label("reversed_by")).outerjoin_from(
    entry, _reversal, _reversal.c.reverses == entry.c.number
)
LINES = sa.select(line, account.c.currency).join_from(
    line, account, account.c.id == line.c.account_id
)


async def page(
    reader: Reader,
    filters: Filters,
    limit: int = cursor.PAGE_USUAL,
    after: str | None = None,
) -> JournalPage:
    """A page of the journal, newest first. `after` is the cursor of the page before.

    A page may have fewer items than it might, and still one that follows: so far it has looked.
    Raises InvalidRequest for filters that name nothing, a wrong limit or cursor.
    """
    limit = cursor.require_page(limit)
    key = None if after is None else cursor.read(after, filters.hashed(), Key)
    found = await look(reader, filters, limit, key)
    rows = await reader.all(ENTRIES.where(entry.c.number.in_(found.numbers)))
    place = {number: place for place, number in enumerate(found.numbers)}
    items = await _with_lines(reader, sorted(rows, key=lambda row: place[row.number]))
    return JournalPage(
        items=items,
        next_cursor=None if found.go_on is None else cursor.write(filters.hashed(), found.go_on),
    )


async def one(reader: Reader, number: str | int) -> Entry:
    """An entry by its number, 2026000000000017 or 2026/17. Raises NotFound, InvalidRequest."""
    rows = await reader.all(ENTRIES.where(entry.c.number == number_in(number)))
    if not rows:
        raise NotFound
    return (await _with_lines(reader, rows))[0]


async def entries_of(reader: Reader, transaction_id: UUID) -> tuple[Entry, ...]:
    """The entries of a transaction, oldest first; none when it moved no money."""
    rows = await reader.all(
        ENTRIES.where(entry.c.transaction_id == transaction_id)
        .order_by(entry.c.number)
        .limit(ENTRIES_OF_ONE_MAX)
    )
    return await _with_lines(reader, rows)


def number_in(written: str | int) -> int:
    """The entry number that is written as 2026/17 or in full. Raises InvalidRequest."""
    year, slash, sequence = str(written).partition("/")
    digits = year.isascii() and year.isdigit() and len(year) <= 18
    if digits and not slash:
        return int(year)
    within = sequence.isascii() and sequence.isdigit() and len(sequence) <= 12
    if digits and within and len(year) == 4 and int(sequence) > 0:
        return entries.entry_number(int(year), int(sequence))
    raise InvalidRequest(field="number", reason="is written 2026/17 or 2026000000000017")


async def _with_lines(reader: Reader, rows: Sequence[sa.Row[Any]]) -> tuple[Entry, ...]:
    """The entries whole. What is in the journal stays as it is, so two questions are one."""
    if not rows:
        return ()
    numbers = [row.number for row in rows]
    legs = defaultdict(list)
    for row in await reader.all(
        LINES.where(line.c.entry_number.in_(numbers)).order_by(
            line.c.entry_number, line.c.line_number
        )
    ):
        legs[row.entry_number].append(_leg(row))
    return tuple(_entry(row, legs[row.number]) for row in rows)


def _entry(row: sa.Row[Any], legs: list[Leg]) -> Entry:
    return Entry(
        number=row.number,
        written=entries.written(row.number),
        position=row.position,
        transaction_id=row.transaction_id,
        kind=row.kind,
        booking_date=row.booking_date,
        value_date=row.value_date,
        recorded_at=row.recorded_at,
        actor=row.actor,
        request_id=row.request_id,
        amount=money(row.amount, legs[0].amount.currency.code),
        reference=row.reference,
        memo=row.memo,
        reverses=row.reverses,
        reversed_by=row.reversed_by,
        lines=tuple(legs),
    )


def _leg(row: sa.Row[Any]) -> Leg:
    return Leg(
        account_id=row.account_id,
        code=row.code,
        name=name_of(row.code),
        direction=side_of(row.amount),
        amount=money(abs(row.amount), row.currency),
        balance_after=holds(row.code, row.balance, row.currency),
    )
