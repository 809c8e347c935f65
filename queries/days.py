"""Spans of days as spans of entry numbers: numbers rise with booking dates."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from ledger.errors import InvalidRequest
from queries.tables import account, entry, line

DAYS_MAX = 366
NUMBER_MAX = 2**63 - 1


def require_span(first: date, last: date) -> None:
    """Raises InvalidRequest unless the days stand in order and are not too many."""
    if last < first:
        raise InvalidRequest(field="to", reason="is before from")
    if (last - first).days >= DAYS_MAX:
        raise InvalidRequest(field="to", reason=f"is more than {DAYS_MAX} days after from")


def first_number(day: date) -> sa.ScalarSelect[int]:
    """The first entry's number among those booked on this day or later; null when none is."""
    return (
        sa.select(entry.c.number)
        .where(entry.c.booking_date >= day)
        .order_by(entry.c.booking_date, entry.c.number)
        .limit(1)
        .scalar_subquery()
    )


def last_number(day: date) -> sa.ScalarSelect[int]:
    """The last entry's number among those booked on this day or earlier; null when none is."""
    return (
        sa.select(entry.c.number)
        .where(entry.c.booking_date <= day)
        .order_by(entry.c.booking_date.desc(), entry.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )


def balance_before(day: date) -> sa.ScalarSelect[int]:
    """What the account of the query around it held, as lines do, at the beginning of a day.

    Null when it had not moved.
    """
    return _balance(line.c.entry_number < sa.func.coalesce(first_number(day), NUMBER_MAX))


def balance_after(day: date) -> sa.ScalarSelect[int]:
    """What it held at the end of a day."""
    return _balance(line.c.entry_number <= last_number(day))


def _balance(of_lines: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return (
        sa.select(line.c.balance)
        .where(line.c.account_id == account.c.id, of_lines)
        .order_by(line.c.entry_number.desc(), line.c.line_number.desc())
        .limit(1)
        .correlate(account)
        .scalar_subquery()
    )
