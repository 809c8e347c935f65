"""The access review: who may do what, with which factors, and when they last did."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from queries import cursor as cursors
from queries.answer import Answer
from queries.reader import Reader
from queries.tables import access


class Access(Answer, frozen=True, kw_only=True):
    """One person. Factors without a time were not set yet.

    `given_by` proposed their role and `let_in_by` that they may sign in again; who was enrolled at
    installation has neither.
    """

    user_id: UUID
    role: str
    status: str
    agent_id: UUID | None
    principal_id: UUID | None
    enrolled_at: datetime
    pin_set_at: datetime | None
    totp_set_at: datetime | None
    passkeys: int
    recovery_codes: int
    devices: int
    last_sign_in_at: datetime | None
    last_act: str | None
    last_acted_at: datetime | None
    given_by: UUID | None
    let_in_by: UUID | None


class Accesses(Answer, frozen=True, kw_only=True):
    """A page of them."""

    items: tuple[Access, ...]
    next_cursor: str | None


class Filters(msgspec.Struct, frozen=True):
    """Only these; None does not filter."""

    role: str | None = None
    status: str | None = None


async def page(reader: Reader, filters: Filters, limit: int, cursor: str | None) -> Accesses:
    """Everybody but customers, in the order in which they came. Raises InvalidRequest for a cursor
    of another list."""
    limit = cursors.require_page(limit)
    query = sa.select(access).order_by(access.c.enrolled_at, access.c.user_id).limit(limit + 1)
    if filters.role is not None:
        query = query.where(access.c.role == filters.role)
    if filters.status is not None:
        query = query.where(access.c.status == filters.status)
    if cursor is not None:
        at, id_ = cursors.read(cursor, filters, tuple[datetime, UUID])
        query = query.where(sa.tuple_(access.c.enrolled_at, access.c.user_id) > (at, id_))
    rows = await reader.all(query)
    last = rows[limit - 1] if len(rows) > limit else None
    return Accesses(
        items=tuple(_access(row) for row in rows[:limit]),
        next_cursor=None
        if last is None
        else cursors.write(filters, (last.enrolled_at, last.user_id)),
    )


def _access(row: Any) -> Access:
    return Access(**row._mapping)  # noqa: SLF001 - a row's documented way to its columns by name
