"""A database with some days in it, lived once, and a fresh clone of it for each test."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from server.postgres import Cluster
from tests.conftest import Database
from tests.queries.check.history import live

LIVED = "makeba_lived"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def lived(cluster: Cluster, template: str) -> str:
    """The name of a database in which everything has happened."""
    _clone(cluster, template, LIVED)
    asyncio.run(live(Database(cluster.owner_dsn(LIVED))))
    return LIVED


@pytest.fixture
def books(cluster: Cluster, lived: str) -> Iterator[Database]:
    """The same, for one test alone."""
    name = f"checked_{next(_numbers)}"
    _clone(cluster, lived, name)
    yield Database(cluster.owner_dsn(name))
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _clone(cluster: Cluster, template: str, name: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG")
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
