"""Floats and commission of all agents over a span of days."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger import chart
from ledger.errors import InvalidRequest
from ledger.money import CVE, Money
from queries import cursor
from queries.agent_report import COLUMNS
from queries.answer import Answer
from queries.reader import Reader
from queries.report_tables import account_day, float_day
from queries.tables import account, outlet


class Operations(Answer, frozen=True, kw_only=True):
    """How many, of how much."""

    count: int
    amount: Money


class AgentFloat(Answer, frozen=True, kw_only=True):
    """An agent. Opening, less cash-in and redemptions, with cash-out, top-ups, commission and
    `other` (which may be less than nothing) is closing."""

    agent_id: UUID
    name: str | None
    float_opening: Money
    cash_in: Operations
    cash_out: Operations
    top_ups: Operations
    redemptions: Operations
    other: Operations
    commission: Money
    float_closing: Money


class Floats(Answer, frozen=True, kw_only=True):
    """A page of agents."""

    from_: date = msgspec.field(name="from")
    to: date
    items: tuple[AgentFloat, ...]
    next_cursor: str | None


async def page(
    reader: Reader,
    from_: date,
    to: date,
    limit: int = cursor.PAGE_USUAL,
    after: str | None = None,
) -> Floats:
    """A page of all agents, in the order of their ids. Raises InvalidRequest."""
    limit = cursor.require_page(limit)
    if to < from_:
        raise InvalidRequest(field="to", reason="is before from")
    filters = ("floats", from_, to)
    query = (
        sa.select(
            account.c.id,
            account.c.owner,
            outlet.c.name,
            _moved(account_day.c.day < from_).label("opening"),
            _moved(account_day.c.day <= to).label("closing"),
        )
        .outerjoin_from(account, outlet, outlet.c.float_id == account.c.id)
        .where(account.c.code == chart.AGENT_FLOAT)
    )
    if after is not None:
        query = query.where(account.c.id > cursor.read(after, filters, UUID))
    rows = await reader.all(query.order_by(account.c.id).limit(limit + 1))
    shown = rows[:limit]
    sums = await _sums(reader, [row.id for row in shown], from_, to)
    return Floats(
        from_=from_,
        to=to,
        items=tuple(_float(row, sums[row.id]) for row in shown),
        next_cursor=cursor.write(filters, shown[-1].id) if len(rows) > limit else None,
    )


def _moved(days: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    net = sa.func.sum(account_day.c.booked_credits - account_day.c.booked_debits)
    return (
        sa.select(sa.cast(sa.func.coalesce(net, 0), sa.BigInteger()))
        .where(account_day.c.account_id == account.c.id, days)
        .correlate(account)
        .scalar_subquery()
    )


async def _sums(reader: Reader, floats: list[UUID], from_: date, to: date) -> dict[UUID, list[Any]]:
    rows = await reader.all(
        sa.select(
            float_day.c.account_id,
            float_day.c.kind,
            float_day.c.incoming,
            sa.cast(sa.func.sum(float_day.c.operations), sa.BigInteger()).label("operations"),
            sa.cast(sa.func.sum(float_day.c.amount), sa.BigInteger()).label("amount"),
            sa.cast(sa.func.sum(float_day.c.commission), sa.BigInteger()).label("commission"),
        )
        .where(float_day.c.account_id.in_(floats), float_day.c.day.between(from_, to))
        .group_by(float_day.c.account_id, float_day.c.kind, float_day.c.incoming)
    )
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.account_id].append(row)
    return found


def _float(row: sa.Row[Any], sums: list[Any]) -> AgentFloat:
    def total(column: str) -> Operations:
        mine = [each for each in sums if COLUMNS.get((each.kind, each.incoming), "other") == column]
        signed = sum(each.amount if each.incoming else -each.amount for each in mine)
        return Operations(
            count=sum(each.operations for each in mine),
            amount=Money(signed if column == "other" else abs(signed), CVE),
        )

    return AgentFloat(
        agent_id=row.owner,
        name=row.name,
        float_opening=Money(row.opening, CVE),
        cash_in=total("cash_in"),
        cash_out=total("cash_out"),
        top_ups=total("top_up"),
        redemptions=total("redemption"),
        other=total("other"),
        commission=Money(sum(each.commission for each in sums), CVE),
        float_closing=Money(row.closing, CVE),
    )
