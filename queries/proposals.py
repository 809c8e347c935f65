"""Proposals: what waits for a second person, and what became of the others, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.errors import NotFound
from queries import cursor as cursors
from queries.answer import Answer
from queries.reader import Reader
from queries.tables import proposal

PROPOSED, LAPSED = "proposed", "lapsed"


class Proposal(Answer, frozen=True, kw_only=True):
    """A change as its maker wrote it. Who approves names `content_hash`, the SHA-256 of `content`
    as it stands in the log (its members sorted, without spaces)."""

    proposal_id: UUID
    kind: str
    content: dict[str, Any]
    content_hash: str
    state: str
    maker_id: UUID
    checker_id: UUID | None
    why: str | None
    proposed_at: datetime
    expires_at: datetime
    timestamp: datetime


class Proposals(Answer, frozen=True, kw_only=True):
    """A page of them."""

    items: tuple[Proposal, ...]
    next_cursor: str | None


# One that nobody approved in time is over, whether anybody has tried since or not.
STATE = sa.case(
    (
        (proposal.c.state == PROPOSED) & (proposal.c.expires_at <= sa.func.clock_timestamp()),
        LAPSED,
    ),
    else_=proposal.c.state,
)
PROPOSALS = sa.select(proposal, STATE.label("state_now"))
NEWEST_FIRST = (proposal.c.proposed_at.desc(), proposal.c.id.desc())


async def page(
    reader: Reader,
    state: str | None,
    limit: int,
    cursor: str | None,
    kinds: Sequence[str] | None = None,
) -> Proposals:
    """Proposals in a state and of some kinds, or all. Raises InvalidRequest for a cursor of another
    list."""
    limit = cursors.require_page(limit)
    query = PROPOSALS.order_by(*NEWEST_FIRST).limit(limit + 1)
    if state is not None:
        query = query.where(STATE.in_((state,)))
    if kinds is not None:
        query = query.where(proposal.c.kind.in_(kinds))
    filters = (state, kinds)
    if cursor is not None:
        at, id_ = cursors.read(cursor, filters, tuple[datetime, UUID])
        query = query.where(sa.tuple_(proposal.c.proposed_at, proposal.c.id) < (at, id_))
    rows = await reader.all(query)
    items = tuple(_proposal(row) for row in rows[:limit])
    more = len(rows) > limit
    last = rows[limit - 1] if more else None
    return Proposals(
        items=items,
        next_cursor=None if last is None else cursors.write(filters, (last.proposed_at, last.id)),
    )


async def one(reader: Reader, proposal_id: UUID, kinds: Sequence[str] | None = None) -> Proposal:
    """A proposal, if it is of these kinds. Raises NotFound."""
    query = PROPOSALS.where(proposal.c.id == proposal_id)
    row = await reader.first(query if kinds is None else query.where(proposal.c.kind.in_(kinds)))
    if row is None:
        raise NotFound("There is no such proposal.")
    return _proposal(row)


def _proposal(row: Any) -> Proposal:
    return Proposal(
        proposal_id=row.id,
        kind=row.kind,
        content=msgspec.json.decode(row.content),
        content_hash=row.content_hash,
        state=row.state_now,
        maker_id=row.maker_id,
        checker_id=row.checker_id,
        why=row.why,
        proposed_at=row.proposed_at,
        expires_at=row.expires_at,
        timestamp=row.updated_at,
    )
