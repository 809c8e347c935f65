"""The audit trail: who did what, when, from which session, and how it ended; newest first."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.books import COUNTRY, EPOCH, MICROSECOND
from queries import cursor
from queries.answer import Answer
from queries.days import day_after
from queries.reader import Reader
from queries.tables import audit


class Act(Answer, frozen=True, kw_only=True):
    """One thing that somebody did, or was refused.

    `position` is that of its record in the log, or of the record that has taken its note up; then
    `note` is the place of the note. `outcome` is done, or the code of the refusal.
    """

    happened_at: datetime
    position: int
    note: int | None
    kind: str
    actor: str
    session: UUID | None
    request_id: str
    subject: UUID | None
    route: str | None
    asked: str | None
    outcome: str
    times: int


class AuditPage(Answer, frozen=True, kw_only=True):
    """A page of the trail, newest first."""

    items: tuple[Act, ...]
    next_cursor: str | None


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What a page is limited to: days in Cape Verde, both included."""

    from_: date | None = None
    to: date | None = None
    actor: str | None = None
    session: UUID | None = None
    request_id: str | None = None
    subject: UUID | None = None
    kind: str | None = None
    outcome: str | None = None


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ends: microseconds since 1970, position, note."""

    at: int
    position: int
    note: int


_KEY = (audit.c.happened_at, audit.c.position, audit.c.note)


async def page(
    reader: Reader,
    filters: Filters,
    limit: int = cursor.PAGE_USUAL,
    after: str | None = None,
) -> AuditPage:
    """A page of the audit trail, newest first. `after` is the cursor of the page before.

    Raises InvalidRequest for a wrong limit or cursor.
    """
    limit = cursor.require_page(limit)
    query = sa.select(audit).where(*_within(filters))
    if after is not None:
        place = cursor.read(after, filters, _Place)
        key = (EPOCH + place.at * MICROSECOND, place.position, place.note)
        query = query.where(sa.tuple_(*_KEY) < sa.tuple_(*map(sa.literal, key)))
    query = query.order_by(*(column.desc() for column in _KEY)).limit(limit + 1)
    rows = await reader.all(query)
    items = tuple(_act(row) for row in rows[:limit])
    more = cursor.write(filters, _place(items[-1])) if len(rows) > limit else None
    return AuditPage(items=items, next_cursor=more)


def _within(filters: Filters) -> list[sa.ColumnElement[bool]]:
    bounds: list[sa.ColumnElement[bool]] = []
    if filters.from_ is not None:
        bounds.append(audit.c.happened_at >= _beginning(filters.from_))
    if filters.to is not None:
        bounds.append(audit.c.happened_at < _beginning(day_after(filters.to, "to")))
    for name in ("actor", "session", "request_id", "subject", "kind", "outcome"):
        value = getattr(filters, name)
        if value is not None:
            bounds.append(audit.c[name] == value)
    return bounds


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time(), COUNTRY)


def _place(act: Act) -> _Place:
    at = (act.happened_at - EPOCH) // MICROSECOND
    return _Place(at, act.position, act.note or 0)


def _act(row: sa.Row[Any]) -> Act:
    return Act(
        happened_at=row.happened_at,
        position=row.position,
        note=row.note or None,
        kind=row.kind,
        actor=row.actor,
        session=row.session,
        request_id=row.request_id,
        subject=row.subject,
        route=row.route,
        asked=row.asked or None,
        outcome=row.outcome,
        times=row.times,
    )
