"""Spans of days, and the entry numbers among which those of a span lie.

Numbers rise with booking dates but for entries that were written late: so a span of numbers says
where to look, and whoever looks compares the day.
"""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from ledger.errors import InvalidRequest
from queries.tables import booked

DAYS_MAX = 366
NUMBER_MAX = 2**63 - 1


def require_span(first: date, last: date) -> None:
    """Raises InvalidRequest unless the days stand in order and are not too many."""
    if last < first:
        raise InvalidRequest(field="to", reason="is before from")
    if (last - first).days >= DAYS_MAX:
        raise InvalidRequest(field="to", reason=f"is more than {DAYS_MAX} days after from")


def day_before(day: date, field: str) -> date:
    """The day before a day that `field` has asked for. Raises InvalidRequest for the first one of
    the calendar, which has none."""
    if day == date.min:
        raise InvalidRequest(field=field, reason="is the first day that there is")
    return day - timedelta(days=1)


def day_after(day: date, field: str) -> date:
    """The day after it. Raises InvalidRequest for the last one of the calendar."""
    if day == date.max:
        raise InvalidRequest(field=field, reason="is the last day that there is")
    return day + timedelta(days=1)


def first_number(day: date) -> sa.ScalarSelect[int]:
    """The first entry's number among those booked on this day or later; null when none is."""
    return (
        sa.select(booked.c.number)
        .where(booked.c.booking_date >= day)
        .order_by(booked.c.booking_date, booked.c.number)
        .limit(1)
        .scalar_subquery()
    )


def last_number(day: date) -> sa.ScalarSelect[int]:
    """The last entry's number among those booked on this day or earlier; null when none is."""
    return (
        sa.select(booked.c.number)
        .where(booked.c.booking_date <= day)
        .order_by(booked.c.booking_date.desc(), booked.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )
