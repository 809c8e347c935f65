"""The tills of an outlet: what lies in them now, and what each did on a day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger.money import CVE, Money
from queries.answer import Answer, money
from queries.reader import Reader
from queries.tables import till, till_day

TILLS_MAX = 200  # of one outlet
CURRENCY = CVE.code


class Till(Answer, frozen=True, kw_only=True):
    """A till. `cash` is what must lie in it by its cash book."""

    till_id: UUID
    name: str
    state: str
    operator_id: UUID | None
    opened_at: datetime | None
    cash: Money
    differences: Money


class Tills(Answer, frozen=True, kw_only=True):
    """The tills of an outlet."""

    items: tuple[Till, ...]


class TillDay(Answer, frozen=True, kw_only=True):
    """A till's day: cash at its beginning and end by the cash book, and what came in between.

    `differences` is what counts have shown that day: above zero was over, below was short.
    """

    till_id: UUID
    name: str
    cash_opening: Money
    cash_in_count: int
    cash_in: Money
    cash_out_count: int
    cash_out: Money
    brought: Money
    differences: Money
    cash_closing: Money
    commission: Money


async def of(reader: Reader, agent_id: UUID) -> Tills:
    """All tills of an outlet."""
    rows = await reader.all(
        sa.select(till).where(till.c.agent_id == agent_id).order_by(till.c.id).limit(TILLS_MAX)
    )
    return Tills(items=tuple(_till(row) for row in rows))


async def days(reader: Reader, agent_id: UUID, day: date) -> tuple[TillDay, ...]:
    """What each till of an outlet did on a day."""
    moved = till_day.c.cash_in - till_day.c.cash_out + till_day.c.brought + till_day.c.differences

    def on_the_day(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return _sum(sa.case((till_day.c.day == day, column), else_=0))

    rows = await reader.all(
        sa.select(
            till.c.id,
            till.c.name,
            _sum(sa.case((till_day.c.day < day, moved), else_=0)).label("opening"),
            _sum(moved).label("closing"),
            *(on_the_day(column).label(column.name) for column in COUNTED),
        )
        .join_from(till, till_day, (till_day.c.till_id == till.c.id) & (till_day.c.day <= day))
        .where(till.c.agent_id == agent_id)
        .group_by(till.c.id, till.c.name)
        .order_by(till.c.id)
        .limit(TILLS_MAX)
    )
    return tuple(_day(row) for row in rows)


COUNTED: tuple[sa.Column[Any], ...] = (
    till_day.c.cash_in_count,
    till_day.c.cash_in,
    till_day.c.cash_out_count,
    till_day.c.cash_out,
    till_day.c.brought,
    till_day.c.differences,
    till_day.c.commission,
)


def _sum(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.sum(column), sa.BigInteger())


def _till(row: sa.Row[Any]) -> Till:
    return Till(
        till_id=row.id,
        name=row.name,
        state=row.state,
        operator_id=row.operator_id,
        opened_at=row.opened_at,
        cash=money(row.cash, CURRENCY),
        differences=money(row.differences, CURRENCY),
    )


def _day(row: sa.Row[Any]) -> TillDay:
    return TillDay(
        till_id=row.id,
        name=row.name,
        cash_opening=money(row.opening, CURRENCY),
        cash_in_count=row.cash_in_count,
        cash_in=money(row.cash_in, CURRENCY),
        cash_out_count=row.cash_out_count,
        cash_out=money(row.cash_out, CURRENCY),
        brought=money(row.brought, CURRENCY),
        differences=money(row.differences, CURRENCY),
        cash_closing=money(row.closing, CURRENCY),
        commission=money(row.commission, CURRENCY),
    )
