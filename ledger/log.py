"""The door: takes the log's lock, loads rows, writes a batch, commits. The only place that writes.

One Log has one connection and at most one batch under way. A batch goes

    books = await log.begin()          the lock is held, the clock was read after it
    await log.load(books, keys)        as often as decisions name further rows
    await log.write(books, …)          everything, or an exception and nothing
    await log.commit()                 or OutcomeUnknown, which only `settle` can resolve
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ledger.accounts import Account
from ledger.arrays import BigInts, Booleans, Bytes, Dates, Jsonbs, SmallInts, Texts, Uuids
from ledger.books import BalanceAfter, Books, Event
from ledger.cache import Cache
from ledger.chain import Record, canonical, next_hash
from ledger.journal import ENTRIES_PER_YEAR_MAX
from ledger.rows import Key, Row, name_of

FOREIGN_RECORDS_MAX = 10_000  # when more were written by others, the whole cache is dropped

LOCK_HEAD = "SELECT position, hash, last_entries, now FROM ledger.lock_head()"

WRITTEN_BY_OTHERS = """
    SELECT
        l.touched,
        ARRAY(SELECT i.account FROM ledger.line AS i WHERE i.entry_number = l.entry_number)
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s
"""

HASH_AT = "SELECT hash FROM ledger.log WHERE position = %(position)s"

WRITE_BATCH = """
    SELECT ledger.write_batch(
        %(after_position)s, %(after_hash)s, %(at)s, %(booked_on)s, %(entries)s,
        %(kinds)s, %(subjects)s, %(actors)s, %(request_ids)s, %(payloads)s,
        %(touched_rows)s, %(entry_numbers)s, %(value_dates)s, %(reversed_entries)s, %(hashes)s,
        %(line_entries)s, %(line_numbers)s, %(line_accounts)s, %(line_amounts)s, %(line_balances)s,
        %(account_ids)s, %(account_deltas)s, %(account_balances)s, %(account_versions)s,
        %(key_hashes)s, %(body_hashes)s, %(refusals)s, %(replies)s, %(key_positions)s
    )
