"""Alerts as they stand, and the measures that are judged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INTERVAL

from ledger import chart
from queries import cursor
from queries.answer import Answer
from queries.reader import Reader
from queries.safeguarding import DIFFERENCE, SHORTFALL
from queries.tables import account, alert, feed, projection, switch_operation, withdrawal

HOLDING = ("active", "authorised", "in_doubt", "pending")
LOG_IN_WINDOW = timedelta(minutes=15)


class Alert(Answer, frozen=True, kw_only=True):
    """An alert. `value` and `level` are in its unit: centavos, seconds, records or a count."""

    alert_id: UUID
    name: str
    about: UUID | None
    raised: bool
    value: int
    level: int
    unit: str
    times: int
    raised_at: datetime
    cleared_at: datetime | None


class Alerts(Answer, frozen=True, kw_only=True):
    """A page of them, newest change first."""

    items: tuple[Alert, ...]
    next_cursor: str | None


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """What the read models say of the house, when they were at `position`."""

    position: int
    unidentified_credits: int
    suspense_breaks: int
    in_doubt_count: int
    in_doubt_age: int
    dispute_age: int
    held_age: int
    network_step_up: int
    failed_log_ins: int
    safeguarding_shortfall: int
    safeguarding_difference: int


async def page(reader: Reader, raised: bool | None, limit: int, cursor_: str | None) -> Alerts:
    """Alerts, those that stand or those that do not, newest change first. Raises InvalidRequest."""
    size = cursor.require_page(limit)
    statement = sa.select(alert).order_by(alert.c.position.desc()).limit(size + 1)
    if raised is not None:
        statement = statement.where(alert.c.raised == raised)
    if cursor_ is not None:
        before = cursor.read(cursor_, raised, cursor.Number)
        statement = statement.where(alert.c.position < before)
    rows = await reader.all(statement)
    more = len(rows) > size
    return Alerts(
        items=tuple(_alert(row) for row in rows[:size]),
        next_cursor=cursor.write(raised, rows[size - 1].position) if more else None,
    )


async def standing(reader: Reader) -> dict[str, int]:
    """How many alerts of each name stand now."""
    rows = await reader.all(
        sa.select(alert.c.name, sa.func.count().label("many"))
        .where(alert.c.raised)
        .group_by(alert.c.name)
    )
    return {row.name: int(row.many) for row in rows}


async def measures(reader: Reader) -> Measures:
    """Measure everything, in one statement."""
    row = await reader.first(MEASURE)
    assert row is not None, "sums are one row"
    values = [int(value or 0) for value in row]
    return Measures(**dict(zip(Measures.__struct_fields__, values, strict=True)))


def _balance(code: str, sign: int) -> sa.ScalarSelect[Any]:
    total = sa.func.coalesce(sa.func.sum(account.c.balance), 0)
    return sa.select(sign * total).where(account.c.code == code).scalar_subquery()


def _age(moment: Any, *conditions: Any) -> sa.ScalarSelect[Any]:
    """Seconds since the oldest of these, or nothing."""
    seconds = sa.func.floor(sa.extract("epoch", sa.func.clock_timestamp() - sa.func.min(moment)))
    return sa.select(sa.func.greatest(seconds, 0)).where(*conditions).scalar_subquery()


_NEWEST_STEP_UP = (
    sa.select(feed.c.payload["until"].astext.cast(sa.DateTime(timezone=True)).label("until"))
    .where(
        feed.c.kind == "step_up.began",
        feed.c.payload["scope"].astext == "network",
        feed.c.payload["dryRun"].astext == "false",
    )
    .order_by(feed.c.position.desc())
    .limit(1)
    .subquery()
)

# In the order of the fields.
MEASURE = sa.select(
    sa.select(projection.c.position).scalar_subquery().label("position"),
    _balance(chart.UNIDENTIFIED_CREDITS, -1).label("unidentified_credits"),
    _balance(chart.SUSPENSE_BREAKS, 1).label("suspense_breaks"),
    sa.select(sa.func.count())
    .where(withdrawal.c.state == "in_doubt")
    .scalar_subquery()
    .label("in_doubt_count"),
    _age(withdrawal.c.doubt_at, withdrawal.c.state == "in_doubt").label("in_doubt_age"),
    _age(switch_operation.c.first_at, switch_operation.c.dispute_state == "open").label(
        "dispute_age"
    ),
    _age(withdrawal.c.requested_at, withdrawal.c.state.in_(HOLDING)).label("held_age"),
    sa.select(sa.func.count())
    .select_from(_NEWEST_STEP_UP)
    .where(_NEWEST_STEP_UP.c.until > sa.func.clock_timestamp())
    .scalar_subquery()
    .label("network_step_up"),
    sa.select(sa.func.count())
    .where(
        feed.c.kind == "login.failed",
        feed.c.recorded_at > sa.func.clock_timestamp() - sa.cast(LOG_IN_WINDOW, INTERVAL()),
    )
    .scalar_subquery()
    .label("failed_log_ins"),
    SHORTFALL.label("safeguarding_shortfall"),
    DIFFERENCE.label("safeguarding_difference"),
)


def _alert(row: sa.Row[Any]) -> Alert:
    return Alert(
        alert_id=row.id,
        name=row.name,
        about=row.about,
        raised=row.raised,
        value=row.value,
        level=row.level,
        unit=row.unit,
        times=row.times,
        raised_at=row.raised_at,
        cleared_at=row.cleared_at,
    )
