"""The read-only engine: a bounded pool under the queries role, and waiting for one's own writes.

A reader asks for somebody, and sees no row that is not theirs: `for_owner`, `for_principal`, or
`for_everybody` where our own people ask. One that was told nothing sees nothing.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ledger.errors import NetworkError, Overloaded
from queries.asking import EVERYBODY, NOBODY, AskingConnection, Asks, connect
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


class _Heard:
    """What is known of the models' position, whoever asks, and who waits for it."""

    def __init__(self) -> None:
        self.position = 0  # as last heard
        self.waiting: list[tuple[int, asyncio.Future[None]]] = []
        self.looking: asyncio.Task[None] | None = None


class Reader:
    """Asks the read models. It can do nothing else: its role was granted SELECT on them alone."""

    def __init__(self, url: str, pool: Pool | None = None, schema: str = LIVE) -> None:
        self._pool = pool or Pool()
        self._engine = _engine(url, self._pool, schema)
        self._heard = _Heard()
        self._asks = NOBODY

    def for_owner(self, owner: UUID) -> Reader:
        """The same for a customer's or an agent's own rows; connections are shared."""
        return self._asking(Asks(owner=owner))

    def for_principal(self, principal: UUID) -> Reader:
        """The same for the rows of a principal and of its outlets."""
        return self._asking(Asks(principal=principal))

    @property
    def for_nobody(self) -> Reader:
        """The same for whoever may see nothing of anybody's."""
        return self._asking(NOBODY)

    @property
    def for_everybody(self) -> Reader:
        """The same for all rows: our own people ask, or the server itself."""
        return self._asking(EVERYBODY)

    async def all(self, statement: sa.Executable) -> Sequence[sa.Row[Any]]:
        """All rows of a query that limits itself.

        Raises Overloaded when no connection is free or the query takes too long, NetworkError when
        the database cannot be reached.
        """
        known = self._heard.position
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
        self._heard.position = position
        for wanted, waiter in self._heard.waiting:
            if wanted <= position and not waiter.done():
                waiter.set_result(None)

    async def wait_for(self, position: int, seconds: float) -> None:
        """Wait until the models have reached the position that a write answered with.

        Raises Overloaded when they have not in time: the database is there, the projector is
        behind. Raises NetworkError when the database cannot be asked.
        """
        heard = self._heard
        if position <= heard.position:
            return
        waiter = asyncio.get_running_loop().create_future()
        mine = (position, waiter)
        heard.waiting.append(mine)
        if heard.looking is None or heard.looking.done():
            heard.looking = asyncio.create_task(self._look(), name="reader")
        try:
            async with asyncio.timeout(seconds):
                await waiter
        except TimeoutError:
            raise Overloaded(
                "What you have just written cannot be read yet; try again.",
                wanted=position,
                reached=heard.position,
            ) from None
        finally:
            heard.waiting.remove(mine)

    async def close(self) -> None:
        """Close all connections."""
        if self._heard.looking is not None:
            self._heard.looking.cancel()
        await self._engine.dispose()

    # -- inside ----------------------------------------------------------------------------------

    def _asking(self, asks: Asks) -> Reader:
        reader = copy.copy(self)
        reader._asks = asks  # noqa: SLF001 - its own kind
        return reader

    async def _ask(self, statement: sa.Executable) -> Sequence[sa.Row[Any]]:
        """Raises _Lost when the connection was cut: then all of the pool are new."""
        try:
            async with self._engine.connect() as connection:
                raw = (await connection.get_raw_connection()).driver_connection
                assert isinstance(raw, AskingConnection), "the engine connects by this type"
                raw.asks = self._asks
                return (await connection.execute(statement)).all()
        except sa.exc.TimeoutError as error:
            raise Overloaded from error
        except sa.exc.DBAPIError as error:
            if error.connection_invalidated:
                self._heard.position = 0
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
        while self._heard.waiting:
            try:
                await self.position()
            except (NetworkError, Overloaded) as refusal:
                for _, waiter in self._heard.waiting:
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
        isolation_level="AUTOCOMMIT",  # each question is a transaction of its own
        pool_size=pool.connections,
        max_overflow=pool.connections_more,
        pool_timeout=pool.wait_seconds,
        connect_args={
            "async_creator_fn": connect,
            "application_name": "makeba queries",
            "connect_timeout": pool.connect_seconds,
            "tcp_user_timeout": 3000,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
    )
