"""0012: a table shows its rows to those whose they are, to our own people, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from queries.asking import EVERYBODY, NOBODY, Asks
from queries.check import rules
from tests.conftest import Database
from tests.schema.conftest import Connection

ME = UUID(int=1)
SOMEBODY_ELSE = UUID(int=2)
TABLES = """
    SELECT 'queries.' || c.relname
    FROM pg_class AS c
    WHERE c.relnamespace = 'queries'::regnamespace AND c.relkind = 'r'
    ORDER BY 1
"""
MY_ACCOUNT = "UPDATE queries.account SET owner = 'ME'"
ON_MY_ACCOUNT = "; UPDATE {table} SET {column} = (SELECT id FROM queries.account)"


def on_my_account(table: str, column: str = "account_id") -> str:
    return MY_ACCOUNT + ON_MY_ACCOUNT.format(table=table, column=column)


# How the one row of each table becomes mine; some become so in more than one way.
BECOMES_MINE = (
    ("queries.account", MY_ACCOUNT),
    ("queries.wallet", "UPDATE queries.wallet SET user_id = 'ME'"),
    (
        "queries.movement",
        on_my_account("queries.movement", "account_id"),
    ),
    (
        "queries.line",
        on_my_account("queries.line", "account_id"),
    ),
    ("queries.account_day", on_my_account("queries.account_day")),
    (
        "queries.entry",
        on_my_account("queries.line", "account_id"),
    ),
    ("queries.withdrawal", "UPDATE queries.withdrawal SET user_id = 'ME'"),
    ("queries.withdrawal", "UPDATE queries.withdrawal SET channel = 'agent', agent_id = 'ME'"),
    (
        "queries.withdrawal",
        "UPDATE queries.offer SET agent_id = 'ME',"
        " request_id = (SELECT id FROM queries.withdrawal)",
    ),
    ("queries.offer", "UPDATE queries.offer SET agent_id = 'ME'"),
    ("queries.claim", "UPDATE queries.claim SET user_id = 'ME'"),
    (
        "queries.held_transfer",
        on_my_account("queries.held_transfer", "wallet_id"),
    ),
    (
        "queries.held_transfer",
        on_my_account("queries.held_transfer", "to_wallet_id"),
    ),
    ("queries.feed", "UPDATE queries.feed SET owner = 'ME'"),
    ("queries.principal", "UPDATE queries.principal SET id = 'ME'"),
    ("queries.outlet", "UPDATE queries.outlet SET id = 'ME'"),
    ("queries.outlet", "UPDATE queries.outlet SET principal_id = 'ME'"),
    ("queries.till", "UPDATE queries.till SET agent_id = 'ME'"),
    (
        "queries.till_day",
        "UPDATE queries.till SET agent_id = 'ME';"
        " UPDATE queries.till_day SET till_id = (SELECT id FROM queries.till)",
    ),
    ("queries.redemption", "UPDATE queries.redemption SET agent_id = 'ME'"),
)
PRINCIPALS = """
    UPDATE queries.outlet SET principal_id = 'ME';
    UPDATE queries.account SET owner = (SELECT id FROM queries.outlet);
    UPDATE queries.till SET agent_id = (SELECT id FROM queries.outlet)
"""


def mine(statement: str) -> str:
    return statement.replace("'ME'", f"'{ME}'")


@pytest.fixture
def stage(owner: Connection) -> Iterator[Connection]:
    """The owner's transaction, to change rows in and then to look at them as the queries role."""
    yield owner
    owner.execute("RESET ROLE")


def shown(connection: Connection, table: str, asks: Asks | None) -> int:
    """How many rows of a table whoever asks so is shown. None says nothing at all."""
    connection.execute("SET LOCAL ROLE makeba_queries; SET LOCAL search_path TO queries")
    for statement, values in () if asks is None else asks.statements():
        connection.execute(statement, values)
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    connection.execute("RESET ROLE")
    assert row is not None
    return int(row[0])


def test_every_table_is_guarded(owner: Connection) -> None:
    tables = {table for (table,) in owner.execute(TABLES).fetchall()}
    models = set(rules.GUARDED)
    assert tables == models | rules.UNGUARDED
    assert models >= rules.OWNED
    assert {table for table, _ in BECOMES_MINE} == rules.OWNED


@pytest.mark.parametrize("asks", [None, NOBODY, Asks(owner=ME), Asks(principal=ME)])
def test_what_is_not_ones_own_is_not_there(stage: Connection, asks: Asks | None) -> None:
    for table in sorted(rules.GUARDED):
        assert shown(stage, table, asks) == 0, table


def test_our_own_people_see_everything(stage: Connection) -> None:
    for table in sorted(rules.GUARDED):
        assert shown(stage, table, EVERYBODY) > 0, table


@pytest.mark.parametrize(("table", "statement"), BECOMES_MINE)
def test_what_becomes_ones_own_is_shown_to_nobody_else(
    stage: Connection, table: str, statement: str
) -> None:
    stage.execute(mine(statement))
    assert shown(stage, table, Asks(owner=ME)) == 1
    assert shown(stage, table, Asks(owner=SOMEBODY_ELSE)) == 0
    assert shown(stage, table, NOBODY) == 0


def test_a_principal_sees_what_is_its_outlets_own(stage: Connection) -> None:
    stage.execute(mine(PRINCIPALS))
    for table in ("queries.outlet", "queries.account", "queries.till"):
        assert shown(stage, table, Asks(principal=ME)) == 1
        assert shown(stage, table, Asks(principal=SOMEBODY_ELSE)) == 0
    assert shown(stage, "queries.account", Asks(owner=ME)) == 0


def test_days_of_numbers_are_all_that_anybody_sees_of_entries(forged: Database) -> None:
    with psycopg.connect(forged.queries) as connection:
        booked = connection.execute("SELECT * FROM queries.booked")
        assert booked.fetchall()
        assert [column.name for column in booked.description or ()] == ["number", "booking_date"]
        assert connection.execute("SELECT * FROM queries.entry").fetchall() == []


def test_who_was_named_is_forgotten_with_the_transaction(forged: Database) -> None:
    with psycopg.connect(forged.queries, autocommit=True) as connection:
        with connection.transaction():
            for statement, values in EVERYBODY.statements():
                connection.execute(statement, values)
            assert connection.execute("SELECT FROM queries.wallet").fetchall()
        assert connection.execute("SELECT FROM queries.wallet").fetchall() == []


@pytest.mark.parametrize("role", ["auditor", "projector"])
def test_whoever_proves_or_projects_sees_all(forged: Database, role: str) -> None:
    with psycopg.connect(getattr(forged, role)) as connection:
        for table in sorted(rules.GUARDED):
            assert connection.execute(f"SELECT FROM {table} LIMIT 1").fetchall(), table
