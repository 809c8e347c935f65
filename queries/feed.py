"""What was told: the newest of everything for whoever passes it on, and one listener's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.money import CVE, Money
from queries.answer import Answer
from queries.projection.feed import TOLD
from queries.reader import Reader
from queries.tables import feed, projection

PAGE_ROWS = 500
EVERY_OPERATOR = UUID(int=0)
# Members that are amounts of money: whole minor units in the log, escudos for people.
AMOUNTS = frozenset(
    {
        "amount", "captured", "capturedFee", "charged", "commission", "debtPaid", "dispensed",
        "fee", "float", "floor", "forgiven", "interchange", "lessened", "low", "ok", "owed", "paid",
        "received", "refunded", "remaining", "shortfall",
    }
)  # fmt: skip


class Listener(msgspec.Struct, frozen=True):
    """Whose affairs are told."""

    audience: str
    owner: UUID

    @property
    def name(self) -> str:
        """For what is made for this listener alone."""
        return f"{self.audience}:{self.owner}"


class Shown(Answer, frozen=True, kw_only=True):
    """What a listener is shown of an event. `subject` is the transaction, wallet, agent or alert it
    is about. Its place in the log stands nowhere: that would tell how much others do."""

    event: str
    subject: UUID
    timestamp: datetime
    data: dict[str, Any]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is told, and its position."""

    position: int
    shown: Shown

    @property
    def event(self) -> str:
        """Its kind."""
        return self.shown.event

    @property
    def subject(self) -> UUID:
        """What it is about."""
        return self.shown.subject

    @property
    def timestamp(self) -> datetime:
        """When it happened."""
        return self.shown.timestamp

    @property
    def data(self) -> dict[str, Any]:
        """What this listener may see of it."""
        return self.shown.data


class Passed(msgspec.Struct, frozen=True):
    """An event and to whom it is told."""

    listener: Listener
    told: Told


async def position(reader: Reader) -> int:
    """Up to which position everything is told that will be."""
    row = await reader.first(sa.select(projection.c.position))
    assert row is not None, "it is one row"
    return int(row.position)


async def after(
    reader: Reader, place: tuple[int, str, UUID], rows_max: int = PAGE_ROWS
) -> Sequence[Passed]:
    """What was told after a place in the feed, to anybody, in the log's order."""
    key = sa.tuple_(feed.c.position, feed.c.audience, feed.c.owner)
    rows = await reader.all(
        sa.select(feed)
        .where(key > sa.tuple_(*map(sa.literal, place)))
        .order_by(feed.c.position, feed.c.audience, feed.c.owner)
        .limit(rows_max)
    )
    return [Passed(Listener(row.audience, row.owner), told_of(row)) for row in rows]


async def own(
    reader: Reader, listener: Listener, after: int, up_to: int, rows_max: int = PAGE_ROWS
) -> Sequence[Told]:
    """What was told to one listener after a position, and up to another."""
    rows = await reader.all(
        sa.select(feed)
        .where(
            feed.c.owner == listener.owner,
            feed.c.audience == listener.audience,
            feed.c.position > after,
            feed.c.position <= up_to,
        )
        .order_by(feed.c.position)
        .limit(rows_max)
    )
    return [told_of(row) for row in rows]


async def at(reader: Reader, listener: Listener, positions: Sequence[int]) -> dict[int, Told]:
    """What was told to one listener at these positions."""
    rows = await reader.all(
        sa.select(feed).where(
            feed.c.owner == listener.owner,
            feed.c.audience == listener.audience,
            feed.c.position.in_(positions),
        )
    )
    return {row.position: told_of(row) for row in rows}


async def first_of(reader: Reader, listener: Listener, kind: str, subject: UUID) -> int | None:
    """The position of the first event of a kind about a subject."""
    row = await reader.first(
        sa.select(feed.c.position)
        .where(
            feed.c.owner == listener.owner,
            feed.c.audience == listener.audience,
            feed.c.kind == kind,
            feed.c.subject == subject,
        )
        .order_by(feed.c.position)
        .limit(1)
    )
    return None if row is None else int(row.position)


def told_of(row: sa.Row[Any]) -> Told:
    """A row as people read it."""
    return Told(
        position=row.position,
        shown=Shown(
            event=row.kind,
            subject=row.subject,
            timestamp=row.recorded_at,
            data=_seen(row.payload, TOLD[row.kind][row.audience], row.direction),
        ),
    )


def _seen(
    payload: Mapping[str, Any], members: tuple[str, ...], direction: str | None
) -> dict[str, Any]:
    """What this listener may see of a payload: the members that stand on the list, no other."""
    seen = {
        name: Money(payload[name], CVE) if name in AMOUNTS else payload[name]
        for name in members
        if payload.get(name) is not None
    }
    return seen if direction is None else {**seen, "direction": direction}
