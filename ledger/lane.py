"""A connection that writes batches. There are two, so that one batch can wait for the lock while
the other is committed, and PostgreSQL never waits for us."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from ledger.batch import Batch, Head

LOCK_HEAD = "SELECT position, hash, last_entries, now FROM ledger.lock_head()"

LOCK_EXPECTED_HEAD = """
    SELECT ledger.lock_expected_head(
        %(position)s, %(hash)s, %(not_before)s, %(not_after)s
    )
"""

HASH_AT = "SELECT hash FROM ledger.log WHERE position = %(position)s"

WRITE_BATCH = """
    SELECT ledger.write_batch(
        %(after_position)s, %(after_hash)s, %(at)s, %(entries)s,
        %(kinds)s, %(subjects)s, %(actors)s, %(sessions)s, %(request_ids)s, %(outcomes)s,
        %(payloads)s, %(touched_rows)s, %(entry_numbers)s, %(booking_dates)s, %(value_dates)s,
        %(reversed_entries)s, %(hashes)s,
        %(line_entries)s, %(line_numbers)s, %(line_accounts)s, %(line_amounts)s, %(line_balances)s,
        %(account_ids)s, %(account_deltas)s, %(account_balances)s, %(account_versions)s,
        %(account_activities)s,
        %(key_hashes)s, %(body_hashes)s, %(refusals)s, %(replies)s, %(key_positions)s
    )
