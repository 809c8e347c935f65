"""The read-only engine: a bounded pool under the queries role, and waiting for one's own writes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ledger.errors import NetworkError, Overloaded
from queries.tables import LIVE, projection

QUERY_CANCELED = "57014"  # by statement_timeout


class _Lost(Exception):
    """The connection was cut while it was used."""


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """Everything here that could grow or wait has a number."""

    connections: int = 8  # kept open
    connections_more: int = 8  # opened when those are busy, and closed again
    wait_seconds: float = 1.0  # for a free one
    connect_seconds: int = 5
    query_seconds: float = 5.0
    look_seconds: float = 0.01  # between looks at the position, while somebody waits for it


POSITION = sa.select(projection.c.position)


class Reader:
    """Asks the read models. It can do nothing else: its role was granted SELECT on them alone."""

    def __init__(self, url: str, pool: Pool | None = None, schema: str = LIVE) -> None:
        self._pool = pool or Pool()
        self._engine = _engine(url, self._pool, schema)
        self._known = 0  # the position of the models, as last heard
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._looking: asyncio.Task[None] | None = None

    async def all(self, statement: sa.Executable) -> Sequence[sa.Row[Any]]:
        """All rows of a query that limits itself.

        Raises Overloaded when no connection is free or the query takes too long, NetworkError when
        the database cannot be reached.
        """
        known = self._known
        try:
            return await self._ask(statement)
        except _Lost:
            # The models may have lost what the log will give them again: nobody sees less than was
            # seen before.
            await self.wait_for(known, self._pool.wait_seconds)
            return await self._ask_anew(statement)

    async def first(self, statement: sa.Executable) -> sa.Row[Any] | None:
        """The first row of a query, or None."""
        rows = await self.all(statement)
        return rows[0] if rows else None

    async def position(self) -> int:
        """How far the read models have come."""
        try:
            rows = await self._ask(POSITION)
        except _Lost:
            rows = await self._ask_anew(POSITION)
        position: int = rows[0].position
        self.reached(position)
        return position

    def reached(self, position: int) -> None:
        """Note how far the models have come. A projector in this process may tell so.

        Less than before is possible after a crash of the database.
        """
        self._known = position
        for wanted, waiter in self._waiting:
            if wanted <= position and not waiter.done():
                waiter.set_result(None)

    async def wait_for(self, position: int, seconds: float) -> None:
        """Wait until the models have reached the position that a write answered with.

        Raises Overloaded when they have not in time: the database is there, the projector is
        behind. Raises NetworkError when the database cannot be asked.
        """
        if position <= self._known:
            return
        waiter = asyncio.get_running_loop().create_future()
        mine = (position, waiter)
        self._waiting.append(mine)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="reader")
        try:
            async with asyncio.timeout(seconds):
                await waiter
        except TimeoutError:
            raise Overloaded(
                "What you have just written cannot be read yet; try again.",
                wanted=position,
                reached=self._known,
            ) from None
        finally:
            self._waiting.remove(mine)

    async def close(self) -> None:
        """Close all connections."""
        if self._looking is not None:
            self._looking.cancel()
        await self._engine.dispose()

    # -- inside ----------------------------------------------------------------------------------

    async def _ask(self, statement: sa.Executable) -> Sequence[sa.Row[Any]]:
        """Raises _Lost when the connection was cut: then all of the pool are new."""
        try:
            async with self._engine.connect() as connection:
                return (await connection.execute(statement)).all()
        except sa.exc.TimeoutError as error:
            raise Overloaded from error
        except sa.exc.DBAPIError as error:
            if error.connection_invalidated:
                self._known = 0
                raise _Lost from error
            if getattr(error.orig, "sqlstate", None) == QUERY_CANCELED:
                raise Overloaded from error
            if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
                raise NetworkError from error
            raise  # a bug of ours

    async def _ask_anew(self, statement: sa.Executable) -> Sequence[sa.Row[Any]]:
        """Asking twice is safe: nothing here changes anything."""
        try:
            return await self._ask(statement)
        except _Lost as error:
            raise NetworkError from error

    async def _look(self) -> None:
        """One query for all who wait, as long as anybody does."""
        while self._waiting:
            try:
                await self.position()
            except (NetworkError, Overloaded) as refusal:
                for _, waiter in self._waiting:
                    if not waiter.done():
                        waiter.set_exception(refusal)
                return
            await asyncio.sleep(self._pool.look_seconds)


def _engine(url: str, pool: Pool, schema: str) -> AsyncEngine:
    settings = {
        "search_path": schema,
        "statement_timeout": str(int(pool.query_seconds * 1_000)),
        # A seat belt; the wall is what the role was granted.
        "default_transaction_read_only": "on",
        # Filters differ: a plan for the average of them would be wrong for most.
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
    }
    return create_async_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",  # each question is one statement
        pool_size=pool.connections,
        max_overflow=pool.connections_more,
        pool_timeout=pool.wait_seconds,
        connect_args={
            "application_name": "makeba queries",
            "connect_timeout": pool.connect_seconds,
            "tcp_user_timeout": 3000,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
    )
