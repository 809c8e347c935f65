"""A statement of a wallet: what it held, every line of a span of days, what it held then."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.errors import InvalidRequest, NotFound
from ledger.money import Money
from queries import wallet
from queries.answer import Answer, Side, customers_word_for, holds, money, side_of
from queries.days import balance_before, first_number, last_number, require_span
from queries.reader import Reader
from queries.tables import account, entry, line

LINES_MAX = 5_000


class StatementLine(Answer, frozen=True, kw_only=True):
    """One line. On a wallet a credit is money that came, a debit is money that went."""

    entry_number: int
    transaction_id: UUID
    kind: str
    booking_date: date
    value_date: date
    timestamp: datetime
    direction: Side
    amount: Money
    balance: Money


class Statement(Answer, frozen=True, kw_only=True):
    """`opening` plus credits less debits is `closing`; each line has the balance it left."""

    from_: date = msgspec.field(name="from")
    to: date
    currency: str
    opening: Money
    credits: Money
    debits: Money
    closing: Money
    lines: tuple[StatementLine, ...]


async def of(reader: Reader, user_id: UUID, from_: date, to: date) -> Statement:
    """A customer's statement over days of booking, both included.

    Raises NotFound, or InvalidRequest for days out of order, too many days or too many lines.
    """
    require_span(from_, to)
    wallet_id = await wallet.id_of(reader, user_id)
    # Whatever is written between these two is after the days that both speak of, or on the last.
    rows = await reader.all(_lines(wallet_id, from_, to))
    if len(rows) > LINES_MAX:
        raise InvalidRequest(field="to", reason=f"there are more than {LINES_MAX} lines until then")
    before = await reader.first(_before(wallet_id, from_))
    if before is None:
        raise NotFound
    opening = holds(before.code, before.balance or 0, before.currency)
    lines = tuple(_line(row, before.code, before.currency) for row in rows)
    return Statement(
        from_=from_,
        to=to,
        currency=before.currency,
        opening=opening,
        credits=_total(rows, Side.CREDIT, before.currency),
        debits=_total(rows, Side.DEBIT, before.currency),
        closing=lines[-1].balance if lines else opening,
        lines=lines,
    )


def _lines(account_id: UUID, from_: date, to: date) -> sa.Select[Any]:
    return (
        sa.select(
            line.c.entry_number,
            line.c.amount,
            line.c.balance,
            entry.c.transaction_id,
            entry.c.kind,
            entry.c.booking_date,
            entry.c.value_date,
            entry.c.recorded_at,
        )
        .join_from(line, entry, entry.c.number == line.c.entry_number)
        .where(
            line.c.account_id == account_id,
            line.c.entry_number >= first_number(from_),
            line.c.entry_number <= last_number(to),
        )
        .order_by(line.c.entry_number, line.c.line_number)
        .limit(LINES_MAX + 1)
    )


def _before(account_id: UUID, day: date) -> sa.Select[Any]:
    return sa.select(
        account.c.code, account.c.currency, balance_before(day).label("balance")
    ).where(account.c.id == account_id)


def _line(row: sa.Row[Any], code: str, currency: str) -> StatementLine:
    return StatementLine(
        entry_number=row.entry_number,
        transaction_id=row.transaction_id,
        kind=customers_word_for(row.kind),
        booking_date=row.booking_date,
        value_date=row.value_date,
        timestamp=row.recorded_at,
        direction=side_of(row.amount),
        amount=money(abs(row.amount), currency),
        balance=holds(code, row.balance, currency),
    )


def _total(rows: Any, side: Side, currency: str) -> Money:
    return money(sum(abs(row.amount) for row in rows if side_of(row.amount) is side), currency)
