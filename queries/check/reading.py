"""Reading the log in order, in short ranges, and the tables in snapshots of a known position."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads

from ledger.chain import GENESIS
from queries.check.lives import Life, Lives, Move

CHUNK_RECORDS = 10_000  # read at once: some 30 ms of one snapshot
NEWEST_RECORDS = 10_000  # how far back the incremental check goes
PAGE_ROWS = 10_000  # of a table that is looked through by key

NOW = "SELECT clock_timestamp()"

END_OF_THE_LOG = "SELECT coalesce(max(position), 0) FROM ledger.log"

HASH_AT = "SELECT hash FROM ledger.log WHERE position = %(position)s"

RECORDS = """
    SELECT
        position, kind, subject, actor, session, request_id, outcome, recorded_at, payload, touched,
        entry_number, booking_date, value_date, reverses, hash
    FROM ledger.log
    WHERE position > %(after)s AND position <= %(up_to)s
    ORDER BY position
"""

LINES = """
    SELECT entry_number, line_number, account::text, amount, balance
    FROM ledger.line
    WHERE entry_number = ANY(%(numbers)s)
    ORDER BY entry_number, line_number
"""

HEADINGS = """
    SELECT id::text, code, currency, kind
    FROM ledger.account
    WHERE id = ANY(%(ids)s::uuid[])
"""


class Record(NamedTuple):
    """One record of the log, as it stands in the database."""

    position: int
    kind: str
    subject: UUID
    actor: str
    session: UUID | None
    request_id: str
    outcome: str
    recorded_at: datetime
    payload: Any
    touched: Sequence[str]
    entry_number: int | None
    booking_date: date | None
    value_date: date | None
    reverses: int | None
    hash: bytes


class Line(NamedTuple):
    """One line of an entry, as it stands in the database.

    The account's id is text all through the proof: Python compares text in C, ids not.
    """

    entry_number: int
    line_number: int
    account: str
    amount: int
    balance: int


class Heading(NamedTuple):
    """What an account is; of its row only what never changes."""

    code: str
    currency: str
    kind: str


class Chunk(NamedTuple):
    """The next records, the lines of their entries, and what they did to withdrawals."""

    records: Sequence[Record]
    lines: Mapping[int, Sequence[Line]]  # entry number -> its lines
    headings: Mapping[str, Heading]  # of the accounts seen so far
    moves: Sequence[Move]

    def lines_of(self, record: Record) -> Sequence[Line]:
        """The lines of a record; none when it is no entry."""
        if record.entry_number is None:
            return ()
        return self.lines.get(record.entry_number, ())


class Reading:
    """One pass through the log. `position` is how far `see` has been shown it."""

    def __init__(
        self,
        connection: psycopg.Connection[TupleRow],
        see: Callable[[Chunk], None],
        *,
        full: bool,
    ) -> None:
        set_json_loads(msgspec.json.decode, connection)
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        self._connection = connection
        self._see = see
        self._headings: dict[str, Heading] = {}
        self._lives = Lives()
        self.full = full
        self.began: datetime = self._value(NOW)  # by the database's clock
        self.end: int = self._value(END_OF_THE_LOG)  # when the check began
        self.since = 0 if full else max(0, self.end - NEWEST_RECORDS)
        self.position = self.since

    @property
    def hash_before(self) -> bytes | None:
        """The hash on which the first record that is read must build; None if there is no such."""
        if self.since == 0:
            return GENESIS
        rows = self._rows(HASH_AT, {"position": self.since})
        return bytes(rows[0][0]) if rows else None

    @property
    def lives(self) -> Mapping[UUID, Life]:
        """The withdrawals and requests seen so far, as the log tells them."""
        return self._lives.known

    def read(self, progress: Callable[[int, int], None]) -> None:
        """Show everything up to the end that the log had when the check began."""
        while self.position < self.end:
            self._show_up_to(min(self.position + CHUNK_RECORDS, self.end))
            progress(self.position - self.since, self.end - self.since)

    def look(self, statement: str, /, **parameters: Any) -> list[TupleRow]:
        """The rows of a statement, after `see` has been shown the log up to their snapshot."""
        self._keep_up()
        with self._connection.transaction():
            rows = self._rows(statement, parameters)
            up_to: int = self._value(END_OF_THE_LOG)
            fetched = self._fetch(up_to)
        self._show(up_to, *fetched)
        return rows

    def pages(self, statement: str, first: Any, /, **parameters: Any) -> Iterator[list[TupleRow]]:
        """Look through a whole table by its key, which is the first column: page by page.

        The statement takes %(after)s, at first `first`, and %(rows)s.
        """
        after = first
        while True:
            rows = self.look(statement, after=after, rows=PAGE_ROWS, **parameters)
            if rows:
                yield rows
            if len(rows) < PAGE_ROWS:
                return
            after = rows[-1][0]

    def look_up(self, statement: str, ids: Iterable[UUID | str]) -> Iterator[list[TupleRow]]:
        """The rows of a statement that takes %(ids)s, for many ids in the order of the ids."""
        wanted = sorted(ids, key=str)
        for first in range(0, len(wanted), PAGE_ROWS):
            yield self.look(statement, ids=wanted[first : first + PAGE_ROWS])

    # -- inside ----------------------------------------------------------------------------------

    def _keep_up(self) -> None:
        """So that a snapshot has few new records to read, however long the last truth took."""
        end: int = self._value(END_OF_THE_LOG)
        while self.position < end - CHUNK_RECORDS:
            self._show_up_to(self.position + CHUNK_RECORDS)

    def _show_up_to(self, position: int) -> None:
        # Records never change and never come late, so these reads need no common snapshot.
        self._show(position, *self._fetch(position))

    def _fetch(self, up_to: int) -> tuple[list[Record], list[Line]]:
        bounds = {"after": self.position, "up_to": up_to}
        records = [Record._make(row) for row in self._rows(RECORDS, bounds)]
        numbers = [record.entry_number for record in records if record.entry_number is not None]
        lines = [Line._make(row) for row in self._rows(LINES, {"numbers": numbers})]
        unknown = list({line.account for line in lines} - self._headings.keys())
        for account, *heading in self._rows(HEADINGS, {"ids": unknown}) if unknown else ():
            self._headings[account] = Heading._make(heading)
        return records, lines

    def _show(self, up_to: int, records: list[Record], lines: list[Line]) -> None:
        by_entry: dict[int, list[Line]] = {}
        for line in lines:
            by_entry.setdefault(line.entry_number, []).append(line)
        moves = [move for record in records for move in self._lives.follow(record)]
        self.position = up_to
        self._see(Chunk(records, by_entry, self._headings, moves))

    def _rows(self, statement: str, parameters: Mapping[str, Any]) -> list[TupleRow]:
        return self._connection.execute(statement, parameters, binary=True).fetchall()

    def _value(self, statement: str) -> Any:
        ((value,),) = self._rows(statement, {})
        return value
