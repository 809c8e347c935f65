"""Server-sent events: who listens here, what each still has to be sent, and the one reader of all.

One task reads the feed for the whole process and hands each event to whoever it is for; another one
asks once a second, with one query for all, whose sessions are still good. A listener who is too
slow is let go: with `Last-Event-ID` it comes back and misses nothing, whatever server it finds.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import structlog
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from ledger.errors import InvalidRequest, NetworkError, Overloaded, Refusal, TooMany
from ledger.wire import encode
from queries import feed
from queries.feed import Listener, Told
from queries.reader import Reader
from server.auth import Caller, listener_of
from server.primary import Primary
from server.settings import Settings
from server.vault import SealBroken, Vault

logger = structlog.get_logger(__name__)

LAST = UUID(int=2**128 - 1)
RETRY_MS = 1_000
PAUSE_SECONDS = 0.5  # after the database did not answer
HEARTBEAT = b": still here\n\n"

# One query for everybody who listens here.
GOOD_SESSIONS = """
    SELECT s.id
    FROM ledger.session AS s
    INNER JOIN ledger.person AS p ON s.person_id = p.id
    LEFT JOIN ledger.session_use AS u ON s.id = u.session_id
    WHERE
        s.id = ANY(%(ids)s)
        AND s.revoked_at IS NULL
        AND s.epoch = p.session_epoch
        AND p.status = 'active'
        AND s.expires_at > clock_timestamp()
        AND coalesce(u.last_seen, s.opened_at) + make_interval(secs => s.idle_seconds)
        > clock_timestamp()
"""

Item = tuple[int, bytes]  # an event's position, and the event as it is sent


class _Good(msgspec.Struct, frozen=True):
    id: UUID


class Stream:
    """One listener's events that were read and not sent yet, so many at most."""

    def __init__(self, listener: Listener, caller: Caller, most: int) -> None:
        self.listener = listener
        self.user_id = caller.user_id
        self.session_id = caller.session_id
        self._most = most
        self._items: deque[Item] = deque()
        self._news = asyncio.Event()
        self.over = False

    def push(self, item: Item) -> None:
        """Have an event sent; one too many ends the stream, and all that waited is forgotten."""
        if len(self._items) >= self._most:
            self.end("too slow")
        elif not self.over:
            self._items.append(item)
            self._news.set()

    def end(self, reason: str) -> None:
        """Send nothing more."""
        if not self.over:
            logger.info("stream ended", user=str(self.user_id), reason=reason)
        self.over = True
        self._items.clear()
        self._news.set()

    async def next(self, seconds: float) -> Item | None:
        """The next event; None when none came in time, or none will come."""
        if not self._items and not self.over:
            self._news.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait()
            except TimeoutError:
                return None
        return self._items.popleft() if self._items else None


