"""One database with a little true history, on which every forgery is tried and taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import TupleRow

from commands.books.open_books import OpenBooks
from commands.spine import Spine
from ledger.database import connect
from ledger.log import Log
from server.postgres import Cluster
from tests.commands.moves import ACTOR, customer, key
from tests.conftest import Database
from tests.schema.forgery import HELPERS, STATE

Connection = psycopg.Connection[TupleRow]


@pytest.fixture(scope="session")
def forged(cluster: Cluster, template: str) -> Iterator[Database]:
    """Open books, two customers with money, a transfer between them, and a row in every table."""
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE forged TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(template)
            )
        )
        database = Database(cluster.owner_dsn("forged"))
        asyncio.run(_live_a_little(database))
        with psycopg.connect(database.owner) as owner:
            owner.execute(HELPERS)
            owner.execute(STATE)
        yield database
        connection.execute("DROP DATABASE forged WITH (FORCE)")


@pytest.fixture
def owner(forged: Database) -> Iterator[Connection]:
    """The owner, who is superuser here, in a transaction that is never committed."""
    with psycopg.connect(forged.owner) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def commands(forged: Database) -> Iterator[Connection]:
    """The role that runs commands, in a transaction that is never committed."""
    with psycopg.connect(forged.commands) as connection:
        yield connection
        connection.rollback()


async def _live_a_little(database: Database) -> None:
    spine = Spine(Log(lambda: connect(database.commands, "makeba test")))
    spine.start()
    await spine.submit(OpenBooks(), actor=ACTOR, request_id="open")
    one, other = await customer(spine, 10_000), await customer(spine, 5_000)
    await spine.submit(one.send(other, 2_000), actor=ACTOR, request_id="send", once=key("send"))
    await spine.close()
