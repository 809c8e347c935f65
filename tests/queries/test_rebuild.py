"""Read models from nothing: the same rows, beside the live ones, and in their place."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from ledger.errors import Conflict
from ledger.money import Money
from queries import balance, compare, rebuild
from queries.projector import Pace, Projector, connector
from queries.reader import Reader
from queries.rebuild import REBUILD_LOCK
from tests.conftest import Database
from tests.queries.people import Wallet
from tests.queries.town import Town

INVENTED_WALLET = """
    INSERT INTO queries.wallet (id, user_id, status, held, updated_at)
    VALUES (gen_random_uuid(), gen_random_uuid(), 'open', 0, now())
"""


def schemas(database: Database) -> set[str]:
    with psycopg.connect(database.owner) as connection:
        found = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'queries%'"
        ).fetchall()
    return {name for (name,) in found}


def spoil(database: Database, statement: str) -> None:
    with psycopg.connect(database.owner) as connection:
        connection.execute(statement)


async def some_life(town: Town) -> Wallet:
    ana, rui, agent = await town.wallet(9_000_00), await town.wallet(), await town.agent(5_000_00)
    await town.transfer(ana, rui, 1_000_00, 10_00)
    cash = await town.ask(ana, 2_000_00, 25_00)
    await town.authorise(cash)
    await town.complete(cash, 1_000_00, 15_00)
    await town.confirm(await town.ask_agent(ana, agent, 3_000_00, 60_00, 30_00))
    await town.ask_agent(ana, agent, 500_00, 60_00, 30_00)
    await town.cash_in(agent, rui, 1_500_00, 5_00)
    await town.decline("000007", "55")
    await town.dispute("000008", 200_00)
    return ana


async def test_a_rebuild_finds_nothing_different_in_models_that_followed_the_log(
    town: Town, projector: Projector, database: Database
) -> None:
    await some_life(town)
    await projector.catch_up()
    report = await rebuild.rebuild(database.owner, check=True)
    assert report.differences == ()
    assert report.position == town.position
    assert {table: rows for table, rows in report.rows.items() if rows} == {
        "account": 29,
        "audit": 17,
        "account_day": 16,
        "bank_credit": 2,
        "entry": 10,
        "entry_word": 11,
        "feed": 21,
        "float_day": 3,
        "line": 27,
        "log_record": 17,
        "milestone": 11,
        "movement": 10,
        "outlet": 1,
        "rule_edition": 1,
        "suspense": 1,
        "switch_operation": 3,
        "turnover": 15,
        "wallet": 2,
        "withdrawal": 3,
    }


async def test_a_check_compares_at_the_position_of_models_that_lag_behind(
    town: Town, projector: Projector, database: Database
) -> None:
    ana = await some_life(town)
    reached = await projector.catch_up()
    await town.credit(ana.id, 1_00)
    report = await rebuild.rebuild(database.owner, check=True)
    assert report.same
    assert report.position == reached < town.position


@pytest.mark.parametrize(
    ("fault", "table"),
    [
        ("UPDATE queries.account SET balance = balance + 1 WHERE code = '2010'", "account"),
        ("UPDATE queries.wallet SET held = held + 1", "wallet"),
        ("DELETE FROM queries.line WHERE line_number = 2", "line"),
        ("UPDATE queries.entry SET kind = 'other' WHERE kind = 'cash_in.made'", "entry"),
        ("UPDATE queries.turnover SET valued_debits = valued_debits + 1", "turnover"),
        ("UPDATE queries.account_day SET booked_credits = 0", "account_day"),
        ("UPDATE queries.milestone SET debits = debits + 1", "milestone"),
        ("UPDATE queries.entry SET late = TRUE", "entry"),
        ("UPDATE queries.float_day SET commission = 7", "float_day"),
        ("UPDATE queries.suspense SET amount = amount + 1", "suspense"),
        ("UPDATE queries.log_record SET actor = 'nobody' WHERE position = 2", "log_record"),
        ("UPDATE queries.movement SET fee = fee + 1", "movement"),
        ("UPDATE queries.withdrawal SET state = 'expired' WHERE state = 'pending'", "withdrawal"),
        ("UPDATE queries.switch_operation SET response_code = '00'", "switch_operation"),
        (INVENTED_WALLET, "wallet"),
    ],
)
async def test_a_row_that_is_not_as_the_log_says_is_reported(
    town: Town, projector: Projector, database: Database, fault: str, table: str
) -> None:
    await some_life(town)
    await projector.catch_up()
    spoil(database, fault)
    report = await rebuild.rebuild(database.owner, check=True)
    assert not report.same
    assert {difference.table for difference in report.differences} == {table}
    assert "queries" in {difference.schema for difference in report.differences} or (
        fault.startswith("DELETE")
    )


async def test_models_that_are_ahead_of_the_log_are_reported(
    town: Town, projector: Projector, database: Database
) -> None:
    await some_life(town)
    await projector.catch_up()
    spoil(database, "UPDATE queries.projection SET position = position + 1")
    report = await rebuild.rebuild(database.owner, check=True)
    assert [difference.table for difference in report.differences] == ["projection"] * 2


async def test_many_spans_are_compared_as_one(
    town: Town, projector: Projector, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "SPAN_ROWS_MAX", 3)
    await some_life(town)
    await projector.catch_up()
    assert (await rebuild.rebuild(database.owner, check=True)).rows["line"] == 27
    spoil(database, "UPDATE queries.line SET amount = amount + 1 WHERE line_number = 2")
    assert not (await rebuild.rebuild(database.owner, check=True)).same


async def test_a_check_leaves_the_live_models_as_they_are_and_nothing_else(
    town: Town, projector: Projector, database: Database, reader: Reader
) -> None:
    ana = await some_life(town)
    await projector.catch_up()
    spoil(database, "UPDATE queries.account SET balance = -77 WHERE code = '2010'")
    await rebuild.rebuild(database.owner, check=True)
    assert (await balance.of_wallet(reader, ana.user)).balance == Money(77)
    assert schemas(database) == {"queries"}


async def test_a_rebuild_takes_the_place_of_spoiled_models(
    town: Town, projector: Projector, database: Database, reader: Reader
) -> None:
    ana = await some_life(town)
    await projector.catch_up()
    before = await balance.of_wallet(reader, ana.user)
    spoil(database, "UPDATE queries.account SET balance = -77 WHERE code = '2010'")
    report = await rebuild.rebuild(database.owner)
    assert report.position == town.position
    assert await balance.of_wallet(reader, ana.user) == before
    assert schemas(database) == {"queries"}
    assert (await rebuild.rebuild(database.owner, check=True)).same


async def test_after_a_rebuild_the_projector_goes_on_as_if_nothing_had_happened(
    town: Town, projector: Projector, database: Database, reader: Reader
) -> None:
    ana = await some_life(town)
    await projector.catch_up()
    held = town.holds(ana.id)
    await rebuild.rebuild(database.owner)
    await town.credit(ana.id, 5_00)
    assert await projector.catch_up() == town.position
    assert (await balance.of_wallet(reader, ana.user)).balance == Money(held + 5_00)


async def test_the_roles_may_do_after_a_rebuild_what_they_might_before(
    town: Town, projector: Projector, database: Database
) -> None:
    await some_life(town)
    await projector.catch_up()
    before = grants(database)
    await rebuild.rebuild(database.owner)
    assert grants(database) == before
    assert ("line", "makeba_queries", "SELECT") in before
    assert ("line", "makeba_queries", "INSERT") not in before


async def test_tables_are_the_same_after_a_rebuild_to_the_last_name(
    town: Town, database: Database
) -> None:
    await some_life(town)
    before = shape(database)
    await rebuild.rebuild(database.owner)
    assert shape(database) == before
    assert any("a_user" in name or "one_wallet" in name for name, _ in before)


async def test_while_a_town_lives_on_a_rebuild_loses_nothing(
    town: Town, database: Database, reader: Reader
) -> None:
    ana = await some_life(town)
    busy = Projector(connector(database.projector), Pace(poll_seconds=0.001, rest_seconds=0))
    running = asyncio.create_task(busy.run())
    done = asyncio.Event()

    async def live_on() -> None:
        while not done.is_set():
            await town.credit(ana.id, 1_00)
            busy.poke(town.position)

    living = asyncio.create_task(live_on())
    for check in (False, True, False, True):
        report = await rebuild.rebuild(database.owner, check=check)
        assert report.same
    done.set()
    await living
    await reader.wait_for(town.position, 5)
    assert (await balance.of_wallet(reader, ana.user)).balance == Money(town.holds(ana.id))
    busy.close()
    await running


async def test_a_rebuild_waits_for_whoever_holds_the_live_models(
    town: Town, database: Database, reader: Reader
) -> None:
    ana = await some_life(town)
    with psycopg.connect(database.owner) as busy:
        busy.execute("SELECT position FROM queries.projection FOR UPDATE")
        rebuilding = asyncio.create_task(rebuild.rebuild(database.owner))
        await asyncio.sleep(1.0)
        assert not rebuilding.done()
        assert await reader.position() == 0
    await rebuilding
    assert (await balance.of_wallet(reader, ana.user)).balance == Money(town.holds(ana.id))


async def test_two_rebuilds_at_once_are_one_too_many(database: Database) -> None:
    with psycopg.connect(database.owner) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [REBUILD_LOCK])
        with pytest.raises(Conflict):
            await rebuild.rebuild(database.owner)


async def test_what_a_killed_rebuild_has_left_does_not_stand_in_the_way(
    town: Town, projector: Projector, database: Database
) -> None:
    await some_life(town)
    await projector.catch_up()
    spoil(database, "CREATE SCHEMA queries_rebuild")
    spoil(database, "CREATE TABLE queries_rebuild.line ()")
    spoil(database, "CREATE SCHEMA queries_old")
    assert (await rebuild.rebuild(database.owner, check=True)).same
    assert schemas(database) == {"queries"}


async def test_progress_is_told_in_records(town: Town, database: Database) -> None:
    await some_life(town)
    told: list[tuple[int, int]] = []
    await rebuild.rebuild(database.owner, progress=lambda *step: told.append(step))
    assert told == [(town.position, town.position)]


def grants(database: Database) -> set[tuple[str, str, str]]:
    with psycopg.connect(database.owner) as connection:
        return set(
            connection.execute("""
                SELECT c.relname, g.grantee::regrole::text, g.privilege_type
                FROM pg_class AS c, aclexplode(c.relacl) AS g
                WHERE c.relnamespace = 'queries'::regnamespace
                UNION ALL
                SELECT n.nspname, g.grantee::regrole::text, g.privilege_type
                FROM pg_namespace AS n, aclexplode(n.nspacl) AS g
                WHERE n.nspname = 'queries'
            """).fetchall()
        )


def shape(database: Database) -> set[tuple[str, str]]:
    """Columns, constraints, indexes and storage parameters, each with its definition."""
    with psycopg.connect(database.owner) as connection:
        return set(
            connection.execute("""
                SELECT k.conname::text, pg_get_constraintdef(k.oid)
                FROM pg_constraint AS k
                WHERE k.connamespace = 'queries'::regnamespace
                UNION ALL
                SELECT i.indexname::text, i.indexdef
                FROM pg_indexes AS i
                WHERE i.schemaname = 'queries'
                UNION ALL
                SELECT
                    p.tablename || '.' || p.policyname,
                    p.cmd || p.roles::text || p.qual || coalesce(p.with_check, '')
                FROM pg_policies AS p
                WHERE p.schemaname = 'queries'
                UNION ALL
                SELECT v.viewname::text, v.definition
                FROM pg_views AS v
                WHERE v.schemaname = 'queries'
                UNION ALL
                SELECT c.relname::text, c.relrowsecurity::text
                FROM pg_class AS c
                WHERE c.relnamespace = 'queries'::regnamespace AND c.relkind = 'r'
                UNION ALL
                SELECT c.relname::text, c.reloptions::text
                FROM pg_class AS c
                WHERE c.relnamespace = 'queries'::regnamespace AND c.relkind = 'r'
                UNION ALL
                SELECT
                    c.relname || '.' || a.attname,
                    format_type(a.atttypid, a.atttypmod) || a.attnotnull || a.atthasdef
                FROM pg_class AS c
                INNER JOIN pg_attribute AS a ON c.oid = a.attrelid
                WHERE
                    c.relnamespace = 'queries'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
            """).fetchall()
        )