class Events:
    """Everybody who listens to this process."""

    def __init__(self, reader: Reader, primary: Primary, vault: Vault, settings: Settings) -> None:
        self._reader = reader
        self._primary = primary
        self._vault = vault
        self._settings = settings
        self._streams: dict[Listener, set[Stream]] = defaultdict(set)
        self._place = (0, "", LAST)  # up to here everything was handed on
        self._moved = asyncio.Event()
        self._leaving = False
        self.count = 0  # of open streams
        self.sent = 0  # events, since this process began

    # -- listening -------------------------------------------------------------------------------

    def stream(
        self, caller: Caller, last_event_id: str | None, *, follow: bool
    ) -> AsyncIterator[bytes]:
        """The caller's events as they are sent, after the one that was seen last, or from now on.

        Without `follow` it ends with the newest. Raises InvalidRequest for an id that is not ours,
        TooMany and Overloaded when there are enough streams already.
        """
        listener = listener_of(caller)
        after = None if last_event_id is None else self._position_of(listener, last_event_id)
        self._require_room(caller.user_id)
        stream = Stream(listener, caller, self._settings.events_buffer_max)
        return self._sent(stream, after, follow=follow)

    def leave(self) -> None:
        """The process is about to end: let everybody go at once, to listen elsewhere."""
        self._leaving = True
        self._moved.set()
        for stream in self._all():
            stream.end("leaving")

    # -- at work ---------------------------------------------------------------------------------

    def reached(self, position: int) -> None:
        """The read models have come so far."""
        if position > self._place[0]:
            if self.count:
                self._moved.set()
            else:
                self._place = (position, "", LAST)

    async def run(self) -> None:
        """Hand on what is new, and see to it that only good sessions listen, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hand_on(), name="events")
            tasks.create_task(self._recheck(), name="events' sessions")

    async def _hand_on(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            try:
                await self._hand_on_all()
            except (NetworkError, Overloaded) as refusal:
                logger.warning("events wait", refused=refusal.code)
                await asyncio.sleep(PAUSE_SECONDS)
                self._moved.set()

    async def _hand_on_all(self) -> None:
        while self.count:
            page = await feed.after(self._reader, self._place)
            for passed in page:
                streams = self._streams.get(passed.listener, ())
                if streams:
                    item = (passed.told.position, self._event(passed.listener, passed.told))
                    for stream in tuple(streams):
                        stream.push(item)
                    self.sent += len(streams)
            if page:
                last = page[-1]
                self._place = (last.told.position, last.listener.audience, last.listener.owner)
            if len(page) < feed.PAGE_ROWS:
                return

    async def _recheck(self) -> None:
        """Whose session is over hears nothing more; nor does anybody while that cannot be asked."""
        while True:
            await asyncio.sleep(self._settings.events_recheck_seconds)
            streams = list(self._all())
            if not streams:
                continue
            ids = list({each.session_id for each in streams})
            try:
                found = await self._primary.rows(_Good, GOOD_SESSIONS, ids=ids)
            except (OperationalError, PoolTimeout):
                found = []
            good = {each.id for each in found}
            for stream in streams:
                if stream.session_id not in good:
                    stream.end("session over")

    # -- inside ----------------------------------------------------------------------------------

    async def _sent(
        self, stream: Stream, after: int | None, *, follow: bool
    ) -> AsyncIterator[bytes]:
        # It listens before it looks: what is written from now on is either seen or handed on.
        self._streams[stream.listener].add(stream)
        self.count += 1
        self._moved.set()
        try:
            own = self._reader.for_owner(stream.listener.owner)
            joined = await feed.position(own)
            position = joined if after is None else after
            id_ = self._vault.event_id(stream.listener.name, position)
            yield f"retry: {RETRY_MS}\nid: {id_}\n\n".encode()
            while position < joined and not stream.over:
                page = await feed.own(own, stream.listener, position, joined)
                for told in page:
                    yield self._event(stream.listener, told)
                position = page[-1].position if len(page) == feed.PAGE_ROWS else joined
            while follow and not stream.over:
                item = await stream.next(self._settings.events_heartbeat_seconds)
                if item is None:
                    yield HEARTBEAT
                elif item[0] > position:
                    position = item[0]
                    yield item[1]
        except Refusal as refusal:  # what was sent was sent: the listener comes back
            logger.warning("stream ended", refused=refusal.code)
        finally:
            self.count -= 1
            self._streams[stream.listener].discard(stream)
            if not self._streams[stream.listener]:
                del self._streams[stream.listener]

    def _require_room(self, user_id: UUID) -> None:
        if self._leaving or self.count >= self._settings.events_streams_max:
            raise Overloaded
        mine = sum(each.user_id == user_id for each in self._all())
        if mine >= self._settings.events_streams_each:
            raise TooMany("You listen in as many places as you may.", streams=mine)

    def _position_of(self, listener: Listener, event_id: str) -> int:
        try:
            return self._vault.event_position(listener.name, event_id)
        except SealBroken:
            raise InvalidRequest(field="Last-Event-ID", reason="is not one of ours") from None

    def _event(self, listener: Listener, told: Told) -> bytes:
        id_ = self._vault.event_id(listener.name, told.position)
        head = f"id: {id_}\nevent: {told.event}\ndata: "
        return head.encode() + encode(told.shown) + b"\n\n"

    def _all(self) -> list[Stream]:
        return [stream for streams in self._streams.values() for stream in streams]
