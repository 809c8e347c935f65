"""The projector: reads the log from its last position and moves the read models on, in batches.

A batch of records, all it does to the models and the new position are one transaction, which holds
the position's row. So any number of processes may run a projector: they take turns, and none does
a record twice or leaves one out. A batch that fails is logged and tried again, never skipped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg.types.numeric import Int8

from ledger.database import connect
from ledger.errors import brief
from queries.projection import (
    access,
    accounts,
    agents,
    alerts,
    approvals,
    audit,
    bank,
    care,
    feed,
    journal,
    manual,
    movements,
    periods,
    reconciliation,
    reports,
    risk,
    switch,
    withdrawals,
)
from queries.projection.step import ENTRIES
from queries.tables import LIVE

logger = structlog.get_logger(__name__)

POSITION_MAX = 2**63 - 1

# In this order: lines need accounts, movements need lines and wallets, the feed accounts.
STEPS = (
    *accounts.STEPS,
    *journal.STEPS,
    *risk.HELD_STEPS,
    *withdrawals.STEPS,
    *movements.STEPS,
    *reports.STEPS,
    *agents.STEPS,
    *switch.STEPS,
    *risk.STEPS,
    *alerts.STEPS,
    *approvals.STEPS,
    *care.STEPS,
    *reconciliation.STEPS,
    *bank.STEPS,
    *periods.STEPS,
    *manual.STEPS,
    *access.STEPS,
    *feed.STEPS,
    *audit.STEPS,
)

PEEK = """
    SELECT p.position, h.position
    FROM projection AS p
    CROSS JOIN ledger.head AS h
"""

HOLD_POSITION = "SELECT p.position FROM projection AS p FOR UPDATE"

# A statement of its own: it must see what was committed while the row above was waited for.
NEXT_BATCH = """
    SELECT
        p.position, max(b.position), count(b.position), coalesce(bool_or(b.is_entry), FALSE),
        array_agg(DISTINCT b.kind)
    FROM projection AS p
    LEFT JOIN LATERAL (
        SELECT l.position, l.kind, l.entry_number IS NOT NULL AS is_entry
        FROM ledger.log AS l
        WHERE l.position > p.position AND l.position <= %(no_further_than)s
        ORDER BY l.position
        LIMIT %(records_max)s
    ) AS b ON TRUE
    GROUP BY p.position
"""

MOVE_ON = """
    UPDATE projection SET position = %(up_to)s WHERE position = %(after)s
"""

# Every statement looks up the few records of its batch in tables that grow for ever. The planner
# is allowed nothing but that, whatever it believes of the tables, and plans once.
PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}

Connect = Callable[[], Awaitable[AsyncConnection[TupleRow]]]


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How much at once, how often, how soon again."""

    records_max: int = 2_000  # of one batch
    poll_seconds: float = 0.1  # how late the writes of other processes may be noticed
    rest_seconds: float = 0.004  # after a batch, so that batches gather what comes densely
    retry_seconds: float = 0.1  # after a failure; doubled for each more
    retry_seconds_max: float = 5.0
    lock_seconds: float = 10.0  # to wait for another projector, and to keep others waiting


def connector(url: str, schema: str = LIVE, pace: Pace | None = None) -> Connect:
    """How a projector over the read models in `schema` connects, to a database at `url`."""
    wait_ms = int((pace or Pace()).lock_seconds * 1_000)

    def to_projector() -> Awaitable[AsyncConnection[TupleRow]]:
        return connect(
            url,
            "makeba projector",
            search_path=schema,
            # What a crash takes from here, the log gives again.
            synchronous_commit="off",
            lock_timeout=wait_ms,
            idle_in_transaction_session_timeout=wait_ms,
            **PLANS,
        )

    return to_projector


