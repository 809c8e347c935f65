"""A server with demo people, on a database of its own for each test, asked over HTTP."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
import structlog
from litestar.types import ASGIApp
from psycopg import sql
from psycopg.rows import TupleRow

from commands.identity.person import Role
from server import demo, secrets
from server.app import create_app
from server.demo import DemoFile, Wanted
from server.installation import Installation
from server.postgres import Cluster
from server.secrets import Secret, Secrets
from server.settings import API, Settings
from tests.conftest import PASSWORDS
from tests.server.people import Somebody, Switch

_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def cheap_pins() -> Iterator[None]:
    """Servers in this process hash PINs with the least work that Argon2 knows: signing in is most
    of what some tests do. What it costs in earnest, test_sign_in.py looks at."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("server.pins.MEMORY_KIB", 8)
        patched.setattr("server.pins.PASSES", 1)
        yield


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command configures logging for its own standard error, which ends with its test."""
    root = logging.getLogger()
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    before = structlog.get_config()
    yield
    root.handlers[:], root.level, logging.raiseExceptions = handlers, level, raises
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


@dataclass(frozen=True)
class World:
    """A database in which demo people live, to be cloned."""

    template: str
    keys: Secrets
    demo: DemoFile


@dataclass
class Running:
    """A server that is asked by `client`, and the people who may ask it."""

    client: httpx.AsyncClient
    installation: Installation
    demo: DemoFile
    app: ASGIApp
    _owner: psycopg.Connection[TupleRow] | None = None

    def somebody(self, role: str, number: int = 0) -> Somebody:
        """Someone with this role, not signed in yet."""
        user = self.demo.of(Role(role))[number]
        agents = [str(each.agent_id) for each in self.demo.of(Role.AGENT)]
        return Somebody(self.client, user, agents)

    @cached_property
    def switch(self) -> Switch:
        """The demo's switch."""
        return Switch(self.client, self.demo.switch, self.demo.terminals[0].terminal_id)

    def ask(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look into the database as its owner."""
        if self._owner is None or self._owner.broken:
            self.close()
            self._owner = psycopg.connect(self.installation.owner_url, autocommit=True)
        cursor = self._owner.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """Look no more."""
        if self._owner is not None:
            self._owner.close()

    async def until(self, statement: str, *parameters: Any) -> None:
        """Wait until something is true in the database."""
        async with asyncio.timeout(15):
            while self.ask(statement, *parameters) != [(True,)]:  # noqa: ASYNC110 - the database
                await asyncio.sleep(0.05)

    @property
    def position(self) -> int:
        """That of the newest record."""
        return int(self.ask("SELECT position FROM ledger.head")[0][0])


@pytest.fixture(scope="session")
def world(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Seeded once for the run."""
    home = tmp_path_factory.mktemp("demo")
    passwords = {role: Secret(password) for role, password in PASSWORDS.items()}
    keys = msgspec.structs.replace(secrets.load(home / "secrets"), passwords=passwords)
    name = "makeba_demo_template"
    _clone(cluster, template, name)
    installation = Installation(Settings(home=home), keys, cluster.owner_dsn(name))

    async def seeded() -> DemoFile:
        await installation.open_books()
        return await demo.seed(installation, Wanted(), refill=True)

    return World(name, keys, asyncio.run(seeded()))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Override it for other lifetimes."""
    return Settings(home=tmp_path, pin_threads=1)


@pytest.fixture
async def server(cluster: Cluster, world: World, settings: Settings) -> AsyncIterator[Running]:
    """A server at work."""
    with cloned(cluster, world) as owner_url:
        installation = Installation(settings, world.keys, owner_url)
        async with serving(installation) as app:
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)  # type: ignore[arg-type]
            async with httpx.AsyncClient(
                transport=transport, base_url=f"http://makeba{API}/", timeout=30
            ) as client:
                with closing(Running(client, installation, world.demo, app)) as server:
                    yield server


@contextmanager
def cloned(cluster: Cluster, world: World) -> Iterator[str]:
    """The owner's URL of a fresh copy of the world."""
    name = f"demo_{next(_numbers)}"
    _clone(cluster, world.template, name)
    yield cluster.owner_dsn(name)
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@asynccontextmanager
async def serving(installation: Installation) -> AsyncIterator[ASGIApp]:
    """An application between its start and its end, as a server would bring it there."""
    app = create_app(installation.settings, installation.keys, installation.urls)
    to_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    from_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    scope: Any = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.ensure_future(app(scope, to_app.get, from_app.put))  # type: ignore[arg-type]
    await to_app.put({"type": "lifespan.startup"})
    assert (await from_app.get())["type"] == "lifespan.startup.complete"
    yield app
    await to_app.put({"type": "lifespan.shutdown"})
    assert (await from_app.get())["type"] == "lifespan.shutdown.complete"
    await task


def _clone(cluster: Cluster, template: str, name: str) -> None:
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
