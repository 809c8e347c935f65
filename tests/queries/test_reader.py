"""The reader: asks within bounds, waits for what was written, and can do nothing else."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.rows import TupleRow
from sqlalchemy.dialects import postgresql

from ledger.errors import NetworkError, Overloaded
from queries import compare, tables
from queries.projector import Projector
from queries.reader import Pool, Reader
from tests.conftest import Database
from tests.queries.town import Town

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def cut(connection: psycopg.Connection[TupleRow]) -> None:
    """Cut all connections of the queries role."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'makeba queries' AND datname = current_database()"
    )


def asleep(seconds: float) -> sa.TextClause:
    return sa.text("SELECT pg_sleep(:seconds)").bindparams(seconds=seconds)


async def test_waiting_for_a_position_ends_when_another_process_has_brought_the_models_there(
    town: Town, projector: Projector, reader: Reader
) -> None:
    await town.wallet()
    waiting = asyncio.create_task(reader.wait_for(town.position, 10))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await projector.catch_up()
    await waiting


async def test_what_a_projector_of_this_process_tells_ends_the_waiting_without_a_look(
    database: Database,
) -> None:
    reader = Reader(database.queries, Pool(look_seconds=600))
    waiting = asyncio.create_task(reader.wait_for(5, 10))
    await asyncio.sleep(0.05)
    reader.reached(4)
    assert not waiting.done()
    reader.reached(5)
    await waiting
    await reader.close()


async def test_a_position_that_is_not_reached_in_time_is_an_overload(reader: Reader) -> None:
    with pytest.raises(Overloaded) as refused:
        await reader.wait_for(1_000, 0.05)
    assert refused.value.facts == {"wanted": 1_000, "reached": 0}


async def test_a_thousand_who_wait_ask_as_often_as_one(
    town: Town, projector: Projector, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    look = reader.position

    async def counted() -> int:
        nonlocal looks
        looks += 1
        return await look()

    monkeypatch.setattr(reader, "position", counted)
    waiting = [asyncio.create_task(reader.wait_for(town.position + 1, 10)) for _ in range(1_000)]
    await asyncio.sleep(0.1)
    await town.wallet()
    await projector.catch_up()
    await asyncio.gather(*waiting)
    assert looks < 100


async def test_a_database_that_is_not_there_is_a_network_error(database: Database) -> None:
    reader = Reader(database.queries.replace("host=", "host=/nowhere"))
    with pytest.raises(NetworkError):
        await reader.position()
    with pytest.raises(NetworkError):
        await reader.wait_for(1, 5)
    await reader.close()


async def test_connections_that_were_cut_are_replaced_without_anybody_noticing(
    database: Database, reader: Reader
) -> None:
    await asyncio.gather(*(reader.all(asleep(0.05)) for _ in range(2)))
    with psycopg.connect(database.owner) as connection:
        cut(connection)
    assert await reader.position() == 0


async def test_nobody_waits_longer_for_a_connection_than_allowed(database: Database) -> None:
    reader = Reader(database.queries, Pool(connections=1, connections_more=0, wait_seconds=0.05))
    busy = asyncio.create_task(reader.all(asleep(1)))
    await asyncio.sleep(0.3)
    with pytest.raises(Overloaded):
        await reader.position()
    await busy
    await reader.close()


async def test_a_question_that_takes_too_long_is_given_up(database: Database) -> None:
    reader = Reader(database.queries, Pool(query_seconds=0.1))
    with pytest.raises(Overloaded):
        await reader.all(asleep(5))
    await reader.close()


async def test_a_mistake_of_ours_is_not_called_a_refusal(reader: Reader) -> None:
    with pytest.raises(sa.exc.ProgrammingError):
        await reader.all(sa.text("SELECT nothing FROM nowhere"))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO queries.projection (position) VALUES (1)",
        "UPDATE queries.account SET balance = 1",
        "DELETE FROM queries.line",
        "SELECT position FROM ledger.head",
        "SELECT phone_index FROM ledger.person",
        "CREATE TABLE queries.mine ()",
        "CREATE TEMPORARY TABLE mine (n int)",
    ],
)
async def test_the_queries_role_may_only_read_the_read_models(
    database: Database, statement: str
) -> None:
    with psycopg.connect(database.queries, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.Error) as belt:
            connection.execute(statement)
        assert isinstance(
            belt.value, psycopg.errors.ReadOnlySqlTransaction | psycopg.errors.InsufficientPrivilege
        )
        if "TEMPORARY" not in statement:
            connection.execute("SET default_transaction_read_only = off")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_the_tables_in_python_are_those_in_the_database(database: Database) -> None:
    engine = sa.create_engine(
        sa.make_url(database.owner).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool
    )
    there = sa.MetaData()
    there.reflect(engine, schema=tables.LIVE)
    assert described(there) == described(
        compare.TABLES[0].metadata
    )  # whoever compares knows all of them


def described(metadata: sa.MetaData) -> dict[str, list[tuple[object, ...]]]:
    return {
        table.name: [
            (column.name, column.type.compile(DIALECT), column.nullable, column.primary_key)
            for column in table.columns
        ]
        for table in metadata.tables.values()
    }


async def test_who_has_seen_a_position_does_not_see_less_after_a_crash(
    town: Town, projector: Projector, database: Database
) -> None:
    reader = Reader(database.queries, Pool(connections=1, connections_more=0, wait_seconds=10))
    await town.wallet()
    await projector.catch_up()
    assert await reader.position() == town.position
    # The models fall back, as they may when the last they wrote had not reached the disk.
    with psycopg.connect(database.owner) as connection:
        connection.execute("UPDATE queries.projection SET position = position - 1")
        cut(connection)
    asked = asyncio.create_task(reader.all(sa.select(tables.projection.c.position)))
    await asyncio.sleep(0.1)
    assert not asked.done()
    with psycopg.connect(database.owner) as connection:
        connection.execute("UPDATE queries.projection SET position = position + 1")
    assert [row.position for row in await asked] == [town.position]
    await reader.close()
