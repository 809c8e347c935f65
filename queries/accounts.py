"""Accounts of the books, with what they hold now."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger.accounts import Kind
from ledger.chart import HEADINGS
from ledger.errors import InvalidRequest, NotFound
from ledger.money import Money
from queries import cursor
from queries.answer import Answer, holds, kind_of, name_of
from queries.reader import Reader
from queries.tables import account, wallet


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


ACCOUNTS = sa.select(
    account, sa.func.coalesce(wallet.c.status, "open").label("status")
).outerjoin_from(account, wallet, wallet.c.id == account.c.id)
AccountKey = tuple[str, UUID]


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
