"""The database: bringing it to the newest shape, filling it with demo people, looking after it."""

from __future__ import annotations

import asyncio
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click
import psycopg

from ledger.database import ROLES, connect_sync
from ledger.migrations import newest_revision
from queries.reader import Reader
from server import demo
from server.console.books import asked
from server.console.given import CheckFailed, format_option, quiet, settings
from server.console.shown import show
from server.demo import Wanted
from server.installation import Installation, installed

SERVER_VERSION_LEAST = 150_000
CLOCKS_APART_SECONDS = 2.0
BEHIND_MOST = 1_000

REVISION = "SELECT version_num FROM public.makeba_schema"
SECONDS_APART = "SELECT abs(extract(EPOCH FROM clock_timestamp() - %(now)s))"
HEAD = "SELECT position FROM ledger.head"


@click.command()
def migrate() -> None:
    """Bring the database to the newest shape and open the books."""
    with installed(settings()) as installation:
        revision = installation.migrate()
        opened = asyncio.run(installation.open_books())
    click.echo(f"The database is at {revision}; the books {'are open' if opened else 'were open'}.")


@click.command()
@click.option(
    "--demo", "as_demo", is_flag=True, required=True, help="Demo people: there is no other seed."
)
@click.option("--customers", default=3, show_default=True, type=click.IntRange(3, 100_000))
@click.option("--terminals", default=2, show_default=True, type=click.IntRange(2, 10_000))
@click.option("--agents", default=2, show_default=True, type=click.IntRange(2, 10_000))
def seed(customers: int, terminals: int, agents: int, *, as_demo: bool) -> None:  # noqa: ARG001
    """Have demo people with money, and write down who they are in demo.json."""
    wanted = Wanted(customers=customers, agents=agents, terminals=terminals)
    with installed(settings()) as installation:
        installation.migrate()
        asyncio.run(installation.open_books())
        found = asyncio.run(demo.seed(installation, wanted, refill=True))
        click.echo(f"{len(found.users)} people stand in {installation.settings.demo_file}.")


class Look(NamedTuple):
    """Something that was looked at."""

    what: str
    good: bool
    found: str


@click.command()
@format_option
def doctor(shape: str | None) -> None:
    """Look whether everything is there and in order."""
    looks = list(_environment())
    with installed(quiet()) as installation:
        looks += [_tried(look, installation) for look in LOOKS]
    rows = [
        {"what": look.what, "good": "yes" if look.good else "NO", "found": look.found}
        for look in looks
    ]
    show(rows, ("what", "good", "found"), shape)
    bad = [look for look in looks if not look.good]
    if bad:
        sentence = f"{bad[0].what}: {bad[0].found}"
        raise CheckFailed(sentence)


def _environment() -> Iterator[Look]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Look("Python 3.11 or newer", sys.version_info >= (3, 11), version)
    queries = Path(sys.modules["queries"].__file__ or "").resolve()
    ours = queries.is_relative_to(Path(__file__).resolve().parents[2])
    yield Look("the package queries is ours", ours, str(queries))


def _tried(look: Callable[[Installation], Look], installation: Installation) -> Look:
    try:
        return look(installation)
    except psycopg.Error as error:
        return Look(look.__doc__ or "", False, str(error).splitlines()[0])


def _server(installation: Installation) -> Look:
    """PostgreSQL 15 or newer"""
    with connect_sync(installation.owner_url, "makeba doctor") as connection:
        version = connection.info.server_version
    return Look(
        _server.__doc__ or "",
        version >= SERVER_VERSION_LEAST,
        f"{version // 10_000}.{version % 10_000}",
    )


def _schema(installation: Installation) -> Look:
    """the schema is the newest"""
    with connect_sync(installation.owner_url, "makeba doctor") as connection:
        row = connection.execute(REVISION).fetchone()
    found = row[0] if row else "none"
    return Look(_schema.__doc__ or "", found == newest_revision(), found)


def _roles(installation: Installation) -> Look:
    """every role gets in"""
    for role in ROLES:
        connect_sync(installation.url(role), "makeba doctor").close()
    return Look(_roles.__doc__ or "", True, ", ".join(ROLES))


def _clock(installation: Installation) -> Look:
    """our clock and the database's agree"""
    with connect_sync(installation.urls.commands, "makeba doctor") as connection:
        row = connection.execute(SECONDS_APART, {"now": datetime.now(UTC)}).fetchone()
    apart = float(row[0]) if row else float("inf")
    return Look(_clock.__doc__ or "", apart < CLOCKS_APART_SECONDS, f"{apart:.3f} s apart")


def _secrets(installation: Installation) -> Look:
    """only their owner can read the secrets"""
    open_files = [
        str(file)
        for file in installation.settings.secrets_dir.iterdir()
        if stat.S_IMODE(file.stat().st_mode) & 0o077
    ]
    found = ", ".join(open_files) or str(installation.settings.secrets_dir)
    return Look(_secrets.__doc__ or "", not open_files, found)


def _read_models(installation: Installation) -> Look:
    """the read models are not far behind"""
    with connect_sync(installation.urls.commands, "makeba doctor") as connection:
        row = connection.execute(HEAD).fetchone()
    head = int(row[0]) if row else 0
    position = asked(installation, Reader.position)
    return Look(_read_models.__doc__ or "", head - position <= BEHIND_MOST, f"{position} of {head}")


LOOKS = (_server, _schema, _roles, _clock, _secrets, _read_models)