class Projector:
    """The projector of one process, with one connection."""

    def __init__(
        self,
        connect: Connect,
        pace: Pace | None = None,
        reached: Callable[[int], object] | None = None,
    ) -> None:
        """`reached` is told each new position of the models, as soon as it can be read."""
        self._connect = connect
        self._pace = pace or Pace()
        self._tell_reached = reached
        self._connection: AsyncConnection[TupleRow] | None = None
        self._poked = asyncio.Event()
        self._closing = False
        self._full = False  # whether the last batch was as large as one may be
        self.position = 0  # of the models, as last seen
        self.head = 0  # of the log, as last seen

    @property
    def behind(self) -> int:
        """How many records the models lacked when it last looked."""
        return max(0, self.head - self.position)

    def poke(self, position: int = 0) -> None:
        """Something was written, up to `position`: do not wait for the next look."""
        self.head = max(self.head, position)
        self._poked.set()

    async def run(self) -> None:
        """Keep the models at the head of the log until `close`, or until cancelled."""
        pace = self._pace
        pause = pace.retry_seconds
        try:
            while not self._closing:
                poked = self._poked.is_set()
                self._poked.clear()
                try:
                    if poked or await self._look() > 0:
                        await self.catch_up()
                        await asyncio.sleep(pace.rest_seconds)
                    pause = pace.retry_seconds
                except Exception as error:
                    logger.exception("projection failed", error=brief(error), after=self.position)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, pace.retry_seconds_max)
                else:
                    await self._wait_for_poke(pace.poll_seconds)
        finally:
            self.disconnect()

    def close(self) -> None:
        """Have `run` end after the batch that is under way."""
        self._closing = True
        self._poked.set()

    async def catch_up(self, no_further_than: int = POSITION_MAX) -> int:
        """Move the models on to the head of the log, or to a position; returns where they are."""
        while True:
            position = await self.advance(no_further_than)
            if not self._full:
                return position

    async def advance(self, no_further_than: int = POSITION_MAX) -> int:
        """Move the models on by one batch, and return their position.

        Raises psycopg.Error, and then nothing has changed.
        """
        connection = await self._open()
        try:
            position = await self._batch(connection, no_further_than)
        except BaseException:
            # Whatever state it is in: a new connection has none.
            self.disconnect()
            raise
        self.head = max(self.head, position)
        self._reach(position)
        return position

    def disconnect(self) -> None:
        """Close the connection; the next batch opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.pgconn.finish()

    # -- inside ----------------------------------------------------------------------------------

    async def _batch(self, connection: AsyncConnection[TupleRow], no_further_than: int) -> int:
        limits = {"no_further_than": Int8(no_further_than), "records_max": self._pace.records_max}
        async with connection.pipeline():
            await connection.execute("BEGIN")
            await connection.execute(HOLD_POSITION, prepare=True)
            cursor = await connection.execute(NEXT_BATCH, limits, prepare=True)
            after, up_to, records, entries, kinds = _only(await cursor.fetchone())
            self._full = records == self._pace.records_max
            if records == 0:
                # Nothing was written. ROLLBACK would make psycopg forget what it has prepared, and
                # in a pipeline it forgets too late.
                await connection.execute("COMMIT")
                return int(after)
            span: dict[str, Any] = {"after": Int8(after), "up_to": Int8(up_to)}
            found = (*kinds, ENTRIES) if entries else kinds
            for step in STEPS:
                if step.needed(found):
                    await connection.execute(step.sql, {**span, **step.values}, prepare=True)
            moved = await connection.execute(MOVE_ON, span, prepare=True)
        assert moved.rowcount == 1, "whoever moves the models holds their position"
        await connection.execute("COMMIT")
        return int(up_to)

    async def _look(self) -> int:
        """How many records there are to do."""
        connection = await self._open()
        try:
            cursor = await connection.execute(PEEK, prepare=True)
            position, self.head = _only(await cursor.fetchone())
        except BaseException:
            self.disconnect()
            raise
        self._reach(position)
        return self.behind

    def _reach(self, position: int) -> None:
        self.position = position
        if self._tell_reached is not None:
            self._tell_reached(position)

    async def _wait_for_poke(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._poked.wait()
        except TimeoutError:
            pass

    async def _open(self) -> AsyncConnection[TupleRow]:
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect()
            # A statement is used again after twelve others: none may drop out of the prepared.
            self._connection.prepared_max = 100
        return self._connection


def _only(row: TupleRow | None) -> TupleRow:
    assert row is not None, "it is one row"
    return row
