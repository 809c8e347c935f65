"""A connection that writes batches, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from ledger.database import connect
from ledger.lane import Lane
from tests.conftest import Database


@pytest.fixture
def opened() -> Iterator[list[AsyncConnection[TupleRow]]]:
    """The connections that the lane has opened."""
    made: list[AsyncConnection[TupleRow]] = []
    yield made
    for each in made:
        each.pgconn.finish()


@pytest.fixture
def lane(database: Database, opened: list[AsyncConnection[TupleRow]]) -> Lane:
    async def connect_and_count() -> AsyncConnection[TupleRow]:
        opened.append(await connect(database.commands, "makeba test"))
        return opened[-1]

    return Lane(connect_and_count)


async def test_whoever_asks_at_once_is_given_the_same_connection(
    lane: Lane, opened: list[AsyncConnection[TupleRow]]
) -> None:
    # A batch that is decided ahead loads its keys and its rows side by side.
    assert [*await asyncio.gather(lane.open(), lane.open(), lane.open())] == opened * 3


async def test_a_lost_connection_is_opened_anew_once(
    lane: Lane, opened: list[AsyncConnection[TupleRow]]
) -> None:
    first = await lane.open()
    with pytest.raises(psycopg.OperationalError):
        await first.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert [*await asyncio.gather(lane.open(), lane.open())] == [opened[1]] * 2
    assert len(opened) == 2
