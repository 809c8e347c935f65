"""The general ledger (Razão): the lines of an account, or of a code with all its accounts, each
with the balance that it left; what stood before them, and what stands after.

By booking date or by value date, in that order; by booking also as it was known at a position.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.chart import HEADINGS
from ledger.errors import NotFound
from ledger.journal import written
from ledger.money import CVE, Money
from queries import accounts, cursor, standing
from queries.accounts import AccountSummary
from queries.answer import Answer, Side, holds, money, name_of, side_of
from queries.reader import Reader
from queries.standing import LAST_DAY, Axis, Known, Scope, lines_of
from queries.tables import entry, line


class AccountLine(Answer, frozen=True, kw_only=True):
    """A line, with the balance on the normal side that it left on the ledger's axis."""

    account_id: UUID
    entry_number: int
    written: str
    line_number: int
    transaction_id: UUID
    kind: str
    booking_date: date
    value_date: date
    recorded_at: datetime
    direction: Side
    amount: Money
    balance_after: Money


class LedgerPage(Answer, frozen=True, kw_only=True):
    """A page of lines. `opening` plus and less what moved is `closing`, over all of the span.

    `account` is null where a code is asked for.
    """

    code: str
    name: str
    account: AccountSummary | None
    axis: Axis
    opening: Money
    debits: Money
    credits: Money
    closing: Money
    items: tuple[AccountLine, ...]
    next_cursor: str | None


class LineFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Days on the axis, both included; how far the log was known; in which order."""

    from_: date | None = None
    to: date | None = None
    axis: Axis = Axis.BOOKING
    position: int | None = None
    oldest_first: bool = False


LINES = sa.select(line, entry.c.transaction_id, entry.c.kind, entry.c.recorded_at).join_from(
    line, entry, entry.c.number == line.c.entry_number
)

LineKey = tuple[date, cursor.Number, cursor.Number]
DAY_BEFORE_ALL = date.min


async def of_account(
    reader: Reader,
    account_id: UUID,
    filters: LineFilters | None = None,
    limit: int = cursor.PAGE_USUAL,
    after: str | None = None,
) -> LedgerPage:
    """A page of an account's lines. Raises NotFound, InvalidRequest."""
    found = await accounts.one(reader, account_id)
    scope = Scope(found.code, account_id)
    return await _page(reader, scope, found, filters or LineFilters(), limit, after)


async def of_code(
    reader: Reader,
    code: str,
    filters: LineFilters | None = None,
    limit: int = cursor.PAGE_USUAL,
    after: str | None = None,
) -> LedgerPage:
    """A page of the lines of all accounts of a code. Raises NotFound, InvalidRequest."""
    if code not in HEADINGS:
        raise NotFound("The chart of accounts has no such code.")
    return await _page(reader, Scope.of_code(code), None, filters or LineFilters(), limit, after)


async def _page(
    reader: Reader,
    scope: Scope,
    of: AccountSummary | None,
    filters: LineFilters,
    limit: int,
    after: str | None,
) -> LedgerPage:
    limit = cursor.require_page(limit)
    currency = of.currency if of is not None else CVE.code
    known = await standing.known_at(reader, filters.position, filters.axis)
    key = None if after is None else cursor.read(after, (scope, filters), LineKey)
    rows = await reader.all(_query(scope, filters, known, key, limit + 1))
    shown, more = rows[:limit], len(rows) > limit
    last = _key(shown[-1], filters.axis) if more else None
    before = await _before(reader, scope, filters, known)
    until = await standing.until(reader, scope, filters.to or LAST_DAY, filters.axis, known)
    moved = until.less(before)
    return LedgerPage(
        code=scope.code,
        name=name_of(scope.code),
        account=of,
        axis=filters.axis,
        opening=holds(scope.code, before.balance, currency),
        debits=money(moved.debits, currency),
        credits=money(moved.credits, currency),
        closing=holds(scope.code, until.balance, currency),
        items=await _with_balances(reader, scope, filters, known, shown, currency),
        next_cursor=None if last is None else cursor.write((scope, filters), last),
    )


