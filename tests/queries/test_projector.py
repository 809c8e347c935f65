"""The projector: every record once, in whole batches, whoever runs it and whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from uuid_utils.compat import uuid7

from ledger import chart
from ledger.journal import Line, entry
from ledger.money import Money
from queries import balance, rebuild
from queries.projector import Pace, Projector, connector
from queries.reader import Reader
from tests.conftest import Database
from tests.queries.forge import Happened
from tests.queries.people import Wallet
from tests.queries.town import TRUST, Town

SOON = 10.0  # seconds that a loaded machine may take


def do(database: Database, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.owner) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@asynccontextmanager
async def at_work(database: Database, pace: Pace) -> AsyncIterator[Projector]:
    projector = Projector(connector(database.projector), pace)
    task = asyncio.create_task(projector.run())
    yield projector
    projector.close()
    await task


async def some_transfers(town: Town, count: int) -> Wallet:
    ana, rui = await town.wallet(9_000_00), await town.wallet()
    for _ in range(count):
        await town.transfer(ana, rui, 10_00, 1_00)
    return ana


async def test_a_batch_is_never_larger_than_it_may_be(town: Town, database: Database) -> None:
    await some_transfers(town, 5)
    projector = Projector(connector(database.projector), Pace(records_max=3))
    assert [await projector.advance() for _ in range(5)] == [3, 6, 9, 10, 10]
    projector.disconnect()


async def test_it_goes_no_further_than_it_is_told(town: Town, projector: Projector) -> None:
    await some_transfers(town, 5)
    assert await projector.catch_up(4) == 4
    assert await projector.catch_up() == town.position


async def test_finding_nothing_to_do_costs_it_nothing_that_it_needs_later(
    town: Town, projector: Projector
) -> None:
    for _ in range(4):
        await some_transfers(town, 1)
        assert await projector.catch_up() == town.position
        for _ in range(3):
            assert await projector._look() == 0
            assert await projector.advance() == town.position


async def test_one_record_at_a_time_gives_what_a_rebuild_gives(
    town: Town, database: Database
) -> None:
    ana = await some_transfers(town, 3)
    for state in ("expired", "cancelled"):
        await town.give_back(await town.ask(ana, 200_00, 25_00), state)
    projector = Projector(connector(database.projector), Pace(records_max=1))
    assert await projector.catch_up() == town.position
    projector.disconnect()
    assert (await rebuild.rebuild(database.owner, check=True)).same


async def test_a_poke_makes_a_write_readable_at_once(
    town: Town, database: Database, reader: Reader
) -> None:
    async with at_work(database, Pace(poll_seconds=600)) as projector:
        ana = await town.wallet(7_00)
        projector.poke(town.position)
        await reader.wait_for(town.position, SOON)
        assert (await balance.of_wallet(reader, ana.user)).balance == Money(7_00)


async def test_what_other_processes_write_is_found_without_a_poke(
    town: Town, database: Database, reader: Reader
) -> None:
    async with at_work(database, Pace(poll_seconds=0.02)):
        ana = await town.wallet(7_00)
        await reader.wait_for(town.position, SOON)
        assert (await balance.of_wallet(reader, ana.user)).balance == Money(7_00)


async def test_each_new_position_is_told(town: Town, database: Database) -> None:
    told: list[int] = []
    projector = Projector(connector(database.projector), reached=told.append)
    await some_transfers(town, 1)
    await projector.catch_up()
    projector.disconnect()
    assert told == [town.position]


async def test_it_knows_how_far_it_is_behind(town: Town, projector: Projector) -> None:
    await some_transfers(town, 1)
    projector.poke(town.position)
    assert projector.behind == town.position
    await projector.catch_up()
    assert projector.behind == 0


async def test_many_projectors_do_each_record_once(town: Town, database: Database) -> None:
    await some_transfers(town, 30)
    several = [Projector(connector(database.projector), Pace(records_max=2)) for _ in range(4)]
    await asyncio.gather(*(each.catch_up() for each in several))
    for each in several:
        each.disconnect()
    report = await rebuild.rebuild(database.owner, check=True)
    assert report.same
    assert report.position == town.position


async def test_a_batch_that_fails_is_tried_again_and_never_skipped(
    town: Town, database: Database, reader: Reader
) -> None:
    do(database, "REVOKE INSERT ON queries.line FROM makeba_projector")
    ana = await some_transfers(town, 2)
    async with at_work(database, Pace(retry_seconds=0.01, retry_seconds_max=0.02)) as projector:
        await asyncio.sleep(0.1)
        assert await reader.position() == 0
        do(database, "GRANT INSERT ON queries.line TO makeba_projector")
        projector.poke()
        await reader.wait_for(town.position, SOON)
    found = await balance.of_wallet(reader, ana.user)
    assert found.balance == Money(town.holds(ana.id))
    assert (await rebuild.rebuild(database.owner, check=True)).same


async def test_a_line_of_an_account_that_never_was_opened_stops_it(
    town: Town, projector: Projector
) -> None:
    reached = await projector.catch_up()
    unknown = uuid7()
    await town.forge(
        Happened("test.paid", uuid7(), {}, entry(Line(TRUST, 5), Line(unknown, -5))),
        opens=[chart.opened("2010", unknown, owner=uuid7())],
    )
    for _ in range(2):
        with pytest.raises(psycopg.errors.NotNullViolation):
            await projector.advance()
    assert projector.position == reached


async def test_it_comes_back_when_the_database_was_away(
    town: Town, database: Database, reader: Reader
) -> None:
    async with at_work(database, Pace(poll_seconds=0.02, retry_seconds=0.01)):
        await some_transfers(town, 1)
        await reader.wait_for(town.position, SOON)
        do(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'makeba projector' AND datname = current_database()",
        )
        ana = await some_transfers(town, 1)
        await reader.wait_for(town.position, SOON)
        found = await balance.of_wallet(reader, ana.user)
        assert found.balance == Money(town.holds(ana.id))


async def test_a_projector_that_is_cancelled_in_a_batch_leaves_whole_batches(
    town: Town, database: Database
) -> None:
    await some_transfers(town, 20)
    for step in range(30):
        projector = Projector(connector(database.projector), Pace(records_max=3))
        task = asyncio.create_task(projector.catch_up())
        await asyncio.sleep(0.001 * step)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        projector.disconnect()
    assert (await rebuild.rebuild(database.owner, check=True)).same


async def test_the_projector_may_not_touch_the_books(database: Database) -> None:
    with psycopg.connect(database.projector, autocommit=True) as connection:
        for statement in (
            "INSERT INTO ledger.line VALUES (1, 1, gen_random_uuid(), 1, 1)",
            "UPDATE ledger.head SET position = 1",
            "UPDATE ledger.account SET balance = 1",
            "SELECT ledger.lock_head()",
            "SELECT phone_index FROM ledger.person",
            "DELETE FROM queries.line",
            "TRUNCATE queries.account",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
