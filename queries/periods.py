"""Periods: every month of the books with what it takes, and the steps that it has come by."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from ledger.errors import NotFound
from queries.answer import Answer
from queries.period_tables import period_event
from queries.reader import Reader
from queries.tables import entry

OPEN, SOFT_CLOSED, CLOSED = "open", "soft_closed", "closed"
MONTHS_MAX = 120  # listed, the newest of all
STEPS_MAX = 1_000


class FoundLine(Answer, frozen=True, kw_only=True):
    """One line of a checklist, as it was signed."""

    name: str
    ok: bool
    figure: int | None = None
    count: int | None = None
    oldest_days: int | None = None


class PeriodStep(Answer, frozen=True, kw_only=True):
    """A step of a month: soft_closed, closed or reopened; by whom, who was the second of two
    people where it took two; and the checklist of a close."""

    what: str
    state: str
    by: str
    proposal_id: str | None
    reason: str | None
    position: int
    happened_at: datetime
    lines: tuple[FoundLine, ...] | None


class Period(Answer, frozen=True, kw_only=True):
    """A month of booking dates, and what it takes now."""

    month: str
    first_day: date
    last_day: date
    state: str
    over: bool
    steps: tuple[PeriodStep, ...]


class Periods(Answer, frozen=True, kw_only=True):
    """All months of the books, the newest first."""

    items: tuple[Period, ...]
    soft_closed_to: date | None
    closed_to: date | None


async def all_of_them(reader: Reader, today: date) -> Periods:
    """From the first month in which anything was booked, or closed, to the one that runs."""
    steps = await _steps(reader)
    begun = await reader.first(sa.select(sa.func.min(entry.c.booking_date).label("day")))
    assert begun is not None, "it is one row"
    first = min(begun.day or today, today, *(step.month for step in steps)).replace(day=1)
    newest = steps[-1] if steps else None
    ends = (None, None) if newest is None else (newest.soft_closed_to, newest.closed_to)
    months = _months(first, today)[-MONTHS_MAX:]
    return Periods(
        items=tuple(_period(month, today, ends, steps) for month in reversed(months)),
        soft_closed_to=ends[0],
        closed_to=ends[1],
    )


async def one(reader: Reader, month: date, today: date) -> Period:
    """One month, by its first day. Raises NotFound for one that is still to come."""
    if month > today:
        raise NotFound("This month is still to come.")
    steps = await _steps(reader)
    newest = steps[-1] if steps else None
    ends = (None, None) if newest is None else (newest.soft_closed_to, newest.closed_to)
    return _period(month, today, ends, steps)


def last_day(month: date) -> date:
    """Of the month that begins on a day."""
    return month.replace(day=monthrange(month.year, month.month)[1])


async def _steps(reader: Reader) -> list[Any]:
    """In their order, the newest of all last."""
    query = sa.select(period_event).order_by(period_event.c.position.desc()).limit(STEPS_MAX)
    return list(reversed(await reader.all(query)))


def _months(first: date, last: date) -> list[date]:
    months = [first]
    while months[-1] < last.replace(day=1):
        months.append(last_day(months[-1]) + timedelta(days=1))
    return months


def _period(
    month: date, today: date, ends: tuple[date | None, date | None], steps: list[Any]
) -> Period:
    soft_closed_to, closed_to = ends
    state = OPEN
    if closed_to is not None and month <= closed_to:
        state = CLOSED
    elif soft_closed_to is not None and month <= soft_closed_to:
        state = SOFT_CLOSED
    return Period(
        month=f"{month:%Y-%m}",
        first_day=month,
        last_day=last_day(month),
        state=state,
        over=last_day(month) < today,
        steps=tuple(_step(step) for step in steps if step.month == month),
    )


def _step(row: Any) -> PeriodStep:
    lines = None if row.lines is None else msgspec.convert(row.lines, tuple[FoundLine, ...])
    return PeriodStep(
        what=row.what,
        state=row.state,
        by=str(row.done_by),
        proposal_id=None if row.proposal_id is None else str(row.proposal_id),
        reason=row.reason,
        position=row.position,
        happened_at=row.happened_at,
        lines=lines,
    )
