"""The read models from nothing: built beside the live ones, then compared with them or put in
their place.

The build goes in bounded batches, and what is compared is compared in short snapshots, so that it
can be done while everything runs. All of it needs the owner's role.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import sqlalchemy as sa
from psycopg import AsyncConnection
from psycopg.errors import LockNotAvailable
from psycopg.rows import TupleRow

from ledger.database import connect
from ledger.errors import Conflict
from queries import compare, shape
from queries.compare import Difference, Span
from queries.projector import Pace, Projector, connector
from queries.tables import LIVE

BESIDE = "queries_rebuild"
BEFORE = "queries_old"
REBUILD_LOCK = 7_236_202  # one rebuild at a time
PACE = Pace(records_max=5_000)
NEAR = PACE.records_max  # as many records may be left to do while others wait
LOCK_SECONDS = 30  # longer than any question may take
SWAP_ATTEMPTS_MAX = 20
SWAP_AGAIN_SECONDS = 0.5
DIFFERENCES_MAX = 20  # more would say no more

LOCK = "SELECT pg_try_advisory_lock(%(key)s)"
HEAD = "SELECT position FROM ledger.head"
LIVE_POSITION = "SELECT position FROM queries.projection"
HOLD_LIVE_POSITION = "SELECT position FROM queries.projection FOR UPDATE"
BOTH_POSITIONS = """
    SELECT l.position, b.position
    FROM queries.projection AS l
    CROSS JOIN queries_rebuild.projection AS b
"""
BEGIN_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

# The table, not its row: whoever waits for the table's lock looks its name up again afterwards, and
# so finds the new one. Who waits for the row would go on with the old table's position.
SWAP_WAIT = "SET LOCAL lock_timeout = '500ms'"
STOP_LIVE = "LOCK TABLE queries.projection IN ACCESS EXCLUSIVE MODE"
LIVE_ASIDE = "ALTER SCHEMA queries RENAME TO queries_old"
BESIDE_LIVE = "ALTER SCHEMA queries_rebuild RENAME TO queries"

Connection = AsyncConnection[TupleRow]
Progress = Callable[[int, int], object]  # records done, records there are


class RebuildReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: up to which position; how many rows were compared, and which differed."""

    checked: bool
    position: int
    rows: dict[str, int] = {}
    differences: tuple[Difference, ...] = ()

    @property
    def same(self) -> bool:
        """Whether the live models were found as a rebuild makes them; true when not compared."""
        return not self.differences


async def rebuild(
    owner_url: str, *, check: bool = False, progress: Progress | None = None
) -> RebuildReport:
    """Build the read models anew and put them in the place of the live ones.

    With `check` only compare the live ones with them, at the same position, and leave them alone.
    Raises Conflict when another rebuild is at work, psycopg.Error when the database fails.
    """
    async with _alone(owner_url) as connection:
        rebuilding = _Rebuilding(owner_url, connection, progress)
        await shape.copy(connection, LIVE, BESIDE)
        try:
            return await (rebuilding.check() if check else rebuilding.replace())
        finally:
            rebuilding.projector.disconnect()
            await shape.drop(connection, BESIDE)


@asynccontextmanager
async def _alone(owner_url: str) -> AsyncIterator[Connection]:
    """The connection of the only rebuild at work; what a killed one has left is gone."""
    connection = await connect(owner_url, "makeba rebuild", lock_timeout=LOCK_SECONDS * 1_000)
    try:
        if not await _value(connection, LOCK, key=REBUILD_LOCK):
            raise Conflict("Another rebuild of the read models is at work.")
        await shape.drop(connection, BESIDE)
        await shape.drop(connection, BEFORE)
        yield connection
    finally:
        await connection.close()


class _Rebuilding:
    """One rebuild: the tables beside, and whoever fills them."""

    def __init__(self, owner_url: str, connection: Connection, progress: Progress | None) -> None:
        self._owner_url = owner_url
        self._connection = connection
        self._progress = progress
        self.projector = Projector(connector(owner_url, BESIDE, PACE), PACE)

    async def replace(self) -> RebuildReport:
        """Build up to the head of the log and take the live models' place."""
        await self._approach(HEAD)
        for table in compare.TABLES:
            await shape.analyze(self._connection, BESIDE, table.name)
        position = await self._swap()
        await shape.drop(self._connection, BEFORE)
        return RebuildReport(checked=False, position=position)

    async def _swap(self) -> int:
        """Whoever asks for the position waits behind us, so we do not wait for long either."""
        for _ in range(SWAP_ATTEMPTS_MAX):
            await self._approach(HEAD)
            try:
                async with self._connection.transaction():
                    await self._connection.execute(SWAP_WAIT)
                    await self._connection.execute(STOP_LIVE)
                    position = await self.projector.catch_up()
                    await self._connection.execute(LIVE_ASIDE)
                    await self._connection.execute(BESIDE_LIVE)
                    return position
            except LockNotAvailable:
                await asyncio.sleep(SWAP_AGAIN_SECONDS)
        raise Conflict("The live read models are in use without a pause.")

    async def check(self) -> RebuildReport:
        """Build up to where the live models are, and compare span by span."""
        found: list[Difference] = []
        rows = {}
        await self._approach(LIVE_POSITION)
        async with self._looking() as looker:
            for table in compare.TABLES:
                rows[table.name] = await self._compare(looker, table, found)
        return RebuildReport(
            checked=True,
            position=self.projector.position,
            rows=rows,
            differences=tuple(found[:DIFFERENCES_MAX]),
        )

    async def _approach(self, goal: str) -> None:
        """Build, batch by batch, until no more than one batch is left to a goal that moves on."""
        while True:
            position = int(await _value(self._connection, goal))
            while self.projector.position < position:
                before = self.projector.position
                if await self.projector.advance(position) == before:
                    return  # the log ends before the goal: the live models are ahead of it
                if self._progress is not None:
                    self._progress(self.projector.position, position)
            if int(await _value(self._connection, goal)) - position <= NEAR:
                return

    async def _compare(self, looker: Connection, table: sa.Table, found: list[Difference]) -> int:
        span: Span | None = Span(table)
        rows = 0
        while span is not None and len(found) < DIFFERENCES_MAX:
            await self._meet(looker, found)
            span = await compare.cut(looker, span, LIVE)
            rows += await compare.count(looker, span, LIVE)
            found += await compare.differences(looker, span, LIVE, BESIDE)
            await looker.execute("COMMIT")
            span = span.following()
        return rows

    async def _meet(self, looker: Connection, found: list[Difference]) -> None:
        """Take a snapshot in which both are at the same position: the live models stand still for
        as long as it takes to bring the others there."""
        await self._approach(LIVE_POSITION)
        async with self._connection.transaction():
            live = int(await _value(self._connection, HOLD_LIVE_POSITION))
            await self.projector.catch_up(live)
            await looker.execute(BEGIN_SNAPSHOT)
            cursor = await looker.execute(BOTH_POSITIONS)
            positions = await cursor.fetchone()
        assert positions is not None, "each schema has its position"
        if positions[0] != positions[1] and not found:
            for schema, position in zip((LIVE, BESIDE), positions, strict=True):
                found.append(Difference("projection", schema, {"position": position}))

    @asynccontextmanager
    async def _looking(self) -> AsyncIterator[Connection]:
        looker = await connect(self._owner_url, "makeba rebuild")
        try:
            yield looker
        finally:
            await looker.close()


async def _value(connection: Connection, query: str, **values: object) -> int | bool:
    row = await (await connection.execute(query, values)).fetchone()
    assert row is not None, "it is one row"
    value: int | bool = row[0]
    return value
