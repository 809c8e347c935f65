"""A statement (Extrato): what an account held, every line of a span of days, what it held then."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.errors import InvalidRequest
from ledger.money import Money
from queries import accounts, standing, wallet
from queries.answer import Answer, Side, customers_word_for, holds, money, side_of
from queries.days import day_before, require_span
from queries.general_ledger import LINES
from queries.reader import Reader
from queries.standing import Axis, Scope, lines_of
from queries.tables import entry, line

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
    """`opening` plus credits less debits is `closing`; each line has the balance it left, in the
    order of the days that `axis` names. `position` is how far the log had been read for it."""

    account_id: UUID
    code: str
    from_: date = msgspec.field(name="from")
    to: date
    axis: Axis
    position: int
    currency: str
    opening: Money
    credits: Money
    debits: Money
    closing: Money
    lines: tuple[StatementLine, ...]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Days on an axis, both included; as it was known when the log had come to `position`."""

    from_: date
    to: date
    axis: Axis = Axis.BOOKING
    position: int | None = None


async def of(reader: Reader, user_id: UUID, from_: date, to: date) -> Statement:
    """A customer's statement over days of booking, both included.

    Raises NotFound, or InvalidRequest for days out of order, too many days or too many lines.
    """
    return await of_user(reader, user_id, Asked(from_=from_, to=to))


async def of_user(reader: Reader, user_id: UUID, asked: Asked) -> Statement:
    """The same of the days that are asked for."""
    require_span(asked.from_, asked.to)
    return await of_account(reader, await wallet.id_of(reader, user_id), asked)


async def of_account(reader: Reader, account_id: UUID, asked: Asked) -> Statement:
    """The statement of any account. Raises NotFound, InvalidRequest."""
    require_span(asked.from_, asked.to)
    account = await accounts.one(reader, account_id)
    scope = Scope(account.code, account_id)
    known = await standing.known_at(reader, asked.position, asked.axis)
    read_to = await reader.position() if known is None else known.position
    rows = await reader.all(_lines(scope, asked, read_to))
    if len(rows) > LINES_MAX:
        raise InvalidRequest(field="to", reason=f"there are more than {LINES_MAX} lines until then")
    last = day_before(asked.from_, "from")
    before = await standing.until(reader, scope, last, asked.axis, known)
    balance = before.balance
    lines = []
    for row in rows:
        balance += row.amount
        lines.append(_line(row, balance, account.code, account.currency))
    return Statement(
        account_id=account_id,
        code=account.code,
        from_=asked.from_,
        to=asked.to,
        axis=asked.axis,
        position=read_to,
        currency=account.currency,
        opening=holds(account.code, before.balance, account.currency),
        credits=_total(rows, Side.CREDIT, account.currency),
        debits=_total(rows, Side.DEBIT, account.currency),
        closing=holds(account.code, balance, account.currency),
        lines=tuple(lines),
    )


def _lines(scope: Scope, asked: Asked, read_to: int) -> sa.Select[Any]:
    """By value date two indexes are read: where both dates are one, that of booking will do."""
    asked_for = (*lines_of(scope), entry.c.position <= read_to)
    booked = LINES.where(*asked_for, line.c.booking_date.between(asked.from_, asked.to))
    if asked.axis is Axis.BOOKING:
        order = (line.c.booking_date, line.c.entry_number, line.c.line_number)
        return booked.order_by(*order).limit(LINES_MAX + 1)
    other = LINES.where(
        *asked_for,
        line.c.value_date.between(asked.from_, asked.to),
        line.c.value_date != line.c.booking_date,
    )
    same = booked.where(line.c.value_date == line.c.booking_date)
    both = sa.union_all(same, other).subquery()
    return (
        sa.select(both)
        .order_by(both.c.value_date, both.c.entry_number, both.c.line_number)
        .limit(LINES_MAX + 1)
    )


def _line(row: sa.Row[Any], balance: int, code: str, currency: str) -> StatementLine:
    return StatementLine(
        entry_number=row.entry_number,
        transaction_id=row.transaction_id,
        kind=customers_word_for(row.kind),
        booking_date=row.booking_date,
        value_date=row.value_date,
        timestamp=row.recorded_at,
        direction=side_of(row.amount),
        amount=money(abs(row.amount), currency),
        balance=holds(code, balance, currency),
    )


def _total(rows: Any, side: Side, currency: str) -> Money:
    return money(sum(abs(row.amount) for row in rows if side_of(row.amount) is side), currency)
