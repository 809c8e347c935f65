"""The door: takes the log's lock, loads rows, writes a batch, commits. The only place that writes.

A batch goes

    books = await log.begin()          the lock is held, the clock was read after it
    await log.load(books, keys)        as often as decisions name further rows
    await log.finish(batch)            everything, or an exception and nothing,
                                       or CommitUnknown, which only `settle` can resolve

While a batch is at the database the next one may be decided ahead (`ahead`), on the head that the
first will leave and at a time that we have counted on from the database's clock. It is sent at once
and waits for the lock there. It counts only if the head is then the one that it was decided on, and
no deadline has passed in between; otherwise nothing is written and it is decided again.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from ledger.accounts import Account
from ledger.arrays import Uuids, packed
from ledger.batch import Batch, Head
from ledger.books import Books
from ledger.cache import Cache
from ledger.journal import ENTRIES_PER_YEAR_MAX
from ledger.lane import Connect, Lane
from ledger.rows import Key, Row

FOREIGN_RECORDS_MAX = 10_000  # when more were written by others, the whole cache is dropped
NOWHERE = Head(-1, b"")

WRITTEN_BY_OTHERS = """
    SELECT
        l.touched,
        ARRAY(SELECT i.account FROM ledger.line AS i WHERE i.entry_number = l.entry_number)
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s
"""


class Log:
    """The log, as one process writes it."""

    def __init__(self, connect: Connect, *, commit_seconds: float = 10.0) -> None:
        self._commit_seconds = commit_seconds
        self._lanes = (Lane(connect), Lane(connect))
        self._reader = Lane(connect)  # for what is decided ahead
        self._next = 0  # the lane of the next batch
        self._cache = Cache()
        self._known = NOWHERE  # the cache is true at this head
        self._clock: tuple[datetime, float] | None = None
        self.head = NOWHERE  # when the lock was last taken

    async def begin(self) -> Books:
        """Take the lock. Raises psycopg.Error when the database cannot be reached or is busy."""
        lane = self._lanes[self._next]
        locked = await lane.lock()
        self._clock = locked.now, time.monotonic()
        self.head = locked.head
        if self.head != self._known:
            await self._forget_what_others_changed(await lane.open())
        return Books(locked.now, locked.last_entries, {})

    def ahead(self, batch: Batch) -> Books:
        """Books for the batch after this one, which is on its way to the database."""
        assert self._clock is not None, "there was a batch before"
        read, counted_from = self._clock
        now = read + timedelta(seconds=time.monotonic() - counted_from)
        return Books(max(now, batch.decided_at), dict(batch.last_entries), {}, batch.rows_after)

    async def load(self, books: Books, keys: Iterable[Key[Any]]) -> None:
        """Bring the rows under these keys into the books; those that do not exist, as absent."""
        rows, before = books.rows, books.before
        wanted: dict[tuple[type[Row], str], list[Any]] = defaultdict(list)
        for key in keys:
            if key in rows:
                continue
            if before is not None and key in before:
                rows[key] = before[key]
                continue
            row = self._cache.find(key)
            if row is None:
                row_type, index, value = key
                wanted[row_type, index].append(value)
                rows[key] = None
            else:
                _put_where_missing(rows, key, row)
        for (row_type, index), values in wanted.items():
            for row in await self._select(books, row_type, index, values):
                _bring(books, row)

    async def finish(self, batch: Batch, *, ahead: bool) -> None:
        """Write and commit a batch. Raises psycopg.Error and nothing is written, or CommitUnknown.

        One that was decided ahead may be sent while the batch before it has not ended.
        """
        lane = self._lanes[self._next]
        self._next = 1 - self._next
        await lane.finish(batch, locked=not ahead, seconds=self._commit_seconds)
        if self._known != batch.basis:
            self._forget()  # a batch in between was settled, and its rows were never kept
            return
        for row in (*batch.fetched, *batch.changed):
            self._cache.keep(row)
        self._known = batch.head

    async def release(self) -> None:
        """Give the lock back: there is nothing to write. Raises psycopg.Error."""
        await self._lanes[self._next].release(seconds=self._commit_seconds)

    async def abandon(self) -> None:
        """End whatever is open, with nothing written, and trust nothing that was kept."""
        self._forget()
        for lane in self._lanes:
            await lane.rollback()

    async def settle(self, batch: Batch) -> bool:
        """Whether a batch of unknown outcome was committed. Raises psycopg.Error: ask again."""
        self._forget()
        return await self._reader.settle(batch, seconds=self._commit_seconds)

    def disconnect(self) -> None:
        """Close the connections, and forget what was known. No batch may be under way."""
        for lane in (*self._lanes, self._reader):
            lane.close()
        self._forget()

    # -- inside ----------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._cache.clear()
        self._known = NOWHERE

    async def _forget_what_others_changed(self, writer: AsyncConnection[TupleRow]) -> None:
        after, up_to = self._known.position, self.head.position
        if not 0 <= after <= up_to <= after + FOREIGN_RECORDS_MAX:
            self._cache.clear()
        else:
            cursor = await writer.execute(
                WRITTEN_BY_OTHERS, {"after": after, "up_to": up_to}, binary=True
            )
            for touched, accounts in await cursor.fetchall():
                self._cache.drop_named(touched)
                self._cache.drop_accounts(Account.by_id(account) for account in accounts)
        self._known = self.head

    async def _select(
        self, books: Books, row_type: type[Row], index: str, values: list[Any]
    ) -> list[Row]:
        lane = self._lanes[self._next] if books.before is None else self._reader
        connection = await lane.open()
        ids = index in row_type.IDS
        array = Uuids.of([UUID(int=value) for value in values]) if ids else packed(values)
        cursor = await connection.execute(
            row_type.LOAD[index], {"values": array}, prepare=True, binary=True
        )
        return [row_type.loaded(columns) for columns in await cursor.fetchall()]


def _put_where_missing(rows: dict[Key[Any], Row | None], key: Key[Any], row: Row) -> None:
    """Put a row under the key that was looked for and under its others, if it can have more."""
    rows[key] = row
    if len(row.LOAD) > 1:
        for other in row.keys():
            rows.setdefault(other, row)


def _bring(books: Books, row: Row) -> None:
    """Put a row that came from the database into the books, unless they know a newer one."""
    if books.before is not None and row.keys()[0] in books.before:
        # Found under another key, but the batch before has it, and newer.
        known = books.before[row.keys()[0]]
        assert known is not None, "rows are never deleted"
        row = known
    else:
        books.fetched.append(row)
    for key in row.keys():
        # What this batch has changed already must not be set back.
        if books.rows.get(key) is None:
            books.rows[key] = row


assert ENTRIES_PER_YEAR_MAX == 10**12, "schema/0001_books.sql counts on it"