"""

Connect = Callable[[], Awaitable[AsyncConnection[TupleRow]]]


class CommitUnknown(Exception):
    """COMMIT was sent and its answer did not come, or did not mean what it says."""


class Locked(msgspec.Struct, frozen=True):
    """The end of the log, seen under its lock, and the time that was read after it."""

    head: Head
    last_entries: dict[int, int]
    now: datetime


class Lane:
    """One connection, opened when it is needed, closed when anything about it is in doubt."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._opening = asyncio.Lock()
        self._connection: AsyncConnection[TupleRow] | None = None
        self._warned = False

    async def open(self) -> AsyncConnection[TupleRow]:
        """The connection, one for all who ask at once. Raises psycopg.OperationalError."""
        async with self._opening:
            if self._connection is None or self._connection.closed:
                self._connection = await self._connect()
                self._connection.add_notice_handler(self._note)
            return self._connection

    def close(self) -> None:
        """Close the connection. Nothing may be waiting on it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.pgconn.finish()

    async def lock(self) -> Locked:
        """Begin a transaction and take the lock. Raises psycopg.Error."""
        connection = await self.open()
        async with connection.pipeline():
            await connection.execute("BEGIN")
            cursor = await connection.execute(LOCK_HEAD, prepare=True, binary=True)
            row = await cursor.fetchone()
        assert row is not None, "the head is one row"
        position, hash_, last_entries, now = row
        return Locked(
            Head(position, hash_),
            {int(year): last for year, last in last_entries.items()},
            now.astimezone(UTC),  # the zone that rows have: only then are times compared as numbers
        )

    async def finish(self, batch: Batch, *, locked: bool, seconds: float) -> None:
        """Write and commit, in one round trip; with the lock taken first unless it is held.

        Raises psycopg.Error when nothing was written, CommitUnknown when we cannot know.

        COMMIT is never cancelled: psycopg would pass the cancellation on to PostgreSQL, which then
        reports success for a commit that no standby has. A wait that is too long ends by closing
        the socket. For the same reason a warning during COMMIT means unknown too.
        """
        connection = await self.open()
        self._warned = False
        work = asyncio.ensure_future(self._send(connection, batch, locked=locked))
        if not await self._ended(work, seconds):
            raise CommitUnknown("no answer to COMMIT")
        error = work.exception()
        if error is not None:
            self._raise_as_known(connection, error)
        if self._warned or work.result() != "COMMIT":
            self.close()
            raise CommitUnknown("COMMIT answered with a warning")

    async def _send(
        self, connection: AsyncConnection[TupleRow], batch: Batch, *, locked: bool
    ) -> str | None:
        async with connection.pipeline():
            if not locked:
                await connection.execute("BEGIN")
                await connection.execute(LOCK_EXPECTED_HEAD, _expected(batch), prepare=True)
            for row_type, rows in batch.saves.items():
                await connection.execute(row_type.SAVE, row_type.parameters(rows), prepare=True)
            await connection.execute(WRITE_BATCH, batch.parameters, prepare=True)
            commit = await connection.execute("COMMIT")
        return commit.statusmessage

    def _raise_as_known(self, connection: AsyncConnection[TupleRow], error: BaseException) -> None:
        """An error before COMMIT was reached wrote nothing; any other leaves it unknown."""
        reached = connection.closed or connection.info.transaction_status not in (
            TransactionStatus.INERROR,
            TransactionStatus.INTRANS,
        )
        if reached or not isinstance(error, psycopg.Error):
            self.close()
            raise CommitUnknown(str(error)) from error
        raise error

    async def release(self, *, seconds: float) -> None:
        """Give the lock back: there is nothing to write. Raises psycopg.Error.

        By COMMIT, which waits for the standbys behind all that was committed before: a reply that
        is replayed must be as durable as it was said to be.
        """
        connection = await self.open()
        self._warned = False
        work = asyncio.ensure_future(connection.execute("COMMIT"))
        if not await self._ended(work, seconds):
            raise psycopg.OperationalError("no answer to COMMIT")
        if work.exception() is not None or self._warned:
            self.close()
            raise psycopg.OperationalError("what was read is not confirmed") from work.exception()

    async def rollback(self) -> None:
        """End whatever is open, with nothing written."""
        if self._connection is None:
            return
        try:
            await self._connection.execute("ROLLBACK")
        except psycopg.Error:
            self.close()

    async def settle(self, batch: Batch, *, seconds: float) -> bool:
        """Whether a batch of unknown outcome was committed. Raises psycopg.Error to be asked again.

        It asks under the lock: the backend of the lost connection may still hold it and commit
        later. Its own COMMIT, which waits for the standbys behind that of the batch, is what makes
        the answer durable.
        """
        connection = await self.open()
        self._warned = False
        work = asyncio.ensure_future(_hash_at(connection, batch.head.position))
        if not await self._ended(work, seconds):
            raise psycopg.OperationalError("no answer to the settling commit")
        error = work.exception()
        if error is not None:
            self.close()
            raise error
        if self._warned:
            self.close()
            raise psycopg.OperationalError("the settling commit was not confirmed either")
        return batch.head != batch.basis and work.result() == batch.head.hash

    async def _ended(self, work: asyncio.Future[Any], seconds: float) -> bool:
        """Wait for it, but not for ever. Then the socket is shut, as cancelling would lie.

        Shut, not closed: libpq's connection must outlive whoever still waits on it.
        """
        done, _ = await asyncio.wait({work}, timeout=seconds)
        if done:
            return True
        if self._connection is not None and not self._connection.closed:
            with socket.socket(fileno=os.dup(self._connection.fileno())) as wire:
                wire.shutdown(socket.SHUT_RDWR)
        await asyncio.wait({work})
        work.exception()
        self.close()
        return False

    def _note(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        # 01000: "canceling wait for synchronous replication": committed here, perhaps nowhere else.
        self._warned = self._warned or diagnostic.sqlstate == "01000"


async def _hash_at(connection: AsyncConnection[TupleRow], position: int) -> bytes | None:
    """The hash at a position, read under the lock in a transaction that was durable itself."""
    await connection.execute("BEGIN")
    await connection.execute(LOCK_HEAD)
    cursor = await connection.execute(HASH_AT, {"position": position})
    row = await cursor.fetchone()
    await connection.execute("COMMIT")
    return row[0] if row is not None else None


def _expected(batch: Batch) -> dict[str, Any]:
    return {
        "position": batch.basis.position,
        "hash": batch.basis.hash,
        "not_before": batch.decided_at,
        "not_after": batch.true_until,
    }