"""


class CommitUnknown(Exception):  # noqa: N818 - not an error: nobody knows yet whether it is one
    """COMMIT was sent and its answer did not come, or did not mean what it says."""


class Happened(msgspec.Struct, frozen=True):
    """An event with those who caused it, and the names of the rows it changed."""

    event: Event
    actor: str
    request_id: str
    touched: Sequence[str]


class StoredReply(msgspec.Struct, frozen=True):
    """The reply that a key stands for from now on."""

    key_hash: bytes
    body_hash: bytes
    refused: bool
    reply: bytes
    position: int


class Written(msgspec.Struct, frozen=True):
    """What a batch wrote: enough to find out later whether it was committed."""

    last_position: int
    last_hash: bytes


class Head(msgspec.Struct, frozen=True):
    """The end of the log when the lock was taken."""

    position: int
    hash: bytes


class Log:
    """The log, as one process writes it."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[AsyncConnection[TupleRow]]],
        *,
        commit_seconds: float = 10.0,
    ) -> None:
        self._connect = connect
        self._commit_seconds = commit_seconds
        self._connection: AsyncConnection[TupleRow] | None = None
        self._cache = Cache()
        self._known_position = 0  # up to here the cache is true
        self._warned = False
        self.head = Head(0, b"")

    # -- a batch -------------------------------------------------------------------------------

    async def begin(self) -> Books:
        """Take the lock. Raises psycopg.Error when the database cannot be reached or is busy."""
        connection = await self._open()
        async with connection.pipeline():
            await connection.execute("BEGIN")
            cursor = await connection.execute(LOCK_HEAD, prepare=True, binary=True)
            position, hash_, last_entries, now = _only(await cursor.fetchone())
        self.head = Head(position, hash_)
        if position != self._known_position:
            await self._forget_what_others_changed(connection, position)
        return Books(now, {int(year): last for year, last in last_entries.items()}, {})

    async def load(self, books: Books, keys: Iterable[Key[Any]]) -> None:
        """Bring the rows under these keys into the books; those that do not exist, as absent."""
        wanted: dict[tuple[type[Row], str], list[Any]] = defaultdict(list)
        for key in keys:
            if key in books.rows:
                continue
            row = self._cache.find(key)
            if row is None:
                row_type, index, value = key
                wanted[row_type, index].append(value)
                books.rows[key] = None
            else:
                for kept in row.keys():
                    books.rows.setdefault(kept, row)
        for (row_type, index), values in wanted.items():
            for row in await self._select(row_type, index, values):
                self._cache.keep(row)
                for key in row.keys():
                    # A row that this batch has already changed must not be set back.
                    if books.rows.get(key) is None:
                        books.rows[key] = row

    async def write(
        self, books: Books, happened: Sequence[Happened], replies: Sequence[StoredReply]
    ) -> Written | None:
        """Write all that a batch decided. None when there was nothing to write.

        Raises psycopg.Error, and then nothing is written.
        """
        if not happened and not replies and not books.put_rows:
            return None
        connection = await self._open()
        chained = self._chain(books, happened)
        parameters = self._parameters(books, happened, chained, replies)
        async with connection.pipeline():
            for row_type, rows in _rows_to_save(books).items():
                encoded = msgspec.json.encode(rows).decode()
                await connection.execute(
                    row_type.SAVE, {"rows": encoded, "count": len(rows)}, prepare=True
                )
            await connection.execute(WRITE_BATCH, parameters, prepare=True)
        last_hash = chained[-1][1] if chained else self.head.hash
        return Written(self.head.position + len(happened), last_hash)

    async def commit(self, books: Books, written: Written) -> None:
        """Make it durable. Raises CommitUnknown when we cannot know.

        COMMIT is never cancelled: psycopg would pass the cancellation on to PostgreSQL, which then
        reports success for a commit that no standby has. A wait that is too long ends by closing
        the socket. For the same reason a warning during COMMIT means unknown too.
        """
        connection = await self._open()
        self._warned = False
        commit = asyncio.ensure_future(connection.execute("COMMIT"))
        try:
            done, _ = await asyncio.wait({commit}, timeout=self._commit_seconds)
            if not done:
                raise CommitUnknown("no answer to COMMIT")
            status = commit.result().statusmessage
        except (psycopg.Error, CommitUnknown) as error:
            await self.disconnect()
            raise CommitUnknown(str(error)) from error
        if self._warned or status != "COMMIT":
            await self.disconnect()
            raise CommitUnknown(f"COMMIT answered {status} with a warning")
        self._remember(books, written)

    async def rollback(self) -> None:
        """Give the lock back with nothing written."""
        if self._connection is None:
            return
        try:
            await self._connection.execute("ROLLBACK")
        except psycopg.Error:
            await self.disconnect()

    async def settle(self, written: Written) -> bool:
        """Whether a batch of unknown outcome was committed. Raises psycopg.Error to be asked again.

        It asks under the lock: the backend of the lost connection may still hold it and commit
        later. Its own COMMIT, which waits for the standbys behind that of the batch, is what makes
        the answer durable.
        """
        connection = await self._open()
        try:
            await connection.execute("BEGIN")
            await connection.execute(LOCK_HEAD)
            cursor = await connection.execute(HASH_AT, {"position": written.last_position})
            row = await cursor.fetchone()
            self._warned = False
            await connection.execute("COMMIT")
        except psycopg.Error:
            await self.disconnect()
            raise
        if self._warned:
            await self.disconnect()
            raise psycopg.OperationalError("the settling commit was not confirmed either")
        return row is not None and row[0] == written.last_hash

    async def disconnect(self) -> None:
        """Close the socket, whatever it was doing."""
        connection, self._connection = self._connection, None
        self._cache.clear()
        self._known_position = 0
        if connection is not None:
            connection.pgconn.finish()

    # -- inside ----------------------------------------------------------------------------------

    async def _open(self) -> AsyncConnection[TupleRow]:
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect()
            self._connection.add_notice_handler(self._note)
        return self._connection

    def _note(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        # 01000: "canceling wait for synchronous replication": committed here, perhaps nowhere else.
        self._warned = self._warned or diagnostic.sqlstate == "01000"

    async def _forget_what_others_changed(
        self, connection: AsyncConnection[TupleRow], position: int
    ) -> None:
        if position - self._known_position > FOREIGN_RECORDS_MAX or position < self._known_position:
            self._cache.clear()
        else:
            parameters = {"after": self._known_position, "up_to": position}
            cursor = await connection.execute(WRITTEN_BY_OTHERS, parameters, binary=True)
            for touched, accounts in await cursor.fetchall():
                self._cache.drop_named(touched)
                self._cache.drop_named(name_of(Account.by_id(account)) for account in accounts)
        self._known_position = position

    async def _select(self, row_type: type[Row], index: str, values: list[Any]) -> list[Row]:
        connection = await self._open()
        cursor = await connection.execute(
            row_type.LOAD[index], {"values": values}, prepare=True, binary=True
        )
        names = row_type.__struct_fields__
        return [
            msgspec.convert(dict(zip(names, row, strict=True)), row_type)
            for row in await cursor.fetchall()
        ]

    def _parameters(
        self,
        books: Books,
        happened: Sequence[Happened],
        chained: Sequence[tuple[bytes, bytes]],
        replies: Sequence[StoredReply],
    ) -> dict[str, Any]:
        events = [each.event for each in happened]
        numbered = [
            (event.entry_number, number, line)
            for event in events
            for number, line in enumerate(event.lines, start=1)
        ]
        return {
            "after_position": self.head.position,
            "after_hash": self.head.hash,
            "at": books.now,
            "booked_on": books.today,
            "entries": Jsonb({str(year): last for year, last in books.last_entries.items()}),
            "kinds": Texts.of(event.kind for event in events),
            "subjects": Uuids.of(event.subject for event in events),
            "actors": Texts.of(each.actor for each in happened),
            "request_ids": Texts.of(each.request_id for each in happened),
            "payloads": Jsonbs.of(payload for payload, _ in chained),
            "touched_rows": Texts.of(" ".join(each.touched) for each in happened),
            "entry_numbers": BigInts.of(event.entry_number for event in events),
            "value_dates": Dates.of(event.value_date for event in events),
            "reversed_entries": BigInts.of(event.reverses for event in events),
            "hashes": Bytes.of(hash_ for _, hash_ in chained),
            "line_entries": BigInts.of(entry for entry, _, _ in numbered),
            "line_numbers": SmallInts.of(number for _, number, _ in numbered),
            "line_accounts": Uuids.of(line.account for _, _, line in numbered),
            "line_amounts": BigInts.of(line.amount for _, _, line in numbered),
            "line_balances": BigInts.of(line.balance for _, _, line in numbered),
            **self._account_parameters(books, [line for _, _, line in numbered]),
            "key_hashes": Bytes.of(reply.key_hash for reply in replies),
            "body_hashes": Bytes.of(reply.body_hash for reply in replies),
            "refusals": Booleans.of(reply.refused for reply in replies),
            "replies": Bytes.of(reply.reply for reply in replies),
            "key_positions": BigInts.of(reply.position for reply in replies),
        }

    def _chain(
        self, books: Books, happened: Sequence[Happened]
    ) -> list[tuple[bytes, bytes]]:
        """For each event its canonical payload and its hash."""
        chained = []
        hash_ = self.head.hash
        for position, each in enumerate(happened, start=self.head.position + 1):
            event = each.event
            payload = canonical(event.payload)
            record = Record(
                position=position,
                kind=event.kind,
                subject=event.subject,
                actor=each.actor,
                request_id=each.request_id,
                recorded_at=books.now,
                payload=payload,
                touched=each.touched,
                entry_number=event.entry_number,
                booking_date=event.booking_date,
                value_date=event.value_date,
                reverses=event.reverses,
                lines=event.lines,
            )
            hash_ = next_hash(hash_, record)
            chained.append((payload, hash_))
        return chained

    def _account_parameters(self, books: Books, lines: Sequence[BalanceAfter]) -> dict[str, Any]:
        deltas: dict[UUID, int] = defaultdict(int)
        for line in lines:
            deltas[line.account] += line.amount
        accounts = [books.account(account_id) for account_id in deltas]
        return {
            "account_ids": Uuids.of(deltas),
            "account_deltas": BigInts.of(deltas.values()),
            "account_balances": BigInts.of(account.balance for account in accounts),
            "account_versions": BigInts.of(account.version for account in accounts),
        }

    def _remember(self, books: Books, written: Written) -> None:
        """What was committed is what the next batch starts from."""
        for key in books.put_rows | books.posted:
            row = books.get(key)
            saved = key in books.posted if isinstance(row, Account) else True
            self._cache.keep(
                msgspec.structs.replace(row, version=row.version + 1) if saved else row
            )
        self._known_position = written.last_position


def _rows_to_save(books: Books) -> dict[type[Row], list[Row]]:
    rows: dict[type[Row], list[Row]] = defaultdict(list)
    for key in books.put_rows:
        row = books.get(key)
        rows[key[0]].append(msgspec.structs.replace(row, version=row.version + 1))
    return rows


def _only(row: TupleRow | None) -> TupleRow:
    assert row is not None, "the head is one row"
    return row


assert ENTRIES_PER_YEAR_MAX == 10**12, "schema/0001_books.sql counts on it"
