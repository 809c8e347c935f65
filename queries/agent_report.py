"""An agent's day: the float at its beginning and end, and what the counter did in between."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger import chart
from ledger.errors import NotFound
from ledger.money import Money
from queries import cursor, tills
from queries.answer import Answer, Direction, holds, money
from queries.days import first_number, last_number
from queries.reader import Reader
from queries.report_tables import account_day
from queries.tables import account, entry, movement
from queries.tills import TillDay


class Total(Answer, frozen=True, kw_only=True):
    """Operations of one kind: how many, of how much, with which commission."""

    count: int
    amount: Money
    commission: Money


class AgentReport(Answer, frozen=True, kw_only=True):
    """A day. Cash-in takes from the float, cash-out adds to it, and commission is added too.

    Float comes and goes through the bank and between super-agent and outlets: `topUps` and
    `redemptions`. Of each till, what it did that day. `other` is what corrections added (or took:
    then it is less than nothing). `owedOpening` and `owedClosing` are what the agent owes us.
    """

    agent_id: UUID
    day: date
    currency: str
    float_opening: Money
    float_closing: Money
    owed_opening: Money
    owed_closing: Money
    cash_in: Total
    cash_out: Total
    top_ups: Total
    redemptions: Total
    other: Total
    tills: tuple[TillDay, ...]


class AgentOperation(Answer, frozen=True, kw_only=True):
    """One operation of the counter, with the float that it left."""

    transaction_id: UUID
    kind: str
    direction: Direction
    amount: Money
    commission: Money
    customer_id: UUID | None
    timestamp: datetime
    float_after: Money
    entry_number: int


class AgentOperations(Answer, frozen=True, kw_only=True):
    """A page of a day's operations, newest first."""

    items: tuple[AgentOperation, ...]
    next_cursor: str | None


# The report's columns, by kind and by whether the float became more; whatever else moves a float
# is counted as other.
COLUMNS = {
    ("cash_in.made", False): "cash_in",
    ("cash_out.confirmed", True): "cash_out",
    ("bank.credited", True): "top_up",
    ("float.sent", True): "top_up",
    ("float.sent", False): "redemption",
    ("redemption.paid", False): "redemption",
}


async def of(reader: Reader, agent_id: UUID, day: date) -> AgentReport:
    """The report of a day of booking. Raises NotFound."""
    the_float = await _float(reader, agent_id, day)
    debt = await reader.first(_account(agent_id, chart.AGENT_RECEIVABLE, day))
    rows = await reader.all(_totals(the_float.id, day))
    currency = the_float.currency

    def total(column: str) -> Total:
        mine = [row for row in rows if COLUMNS.get((row.kind, row.incoming), "other") == column]
        moved = sum(row.moved for row in mine)
        return Total(
            count=sum(row.operations for row in mine),
            amount=money(moved if column == "other" else abs(moved), currency),
            commission=money(sum(row.commission for row in mine), currency),
        )

    return AgentReport(
        agent_id=agent_id,
        day=day,
        currency=currency,
        float_opening=holds(the_float.code, the_float.opening or 0, currency),
        float_closing=holds(the_float.code, the_float.closing or 0, currency),
        owed_opening=money(debt.opening or 0 if debt else 0, currency),
        owed_closing=money(debt.closing or 0 if debt else 0, currency),
        cash_in=total("cash_in"),
        cash_out=total("cash_out"),
        top_ups=total("top_up"),
        redemptions=total("redemption"),
        other=total("other"),
        tills=await tills.days(reader, agent_id, day),
    )


async def operations(
    reader: Reader,
    agent_id: UUID,
    day: date,
    limit: int = cursor.PAGE_USUAL,
    after: str | None = None,
) -> AgentOperations:
    """A page of a day's operations, newest first. Raises NotFound, InvalidRequest."""
    limit = cursor.require_page(limit)
    filters = ("agent operations", agent_id, day)
    the_float = await _float(reader, agent_id, day)
    query = (
        sa.select(movement, entry.c.recorded_at)
        .join_from(movement, entry, entry.c.number == movement.c.entry_number)
        .where(*_on(the_float.id, day))
    )
    if after is not None:
        query = query.where(movement.c.entry_number < cursor.read(after, filters, cursor.Number))
    rows = await reader.all(query.order_by(movement.c.entry_number.desc()).limit(limit + 1))
    items = tuple(_operation(row, the_float.code, the_float.currency) for row in rows[:limit])
    more = len(rows) > limit
    return AgentOperations(
        items=items,
        next_cursor=cursor.write(filters, items[-1].entry_number) if more else None,
    )


async def _float(reader: Reader, agent_id: UUID, day: date) -> sa.Row[Any]:
    row = await reader.first(_account(agent_id, chart.AGENT_FLOAT, day))
    if row is None:
        raise NotFound
    return row


def _account(agent_id: UUID, code: str, day: date) -> sa.Select[Any]:
    """The agent's account of this code, with its balances around a day."""
    return sa.select(
        account.c.id,
        account.c.code,
        account.c.currency,
        _moved(account_day.c.day < day).label("opening"),
        _moved(account_day.c.day <= day).label("closing"),
    ).where(account.c.owner == agent_id, account.c.code == code)


def _moved(days: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    net = sa.func.sum(account_day.c.booked_debits - account_day.c.booked_credits)
    return (
        sa.select(sa.cast(sa.func.coalesce(net, 0), sa.BigInteger()))
        .where(account_day.c.account_id == account.c.id, days)
        .correlate(account)
        .scalar_subquery()
    )


def _on(float_id: UUID, day: date) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        movement.c.account_id == float_id,
        entry.c.booking_date == day,
        movement.c.entry_number >= first_number(day),
        movement.c.entry_number <= last_number(day),
    )


def _totals(float_id: UUID, day: date) -> sa.Select[Any]:
    signed = sa.case((movement.c.incoming, movement.c.amount), else_=-movement.c.amount)
    return (
        sa.select(
            movement.c.kind,
            movement.c.incoming,
            sa.func.count().label("operations"),
            sa.cast(sa.func.sum(signed), sa.BigInteger()).label("moved"),
            sa.cast(sa.func.sum(movement.c.commission), sa.BigInteger()).label("commission"),
        )
        .join_from(movement, entry, entry.c.number == movement.c.entry_number)
        .where(*_on(float_id, day))
        .group_by(movement.c.kind, movement.c.incoming)
    )


def _operation(row: sa.Row[Any], code: str, currency: str) -> AgentOperation:
    return AgentOperation(
        transaction_id=row.transaction_id,
        kind=COLUMNS.get((row.kind, row.incoming), row.kind),
        direction=Direction.IN if row.incoming else Direction.OUT,
        amount=money(row.amount, currency),
        commission=money(row.commission, currency),
        customer_id=row.counterparty,
        timestamp=row.recorded_at,
        float_after=holds(code, row.balance, currency),
        entry_number=row.entry_number,
    )
