"""A PostgreSQL of our own for the whole run, a fresh database for each test that asks for one."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from commands.books.open_books import OpenBooks
from commands.spine import Limits, Spine
from ledger import collector
from ledger.database import ROLES, as_role, connect
from ledger.log import Log
from ledger.migrations import migrate
from server.postgres import Cluster, running

HERE = Path(__file__).parent
PASSWORDS = {role: f"password of {role}" for role in ROLES}
TEMPLATE = "makeba_template"
_numbers = itertools.count(1)
# These files begin first: whichever worker took one of them last, everybody would wait for it.
LONGEST = (
    "durability/test_kills.py", "simulation/test_town.py", "server/test_access.py",
    "server/test_any_postgres.py", "simulation/test_street.py", "server/test_cli.py",
    "simulation/test_small_scope.py", "server/test_simulating.py",
    "simulator/screens/test_using_machines.py", "simulator/test_playing.py",
    "simulator/test_crowd.py", "properties/test_histories.py", "queries/test_properties.py",
)  # fmt: skip


def pytest_collection_finish() -> None:
    """What was imported stays: nobody needs to look for cycles in it again and again."""
    collector.rest()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others as they were."""
    places = {str(HERE / name): place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(str(item.path), len(LONGEST)))


@dataclass(frozen=True)
class Database:
    """A migrated database, as each role reaches it."""

    owner: str

    @property
    def commands(self) -> str:
        return self._as("makeba_commands")

    @property
    def projector(self) -> str:
        return self._as("makeba_projector")

    @property
    def queries(self) -> str:
        return self._as("makeba_queries")

    @property
    def auditor(self) -> str:
        return self._as("makeba_auditor")

    def _as(self, role: str) -> str:
        return as_role(self.owner, role, PASSWORDS[role])


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An embedded PostgreSQL for this run. Nothing here survives a power cut, so nothing waits
    for the disk; the tests of durability start servers of their own."""
    cluster = Cluster(tmp_path_factory.mktemp("postgres"))
    with running(cluster, settings={"fsync": "off", "max_connections": "300"}):
        yield cluster


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """The name of a migrated, empty database to clone."""
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    migrate(cluster.owner_dsn(TEMPLATE), PASSWORDS)
    return TEMPLATE


@pytest.fixture
def database(cluster: Cluster, template: str) -> Iterator[Database]:
    """A migrated database in which nothing has happened yet."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        yield Database(cluster.owner_dsn(name))
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
async def log(database: Database) -> AsyncIterator[Log]:
    """The door to a fresh database."""
    log = Log(lambda: connect(database.commands, "makeba test"))
    yield log
    log.disconnect()


@pytest.fixture
async def spine(log: Log) -> AsyncIterator[Spine]:
    """A spine at work on a fresh database whose books are open."""
    spine = Spine(log, Limits(deadline_seconds=30))
    spine.start()
    await spine.submit(OpenBooks(), actor="system:test", request_id="open")
    yield spine
    await spine.close()