async def _before(
    reader: Reader, scope: Scope, filters: LineFilters, known: Known | None
) -> standing.Sums:
    if filters.from_ is None or filters.from_ == DAY_BEFORE_ALL:
        return standing.Sums()
    day = date.fromordinal(filters.from_.toordinal() - 1)
    return await standing.until(reader, scope, day, filters.axis, known)


def _query(
    scope: Scope,
    filters: LineFilters,
    known: Known | None,
    key: tuple[date, int, int] | None,
    count: int,
) -> sa.Select[Any]:
    """The lines that come next."""
    if filters.axis is Axis.BOOKING:
        return _next(scope, filters, known, key, line.c.booking_date).limit(count)
    # Two indexes, each read in its order: where both dates are one, that of booking will do.
    same = _next(scope, filters, known, key, line.c.booking_date)
    same = same.where(line.c.value_date == line.c.booking_date).limit(count)
    other = _next(scope, filters, known, key, line.c.value_date)
    other = other.where(line.c.value_date != line.c.booking_date).limit(count)
    both = sa.union_all(same.subquery().select(), other.subquery().select()).subquery()
    places = (both.c.value_date, both.c.entry_number, both.c.line_number)
    return sa.select(both).order_by(*_in_order(places, filters)).limit(count)


def _next(
    scope: Scope,
    filters: LineFilters,
    known: Known | None,
    key: tuple[date, int, int] | None,
    day: sa.Column[date],
) -> sa.Select[Any]:
    places = (day, line.c.entry_number, line.c.line_number)
    query = LINES.where(*lines_of(scope), *_span(day, filters, known))
    if key is not None:
        place, bound = sa.tuple_(*places), sa.tuple_(*map(sa.literal, key))
        query = query.where(place > bound if filters.oldest_first else place < bound)
    return query.order_by(*_in_order(places, filters))


def _in_order(
    places: tuple[sa.ColumnElement[Any], ...], filters: LineFilters
) -> tuple[sa.ColumnElement[Any], ...]:
    return places if filters.oldest_first else tuple(place.desc() for place in places)


def _span(
    day: sa.Column[date], filters: LineFilters, known: Known | None
) -> tuple[sa.ColumnElement[bool], ...]:
    bounds: list[sa.ColumnElement[bool]] = []
    if filters.from_ is not None:
        bounds.append(day >= filters.from_)
    if filters.to is not None:
        bounds.append(day <= filters.to)
    if known is not None:
        # No day after it was known yet: so what is newer is not walked through.
        bounds += [day <= known.day, entry.c.position <= known.position]
    return tuple(bounds)


def _key(row: sa.Row[Any], axis: Axis) -> tuple[date, int, int]:
    day = row.booking_date if axis is Axis.BOOKING else row.value_date
    return (day, row.entry_number, row.line_number)


async def _with_balances(
    reader: Reader,
    scope: Scope,
    filters: LineFilters,
    known: Known | None,
    rows: Any,
    currency: str,
) -> tuple[AccountLine, ...]:
    """From the balance that the newest of these lines left, the others follow."""
    if not rows:
        return ()
    newest_first = list(rows)[::-1] if filters.oldest_first else list(rows)
    day, *key = _key(newest_first[0], filters.axis)
    balance = await standing.after(reader, scope, day, (key[0], key[1]), filters.axis, known)
    lines = []
    for row in newest_first:
        lines.append(_line(row, scope.code, balance, currency))
        balance -= row.amount
    return tuple(lines[::-1] if filters.oldest_first else lines)


def _line(row: sa.Row[Any], code: str, balance: int, currency: str) -> AccountLine:
    return AccountLine(
        account_id=row.account_id,
        entry_number=row.entry_number,
        written=written(row.entry_number),
        line_number=row.line_number,
        transaction_id=row.transaction_id,
        kind=row.kind,
        booking_date=row.booking_date,
        value_date=row.value_date,
        recorded_at=row.recorded_at,
        direction=side_of(row.amount),
        amount=money(abs(row.amount), currency),
        balance_after=holds(code, balance, currency),
    )
