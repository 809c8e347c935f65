"""The deliveries' tables: what was queued for whom, who sends it now, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from server.primary import Primary

WEBHOOKS = """
    SELECT
        w.id, w.url, w.kinds, w.state, w.reason, w.added_at, w.secret_seal, w.old_secret_seal,
        w.old_until, c.position
    FROM ledger.webhook AS w
    LEFT JOIN ledger.webhook_cursor AS c ON w.id = c.webhook_id
    WHERE w.state <> 'removed'
    ORDER BY w.added_at, w.id
    LIMIT 1000
"""
BEGIN_AT = """
    INSERT INTO ledger.webhook_cursor (webhook_id, position)
    VALUES (%(webhook_id)s, %(position)s)
    ON CONFLICT (webhook_id) DO NOTHING
"""
# Whoever moves the cursor queues; of two who have read the same, the second moves nothing.
QUEUE = """
    WITH moved AS (
        UPDATE ledger.webhook_cursor SET position = %(up_to)s
        WHERE webhook_id = %(webhook_id)s AND position = %(after)s
        RETURNING webhook_id
    )
    INSERT INTO ledger.webhook_delivery (
        webhook_id, position, kind, state, attempts, queued_at, first_at, next_at, updated_at
    )
    SELECT
        m.webhook_id, e.position, e.kind, 'pending', 0, %(now)s, %(now)s, %(now)s, %(now)s
    FROM moved AS m
    CROSS JOIN unnest(%(positions)s::bigint[], %(kinds)s::text[]) AS e (position, kind)
    ON CONFLICT (webhook_id, position) DO NOTHING
"""
# A delivery is one sender's for a while; when that one dies, it is another's after it.
CLAIM = """
    UPDATE ledger.webhook_delivery AS d
    SET claimed_until = %(until)s
    FROM (
        SELECT p.position
        FROM ledger.webhook_delivery AS p
        WHERE
            p.webhook_id = %(webhook_id)s AND p.state = 'pending' AND p.next_at <= %(now)s
            AND (p.claimed_until IS NULL OR p.claimed_until <= %(now)s)
            AND EXISTS (
                SELECT FROM ledger.webhook AS w
                WHERE w.id = %(webhook_id)s AND w.state = 'active'
            )
        ORDER BY p.next_at, p.position
        LIMIT %(most)s
        FOR UPDATE SKIP LOCKED
    ) AS c
    WHERE d.webhook_id = %(webhook_id)s AND d.position = c.position
    RETURNING d.position, d.attempts, d.first_at
"""
SETTLE = """
    UPDATE ledger.webhook_delivery
    SET
        state = %(state)s, attempts = attempts + 1, next_at = %(next_at)s, claimed_until = NULL,
        status = %(status)s, error = %(error)s, took_ms = %(took_ms)s, updated_at = %(now)s
    WHERE webhook_id = %(webhook_id)s AND position = %(position)s AND state = 'pending'
"""
# Named as they go out.
DELIVERIES = """
    SELECT
        position, kind, state, attempts, queued_at AS "queuedAt", next_at AS "nextAt", status,
        error, took_ms AS "tookMs", updated_at AS "updatedAt"
    FROM ledger.webhook_delivery
    WHERE webhook_id = %(webhook_id)s AND position < %(before)s
    ORDER BY position DESC
    LIMIT %(most)s
"""
# What waits is tried at once, and what is claimed is left to whoever has it.
AGAIN = """
    UPDATE ledger.webhook_delivery
    SET
        state = 'pending', first_at = %(now)s, next_at = %(now)s, claimed_until = NULL,
        updated_at = %(now)s
    WHERE
        webhook_id = %(webhook_id)s
        AND (
            state = 'pending' AND (claimed_until IS NULL OR claimed_until <= %(now)s)
            OR state = 'failed' AND queued_at >= %(since)s
            OR state = 'delivered' AND queued_at >= %(since)s AND %(delivered_too)s
        )
"""
WAITING = """
    SELECT count(*) AS many FROM ledger.webhook_delivery WHERE state = 'pending'
"""
FORGET = """
    DELETE FROM ledger.webhook_delivery WHERE state <> 'pending' AND updated_at < %(before)s
"""


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook, as whoever delivers sees it. Without a position nothing was queued for it yet."""

    id: UUID
    url: str
    kinds: tuple[str, ...]
    state: str
    reason: str | None
    added_at: datetime
    secret_seal: bytes
    old_secret_seal: bytes | None
    old_until: datetime | None
    position: int | None


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery to make now."""

    position: int
    attempts: int
    first_at: datetime


class Delivery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A delivery in the log of deliveries. `nextAt` counts while it is pending."""

    position: int
    kind: str
    state: str
    attempts: int
    queued_at: datetime
    next_at: datetime
    status: int | None
    error: str | None
    took_ms: int | None
    updated_at: datetime


class Desk:
    """Reads and writes them, in any number of processes at once."""

    def __init__(self, primary: Primary) -> None:
        self._primary = primary

    async def receivers(self) -> list[Receiver]:
        """All webhooks that were not removed, oldest first."""
        return await self._primary.rows(Receiver, WEBHOOKS)

    async def begin_at(self, webhook_id: UUID, position: int) -> None:
        """Queue what comes after this position, unless that was said before."""
        await self._primary.change(BEGIN_AT, webhook_id=webhook_id, position=position)

    async def queue(
        self,
        receiver: Receiver,
        up_to: int,
        events: Sequence[tuple[int, str]],
        now: datetime,
    ) -> None:
        """Queue these events, by position and kind, and move its cursor to `up_to`; nothing when
        somebody else has moved it."""
        await self._primary.change(
            QUEUE,
            webhook_id=receiver.id,
            after=receiver.position,
            up_to=up_to,
            positions=[position for position, _ in events],
            kinds=[kind for _, kind in events],
            now=now,
        )

    async def claim(
        self, webhook_id: UUID, now: datetime, until: datetime, most: int
    ) -> list[Claimed]:
        """Deliveries that are due, for this sender alone until then."""
        return await self._primary.rows(
            Claimed, CLAIM, webhook_id=webhook_id, now=now, until=until, most=most
        )

    async def settle(
        self,
        webhook_id: UUID,
        position: int,
        state: str,
        next_at: datetime,
        now: datetime,
        *,
        status: int | None,
        error: str | None,
        took_ms: int,
    ) -> None:
        """Note what came of a delivery."""
        await self._primary.change(
            SETTLE,
            webhook_id=webhook_id,
            position=position,
            state=state,
            next_at=next_at,
            now=now,
            status=status,
            error=error,
            took_ms=took_ms,
        )

    async def deliveries(self, webhook_id: UUID, before: int, most: int) -> list[Delivery]:
        """The log of deliveries, newest event first, before this position."""
        return await self._primary.rows(
            Delivery, DELIVERIES, webhook_id=webhook_id, before=before, most=most
        )

    async def again(
        self, webhook_id: UUID, since: datetime, now: datetime, *, delivered_too: bool
    ) -> int:
        """Queue once more what was given up since then, and what was delivered if that is asked
        for. How many are to be delivered."""
        return await self._primary.change(
            AGAIN, webhook_id=webhook_id, since=since, now=now, delivered_too=delivered_too
        )

    async def waiting(self) -> int:
        """How many deliveries are pending."""
        (found,) = await self._primary.rows(_Many, WAITING)
        return found.many

    async def forget(self, before: datetime) -> int:
        """Delete what was over before then. How many rows that were."""
        return await self._primary.change(FORGET, before=before)


class _Many(msgspec.Struct, frozen=True):
    many: int
