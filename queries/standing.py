"""What an account, or a code with all its accounts, had come to at the end of any day.

A day is one of booking or one of value. By booking it may be asked too as the books stood when the
log had come to a position: what was written later, even for earlier days, is then left out. All of
it is added up from totals of days; of lines only those of one day are looked at, and those that
were written late.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.books import COUNTRY
from ledger.chart import ONE_PER_OWNER, the
from ledger.errors import InvalidRequest
from queries.reader import Reader
from queries.report_tables import account_day, log_record
from queries.tables import entry, line, turnover

LAST_DAY = date.max


class Axis(StrEnum):
    """By which of its two dates a line counts."""

    BOOKING = "booking"
    VALUE = "value"


class Scope(msgspec.Struct, frozen=True):
    """One account, or every account of a code that has many."""

    code: str
    account_id: UUID | None = None

    @staticmethod
    def of_code(code: str) -> Scope:
        """All of a code; mostly that is one account."""
        return Scope(code, None if code in ONE_PER_OWNER else the(code))


class Known(msgspec.Struct, frozen=True):
    """A position of the log, and the day on which it was written: nobody knew more then."""

    position: int
    day: date


class Sums(msgspec.Struct, frozen=True):
    """What was debited and credited, in minor units."""

    debits: int = 0
    credits: int = 0

    @property
    def balance(self) -> int:
        """Debit positive."""
        return self.debits - self.credits

    def less(self, other: Sums) -> Sums:
        """What of these is not in the other."""
        return Sums(self.debits - other.debits, self.credits - other.credits)


async def known_at(reader: Reader, position: int | None, axis: Axis) -> Known | None:
    """A position and its day. Raises InvalidRequest for one that was not written, or with value
    dates: what counts for a day is told of later than it is booked."""
    if position is None:
        return None
    if axis is Axis.VALUE:
        raise InvalidRequest(field="position", reason="goes with booking dates")
    row = await reader.first(
        sa.select(log_record.c.recorded_at).where(log_record.c.position == position)
    )
    if row is None:
        raise InvalidRequest(field="position", reason="is not one of the log's, or not yet read")
    return Known(position, row.recorded_at.astimezone(COUNTRY).date())


async def until(
    reader: Reader, scope: Scope, day: date, axis: Axis, known: Known | None = None
) -> Sums:
    """What a scope had come to when a day ended."""
    row = await reader.first(_until(scope, day, axis, known))
    return _sums(row)


async def after(
    reader: Reader,
    scope: Scope,
    day: date,
    key: tuple[int, int],
    axis: Axis,
    known: Known | None = None,
) -> int:
    """The balance, debit positive, that a line of this day left on that axis; `key` is the number
    of its entry and its own."""
    later = sa.tuple_(line.c.entry_number, line.c.line_number) > sa.tuple_(*map(sa.literal, key))
    parts = [
        _days(scope, axis).where(_day(scope) <= day),
        _added(-1).where(*lines_of(scope), dated(axis) == day, later),
    ]
    if known is not None:
        place = sa.tuple_(line.c.booking_date, line.c.entry_number, line.c.line_number)
        parts.append(_unknown(scope, known, place <= sa.tuple_(*map(sa.literal, (day, *key)))))
    return _sums(await reader.first(_together(*parts))).balance


def lines_of(scope: Scope) -> tuple[sa.ColumnElement[bool], ...]:
    """Which lines are the scope's."""
    if scope.account_id is not None:
        return (line.c.account_id == scope.account_id,)
    return (line.c.code == scope.code,)


def dated(axis: Axis) -> sa.Column[date]:
    """The day of a line on an axis."""
    return line.c.booking_date if axis is Axis.BOOKING else line.c.value_date


def columns(table: sa.Table, axis: Axis) -> tuple[sa.Column[int], sa.Column[int]]:
    """The debits and credits of a table of days on an axis."""
    word = "booked" if axis is Axis.BOOKING else "valued"
    return table.c[f"{word}_debits"], table.c[f"{word}_credits"]


def _until(scope: Scope, day: date, axis: Axis, known: Known | None) -> sa.Select[Any]:
    if known is None:
        return _days(scope, axis).where(_day(scope) <= day)
    if day < known.day:
        whole = _days(scope, axis).where(_day(scope) <= day)
        return _together(whole, _unknown(scope, known, line.c.booking_date <= day))
    # Of the last day that was known, the lines themselves.
    on_it = (
        _added(1)
        .join_from(line, entry, entry.c.number == line.c.entry_number)
        .where(*lines_of(scope), line.c.booking_date >= known.day, line.c.booking_date <= day)
        .where(entry.c.position <= known.position)
    )
    return _together(
        _days(scope, axis).where(_day(scope) < known.day),
        on_it,
        _unknown(scope, known, line.c.booking_date < known.day),
    )


def _days(scope: Scope, axis: Axis) -> sa.Select[Any]:
    table = account_day if scope.account_id is not None else turnover
    debits, credits_ = (sa.func.coalesce(sa.func.sum(each), 0) for each in columns(table, axis))
    sums: list[Any] = [debits.label("debits"), credits_.label("credits")]
    chosen = sa.select(*sums)
    if scope.account_id is not None:
        return chosen.where(account_day.c.account_id == scope.account_id)
    return chosen.where(turnover.c.code == scope.code)


def _day(scope: Scope) -> sa.Column[date]:
    return account_day.c.day if scope.account_id is not None else turnover.c.day


def _added(sign: int) -> sa.Select[Any]:
    """Lines added up, or taken away."""
    debits = sa.func.coalesce(sa.func.sum(sa.func.greatest(line.c.amount, 0)), 0)
    credits_ = sa.func.coalesce(sa.func.sum(sa.func.greatest(-line.c.amount, 0)), 0)
    return sa.select((sign * debits).label("debits"), (sign * credits_).label("credits"))


def _unknown(scope: Scope, known: Known, *which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Less what was written after a position for days that were over by then."""
    return (
        _added(-1)
        .join_from(entry, line, entry.c.number == line.c.entry_number)
        .where(entry.c.late, entry.c.position > known.position, *lines_of(scope), *which)
    )


def _together(*parts: sa.Select[Any]) -> sa.Select[Any]:
    whole = sa.union_all(*parts).subquery("whole")
    return sa.select(
        sa.func.sum(whole.c.debits).label("debits"), sa.func.sum(whole.c.credits).label("credits")
    )


def _sums(row: sa.Row[Any] | None) -> Sums:
    assert row is not None, "sums are one row"
    return Sums(int(row.debits), int(row.credits))
