"""The trail: what was refused at the edge, and who read what is another's. A chain beside the log.

    hash = SHA-256(hash of the previous note ‖ canonical bytes of this note)

The canonical bytes are one JSON array, as in ledger/chain.py: position, what, actor, session,
request id, route, what was asked for, outcome, times, recorded at (microseconds since 1970, UTC).

It has a lock of its own, so that a flood of strangers never waits for the log's, or keeps it. A
record `trail.sealed` of the log takes up where it ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from ledger.arrays import BigInts, Bytes, Texts, Uuids
from ledger.books import EPOCH, MICROSECOND
from ledger.chain import canonical

REFUSED: Final = "refused"
READ: Final = "read"
NOBODY: Final = "nobody"

LOCK = "SELECT position, hash, now FROM ledger.lock_trail()"
HASH_AT = "SELECT hash FROM ledger.trail WHERE position = %(position)s"
WRITE = """
    SELECT ledger.write_notes(
        %(after_position)s, %(after_hash)s, %(at)s,
        %(whats)s, %(actors)s, %(sessions)s, %(request_ids)s, %(routes)s, %(asked)s,
        %(outcomes)s, %(times)s, %(hashes)s
    )
"""

Connection = AsyncConnection[TupleRow]


class Note(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One refusal or reading, before it has its place. `times`: as many like it."""

    what: str
    actor: str
    session: UUID | None
    request_id: str
    route: str
    asked: str
    outcome: str
    times: int = 1


class End(msgspec.Struct, frozen=True):
    """An end of the trail: the position and the hash of its newest note."""

    position: int
    hash: bytes


def note_bytes(position: int, note: Note, recorded_at: datetime) -> bytes:
    """The canonical bytes of a note in its place."""
    parts: list[Any] = [
        position,
        note.what,
        note.actor,
        note.session,
        note.request_id,
        note.route,
        note.asked,
        note.outcome,
        note.times,
        (recorded_at - EPOCH) // MICROSECOND,
    ]
    return canonical(parts)


def next_note_hash(previous: bytes, position: int, note: Note, recorded_at: datetime) -> bytes:
    """The hash of a note that follows one with hash `previous`."""
    return hashlib.sha256(previous + note_bytes(position, note, recorded_at)).digest()


class Writing:
    """Notes on their way, and where the trail would end with them once that is known."""

    __slots__ = ("end", "notes")

    def __init__(self, notes: Sequence[Note]) -> None:
        self.notes = notes
        self.end: End | None = None


async def write(connection: Connection, writing: Writing) -> None:
    """Write these notes at the end of the trail. Raises psycopg.Error.

    After an error nobody may know whether they were written: write the same again before any other,
    and those that stand there already are not written twice.
    """
    async with connection.transaction():
        position, hash_, now = await _row(connection, LOCK, {})
        if writing.end is not None:
            found = await _row(connection, HASH_AT, {"position": writing.end.position})
            if found and bytes(found[0]) == writing.end.hash:
                return
        end, parameters = _packed(End(position, hash_), writing.notes, now.astimezone(UTC))
        writing.end = end
        await connection.execute(WRITE, parameters)


def _packed(after: End, notes: Sequence[Note], now: datetime) -> tuple[End, dict[str, Any]]:
    hashes = []
    hash_ = after.hash
    for position, note in enumerate(notes, start=after.position + 1):
        hash_ = next_note_hash(hash_, position, note, now)
        hashes.append(hash_)
    return End(after.position + len(notes), hash_), {
        "after_position": after.position,
        "after_hash": after.hash,
        "at": now,
        "whats": Texts.of([note.what for note in notes]),
        "actors": Texts.of([note.actor for note in notes]),
        "sessions": Uuids.of([note.session for note in notes]),
        "request_ids": Texts.of([note.request_id for note in notes]),
        "routes": Texts.of([note.route for note in notes]),
        "asked": Texts.of([note.asked for note in notes]),
        "outcomes": Texts.of([note.outcome for note in notes]),
        "times": BigInts.of([note.times for note in notes]),
        "hashes": Bytes.of(hashes),
    }


async def _row(connection: Connection, statement: str, parameters: dict[str, Any]) -> TupleRow:
    row = await (await connection.execute(statement, parameters)).fetchone()
    return () if row is None else row
