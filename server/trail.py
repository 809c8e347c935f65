"""What is noted beside the log: refusals, and who reads what is another's.

Refusals are gathered for a second and written together, and of those that are alike and come too
fast the rest is counted in one note: a flood is a few rows a second. Whoever reads what is
another's waits until that is written down, as durably as any entry: without the note, no answer.
"""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple
from uuid import UUID

import msgspec
import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from ledger import trail
from ledger.database import connect
from ledger.errors import NetworkError
from ledger.trail import Note, Writing

logger = structlog.get_logger(__name__)

GATHER_SECONDS = 1.0
ALIKE_MAX = 10  # notes of one kind in that time; what comes above is counted
NOTES_MAX = 2_000  # that wait to be written, while the database is away too
KINDS_MAX = 500  # of what is counted; above, callers are no longer told apart
READ_SECONDS = 2.0  # somebody's answer waits for its note
AGAIN_SECONDS = 0.5
LOCK_MS = 5_000
MANY = "many"

Kind = tuple[str, UUID | None, str, str]


class Gathering:
    """Refusals that wait to be written: bounded, however many come. No I/O in here."""

    def __init__(self) -> None:
        self._notes: list[Note] = []
        self._counts: dict[Kind, Note] = {}
        self._seen: dict[Kind, int] = {}
        self._since = 0.0

    def add(self, note: Note, now: float) -> None:
        """Keep a note as it is, or count it with those like it. `now` is of a clock in seconds."""
        if now >= self._since + GATHER_SECONDS:
            self._seen.clear()
            self._since = now
        kind = _kind(note)
        seen = self._seen[kind] = self._seen.get(kind, 0) + 1
        if seen > ALIKE_MAX or len(self._notes) >= NOTES_MAX:
            self._count(note)
        else:
            self._notes.append(note)

    def take(self) -> list[Note]:
        """All of them, oldest first, and then what was counted."""
        taken = [*self._notes, *self._counts.values()]
        self._notes, self._counts = [], {}
        return taken

    def __len__(self) -> int:
        return len(self._notes) + len(self._counts)

    def _count(self, note: Note) -> None:
        kind = _kind(note)
        if kind not in self._counts and len(self._counts) >= KINDS_MAX:
            note = msgspec.structs.replace(note, actor=MANY, session=None)
            kind = _kind(note)
        known = self._counts.get(kind) or msgspec.structs.replace(note, asked="", times=0)
        self._counts[kind] = msgspec.structs.replace(known, times=known.times + note.times)


class Trail:
    """The trail, as one process writes it."""

    def __init__(self, url: str) -> None:
        """`url` is that of the role that runs commands."""
        self._url = url
        self._refusals = Gathering()
        self._waiting: list[Waiting] = []
        self._writing: tuple[Writing, list[Waiting]] | None = None
        self._wake = asyncio.Event()
        self._closing = False
        self._connection: AsyncConnection[TupleRow] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write. Call it once, inside the event loop."""
        self._task = asyncio.create_task(self._run(), name="trail")

    def refused(self, note: Note) -> None:
        """Note a refusal, soon."""
        self._refusals.add(note, time.monotonic())

    async def read(self, note: Note) -> None:
        """Note a reading, and wait until that is durable. Raises NetworkError when it is not."""
        await self._wait(note)

    async def caught_up(self) -> None:
        """Wait until what has come so far is written. Raises NetworkError when it is not."""
        await self._wait(None)

    async def close(self) -> None:
        """Write the rest, if it can be written, and let go of the database."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._disconnect()

    # -- inside ----------------------------------------------------------------------------------

    async def _wait(self, note: Note | None) -> None:
        if self._closing or len(self._waiting) >= NOTES_MAX:
            raise NetworkError
        waiting = Waiting(note, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._wake.set()
        try:
            async with asyncio.timeout(READ_SECONDS):
                await waiting.written
        except TimeoutError:
            raise NetworkError("It cannot be noted now who reads this.") from None

    async def _run(self) -> None:
        while not self._closing:
            await self._pause()
            if not await self._flush():
                await asyncio.sleep(AGAIN_SECONDS)
        await self._flush()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(GATHER_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _flush(self) -> bool:
        """Write what has come. Whether it could be written."""
        try:
            while self._writing is not None or self._waiting or len(self._refusals):
                await self._write_next()
        except psycopg.Error as error:
            logger.warning("the trail cannot be written", error=type(error).__name__)
            await self._disconnect()
            return False
        return True

    async def _write_next(self) -> None:
        """One transaction. What was begun is ended first: nobody knows how it went."""
        if self._writing is None:
            waiting, self._waiting = self._waiting, []
            readings = [each.note for each in waiting if each.note is not None]
            self._writing = Writing([*self._refusals.take(), *readings]), waiting
        writing, waiting = self._writing
        if writing.notes:
            await trail.write(await self._open(), writing)
        self._writing = None
        for each in waiting:
            if not each.written.done():
                each.written.set_result(None)

    async def _open(self) -> AsyncConnection[TupleRow]:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._url, "makeba trail", lock_timeout=LOCK_MS)
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


class Waiting(NamedTuple):
    """Somebody who waits for a note to be written; without one, for all that came before."""

    note: Note | None
    written: asyncio.Future[None]


def _kind(note: Note) -> Kind:
    return (note.actor, note.session, note.route, note.outcome)
