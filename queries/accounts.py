"""Accounts of the books, and the lines of one of them (Razão)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.accounts import Kind
from ledger.chart import HEADINGS
from ledger.errors import InvalidRequest, NotFound
from ledger.journal import written
from ledger.money import Money
from queries import cursor
from queries.answer import Answer, Side, holds, kind_of, money, name_of, side_of
from queries.days import first_number, last_number
from queries.reader import Reader
from queries.tables import account, entry, line, wallet


class AccountSummary(Answer, frozen=True, kw_only=True):
    """An account. `balance` is on its normal side; only a wallet's `status` is ever not open."""

    id: UUID
    code: str
    name: str
    kind: Kind
    owner: UUID | None
    currency: str
    status: str
    balance: Money
    last_updated: datetime


class AccountsPage(Answer, frozen=True, kw_only=True):
    """A page of accounts by code."""

    items: tuple[AccountSummary, ...]
    next_cursor: str | None


class AccountLine(Answer, frozen=True, kw_only=True):
    """A line of an account, with the balance on the account's normal side that it left."""

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


class AccountLinesPage(Answer, frozen=True, kw_only=True):
    """A page of an account's lines, newest first."""

    account: AccountSummary
    items: tuple[AccountLine, ...]
    next_cursor: str | None


class LineFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Days of booking, both included."""

    from_: date | None = None
    to: date | None = None


ACCOUNTS = sa.select(
    account, sa.func.coalesce(wallet.c.status, "open").label("status")
).outerjoin_from(account, wallet, wallet.c.id == account.c.id)
LINES = sa.select(
    line,
    entry.c.transaction_id,
    entry.c.kind,
    entry.c.booking_date,
    entry.c.value_date,
    entry.c.recorded_at,
).join_from(line, entry, entry.c.number == line.c.entry_number)

AccountKey = tuple[str, UUID]
LineKey = tuple[cursor.Number, cursor.Number]


async def page(
    reader: Reader,
    code: str | None = None,
    limit: int = cursor.PAGE_USUAL,
    after: str | None = None,
) -> AccountsPage:
    """A page of accounts, of one code or of all, in the order of codes.

    Raises InvalidRequest for a code that is not in the chart, a wrong limit or cursor.
    """
    limit = cursor.require_page(limit)
    if code is not None and code not in HEADINGS:
        raise InvalidRequest(field="code", reason="is not in the chart of accounts")
    filters = ("accounts", code)
    query = ACCOUNTS if code is None else ACCOUNTS.where(account.c.code == code)
    if after is not None:
        code_before, id_before = cursor.read(after, filters, AccountKey)
        query = query.where(
            sa.tuple_(account.c.code, account.c.id)
            > sa.tuple_(sa.literal(code_before), sa.literal(id_before))
        )
    rows = await reader.all(query.order_by(account.c.code, account.c.id).limit(limit + 1))
    items = tuple(_summary(row) for row in rows[:limit])
    more = len(rows) > limit
    return AccountsPage(
        items=items,
        next_cursor=cursor.write(filters, (items[-1].code, items[-1].id)) if more else None,
    )


async def one(reader: Reader, account_id: UUID) -> AccountSummary:
    """An account. Raises NotFound."""
    row = await reader.first(ACCOUNTS.where(account.c.id == account_id))
    if row is None:
        raise NotFound
    return _summary(row)


async def lines(
    reader: Reader,
    account_id: UUID,
    filters: LineFilters | None = None,
    limit: int = cursor.PAGE_USUAL,
    after: str | None = None,
) -> AccountLinesPage:
    """A page of an account's lines, newest first. Raises NotFound, InvalidRequest."""
    limit = cursor.require_page(limit)
    filters = filters or LineFilters()
    all_filters = (account_id, filters)
    query = _narrowed(LINES.where(line.c.account_id == account_id), filters)
    if after is not None:
        entry_before, line_before = cursor.read(after, all_filters, LineKey)
        query = query.where(
            sa.tuple_(line.c.entry_number, line.c.line_number)
            < sa.tuple_(sa.literal(entry_before), sa.literal(line_before))
        )
    of = await one(reader, account_id)
    rows = await reader.all(
        query.order_by(line.c.entry_number.desc(), line.c.line_number.desc()).limit(limit + 1)
    )
    items = tuple(_line(row, of.currency) for row in rows[:limit])
    last = (items[-1].entry_number, items[-1].line_number) if len(rows) > limit else None
    return AccountLinesPage(
        account=of,
        items=items,
        next_cursor=cursor.write(all_filters, last) if last is not None else None,
    )


def _narrowed(query: sa.Select[Any], filters: LineFilters) -> sa.Select[Any]:
    if filters.from_ is not None:
        query = query.where(line.c.entry_number >= first_number(filters.from_))
    if filters.to is not None:
        query = query.where(line.c.entry_number <= last_number(filters.to))
    return query


def _summary(row: sa.Row[Any]) -> AccountSummary:
    return AccountSummary(
        id=row.id,
        code=row.code,
        name=name_of(row.code),
        kind=kind_of(row.code),
        owner=row.owner,
        currency=row.currency,
        status=row.status,
        balance=holds(row.code, row.balance, row.currency),
        last_updated=row.updated_at,
    )


def _line(row: sa.Row[Any], currency: str) -> AccountLine:
    return AccountLine(
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
        balance_after=holds(row.code, row.balance, currency),
    )
