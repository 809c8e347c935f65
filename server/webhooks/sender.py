"""The sender of a process: queues what is new, delivers what is due, gives up what never works.

Any number of processes may have one. The database says whose a delivery is: a sender that dies
leaves it to another after a while, so that everything is delivered at least once, and receivers go
by `webhook-id`. Each webhook is served by a task of its own: one that hangs holds up nobody else.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import structlog
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from standardwebhooks import Webhook as Signer
from uuid_utils.compat import uuid7

from commands.webhook.change import DisableWebhook
from ledger.errors import Refusal
from ledger.wire import encode
from queries import feed
from queries.feed import EVERY_OPERATOR, Listener, Told
from queries.projection.feed import OPERATORS
from queries.reader import Reader
from server.door import Door
from server.leaving import ended
from server.settings import Settings
from server.vault import Vault
from server.webhooks.desk import Claimed, Desk, Receiver
from server.webhooks.target import Answered

logger = structlog.get_logger(__name__)

EVERY_ONE = Listener(OPERATORS, EVERY_OPERATOR)
SECRET = "webhook secret"  # noqa: S105 - the purpose of a seal
TURN_SECONDS = 0.5
AT_ONCE = 4  # deliveries to one webhook
GRACE_SECONDS = 5.0  # beyond the time of a delivery, until another sender may have it
DOUBLINGS_MAX = 30


class Sends(Protocol):
    """How a body is brought to a URL."""

    def __call__(
        self, url: str, body: bytes, headers: Mapping[str, str], /
    ) -> Awaitable[Answered]: ...


class Sender:
    """Time, chance and the way out come in by the door."""

    def __init__(
        self,
        desk: Desk,
        reader: Reader,
        door: Door,
        vault: Vault,
        settings: Settings,
        send: Sends,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._desk = desk
        self._reader = reader
        self._door = door
        self._vault = vault
        self._settings = settings
        self._send = send
        self._clock = clock
        self._chance = chance
        self._serving: dict[UUID, asyncio.Task[None]] = {}
        self._reached = 0  # of the read models; 0: not known
        self.delivered = 0
        self.failed = 0

    def reached(self, position: int) -> None:
        """The read models have come so far."""
        self._reached = position

    async def run(self) -> None:
        """Begin to serve all webhooks, again and again, until cancelled; then `close`."""
        while True:
            await self.turn()
            await asyncio.sleep(TURN_SECONDS)

    async def close(self) -> None:
        """End what was begun; another sender has it after a while. `run` must have ended."""
        await ended(self._serving.values())

    async def turn(self) -> None:
        """See to every webhook that is not being served already."""
        try:
            receivers = await self._desk.receivers()
        except (OperationalError, PoolTimeout) as error:
            logger.warning("webhooks wait", error=type(error).__name__)
            return
        for receiver in receivers:
            if receiver.state == "active" and receiver.id not in self._serving:
                task = asyncio.create_task(self._serve(receiver), name="webhook")
                self._serving[receiver.id] = task
                task.add_done_callback(partial(self._served, receiver.id))

    def _served(self, webhook_id: UUID, _task: asyncio.Task[None]) -> None:
        del self._serving[webhook_id]

    async def forget(self) -> int:
        """Forget deliveries that were over long ago. How many."""
        kept = timedelta(seconds=self._settings.webhook_keep_seconds)
        return await self._desk.forget(self._clock() - kept)

    async def settled(self) -> None:
        """Wait until what was begun is done."""
        await asyncio.gather(*self._serving.values())

    # -- one webhook -----------------------------------------------------------------------------

    async def _serve(self, receiver: Receiver) -> None:
        try:
            await self._queue(receiver)
            while True:
                now = self._clock()
                lease = self._settings.webhook_timeout_seconds + GRACE_SECONDS
                until = now + timedelta(seconds=lease)
                claimed = await self._desk.claim(receiver.id, now, until, AT_ONCE)
                if not claimed:
                    return
                told = await feed.at(self._reader, EVERY_ONE, [each.position for each in claimed])
                await asyncio.gather(
                    *(
                        self._deliver(receiver, each, told[each.position])
                        for each in claimed
                        if each.position in told  # a rebuild may be about to bring it back
                    )
                )
        except (OperationalError, PoolTimeout, Refusal) as error:
            logger.warning("webhook waits", webhook=str(receiver.id), error=type(error).__name__)

    async def _queue(self, receiver: Receiver) -> None:
        """Queue what it was not told yet: what has happened since it was added."""
        if receiver.position is None:
            added = await feed.first_of(self._reader, EVERY_ONE, "webhook.added", receiver.id)
            if added is not None:
                await self._desk.begin_at(receiver.id, added)
            return
        after = receiver.position
        if 0 < self._reached <= after:
            return
        up_to = await feed.position(self._reader)
        page = await feed.own(self._reader, EVERY_ONE, after, up_to)
        if len(page) == feed.PAGE_ROWS:
            up_to = page[-1].position
        wanted = receiver.kinds or ("",)
        events = [(each.position, each.event) for each in page if each.event.startswith(wanted)]
        if up_to > after:
            await self._desk.queue(receiver, up_to, events, self._clock())

    async def _deliver(self, receiver: Receiver, claimed: Claimed, told: Told) -> None:
        answered = await self._send(receiver.url, *self._signed(receiver, told))
        now = self._clock()
        state, next_at = "delivered", now
        if not answered.taken:
            gives_up_at = claimed.first_at + timedelta(
                seconds=self._settings.webhook_give_up_seconds
            )
            over = answered.gone or now >= gives_up_at
            state = "failed" if over else "pending"
            next_at = min(now + self._pause(claimed.attempts), max(now, gives_up_at))
        await self._desk.settle(
            receiver.id,
            claimed.position,
            state,
            next_at,
            now,
            status=answered.status,
            error=answered.error,
            took_ms=answered.took_ms,
        )
        self.delivered += answered.taken
        self.failed += not answered.taken
        if state == "failed":
            await self._give_up(receiver, answered)

    async def _give_up(self, receiver: Receiver, answered: Answered) -> None:
        reason = "gone" if answered.gone else answered.error or "fails"
        logger.warning("webhook disabled", webhook=str(receiver.id), reason=reason)
        await self._door.submit(
            DisableWebhook(webhook_id=receiver.id, reason=reason),
            actor="job:webhooks",
            request_id=str(uuid7()),
        )

    def _pause(self, attempts: int) -> timedelta:
        """Twice as long each time, and by chance up to half less: receivers that come back are
        not asked by everybody at once."""
        settings = self._settings
        longest = settings.webhook_retry_seconds * 2 ** min(attempts, DOUBLINGS_MAX)
        bounded = min(longest, settings.webhook_retry_seconds_max)
        return timedelta(seconds=bounded * (1 - self._chance() / 2))

    def _signed(self, receiver: Receiver, told: Told) -> tuple[bytes, dict[str, str]]:
        """The body and its headers, signed with each secret that is good now."""
        data: dict[str, Any] = {"subject": told.subject, "position": told.position, **told.data}
        body = encode({"type": told.event, "timestamp": told.timestamp, "data": data})
        now = self._clock()
        message = f"msg_{receiver.id.hex}_{told.position}"
        seals = [receiver.secret_seal]
        if receiver.old_secret_seal is not None and receiver.old_until is not None:
            seals += [receiver.old_secret_seal] * (receiver.old_until > now)
        signatures = (
            Signer(self._vault.open(SECRET, receiver.id, seal)).sign(message, now, body.decode())
            for seal in seals
        )
        return body, {
            "Content-Type": "application/json",
            "User-Agent": "makeba-webhooks/1",
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
