"""Many tampers: with exports, by the dice, and with a live database, by a DBA.

    python -m tests.verifier.campaign [--seed 1] [--exports 10000] [--databases 100]

Ends with one JSON line; exit code 1 when one was not found, or named elsewhere than where it is.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from ledger.checkpoint_file import CheckpointFile
from ledger.migrations import migrate
from queries.check.checkpoints import Signed
from queries.check.run import prove
from queries.export import export
from server.checkpoints import Signer, signing_key
from server.postgres import Cluster, running
from server.settings import Settings
from tests.conftest import PASSWORDS, Database
from tests.queries.check.dba import SET_HEAD, rechain
from tests.queries.check.history import at_work, live
from tests.queries.check.planting import planting
from tests.verifier.tampering import Tamperer, found_at
from verifier.verify import Keys, read_keys

ROUNDS = 4  # of a lived history, with a checkpoint after each
COLUMNS = {
    "kind": "kind || 'x'",
    "subject": "gen_random_uuid()",
    "actor": "actor || 'x'",
    "session": "gen_random_uuid()",
    "request_id": "request_id || 'x'",
    "outcome": "'NOT_FOUND'",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "payload": """payload || '{{"amount": 7}}'""",
    "touched": "array_append(touched, 'x')",
    "hash": "sha256(hash)",
}
EDIT = sql.SQL("UPDATE ledger.log SET {} WHERE position = %(position)s")
EDIT_LINE = sql.SQL("""
    UPDATE ledger.line SET {} = {} + 1
    WHERE
        (entry_number, line_number) = (
            SELECT entry_number, line_number FROM ledger.line OFFSET %(skip)s LIMIT 1
        )
""")
OTHER = {
    "delete": ("DELETE FROM ledger.log WHERE position = %(position)s",),
    "swap": (
        "UPDATE ledger.log SET position = -1 WHERE position = %(position)s",
        "UPDATE ledger.log SET position = %(position)s WHERE position = %(position)s - 1",
        "UPDATE ledger.log SET position = %(position)s - 1 WHERE position = -1",
    ),
    "cut": ("DELETE FROM ledger.log WHERE position >= %(position)s",),
}
NEWEST = "SELECT position, hash, recorded_at FROM ledger.log ORDER BY position DESC LIMIT 1"


async def lived(database: Database, home: Path) -> None:
    """A history with checkpoints in it."""
    signer = Signer(Settings(home=home), database.commands)
    await live(database)
    await signer.sign()
    for _ in range(ROUNDS):
        async with at_work(database) as (_, history):
            await history.begin()
            one, other = await history.customer(9_000), await history.customer(1_000)
            for _ in range(20):
                await history.do(one.send(other, 100))
        await signer.sign()
    async with at_work(database) as (_, history):  # nobody has signed the newest records yet
        await history.customer(1_000)


def exported(database: Database, home: Path) -> bytes:
    """The log of a database as a file."""
    settings = Settings(home=home)
    written = io.BytesIO()
    export(
        database.auditor,
        written,
        checkpoints=CheckpointFile(settings.checkpoints_file),
        key=signing_key(settings.secrets_dir),
        program="makeba of a test",
    )
    return written.getvalue()


def keys_of(home: Path) -> Keys:
    """What an auditor was given."""
    return read_keys((home / "checkpoint.pub").read_bytes())


def signed_of(home: Path) -> Signed:
    """The checkpoints of a home."""
    return Signed(CheckpointFile(home / "checkpoints"), home / "checkpoint.pub")


def with_exports(file: bytes, home: Path, dice: random.Random, many: int) -> tuple[Any, list[str]]:
    """Tamper with a file: how often each way was found, and what was not found where it is."""
    tamperer = Tamperer(file, signing_key(home / "secrets"), dice)
    keys = keys_of(home)
    found: Counter[str] = Counter()
    missed = []
    for _ in range(many):
        tampered = tamperer.tamper()
        place = found_at(tampered.file, keys)
        if place in tampered.places:
            found[tampered.what] += 1
        else:
            missed.append(f"{tampered.what}: found at {place}, is at {tampered.places}")
    return found, missed


def attack(owner: psycopg.Connection[Any], dice: random.Random, newest_signed: int) -> str:
    """Change one thing that was signed, perhaps making all hashes good afterwards."""
    position = dice.randint(2, newest_signed)
    what = dice.choice(("edit", "line", "delete", "swap", "cut"))
    if what == "edit":
        column = dice.choice(sorted(COLUMNS))
        what = f"edit {column}"
        change = sql.SQL("{} = " + COLUMNS[column]).format(sql.Identifier(column))
        owner.execute(EDIT.format(change), {"position": position})
    elif what == "line":
        what = "edit a line's " + dice.choice(("amount", "balance"))
        name = sql.Identifier(what.rpartition(" ")[2])
        owner.execute(EDIT_LINE.format(name, name), {"skip": dice.randrange(50)})
    else:
        for statement in OTHER[what]:
            owner.execute(statement, {"position": position})
    if dice.random() < 0.5 and what != "edit hash":
        rechain(owner)
        what += ", chained anew"
    row = owner.execute(NEWEST).fetchone()
    assert row is not None
    owner.execute(SET_HEAD, row)
    return what


def with_databases(
    cluster: Cluster, template: str, home: Path, dice: random.Random, many: int
) -> tuple[Any, list[str]]:
    """The same with copies of a database: found by the check there, and by an export of it."""
    found: Counter[str] = Counter()
    missed = []
    keys, signed = keys_of(home), signed_of(home)
    newest = signed.file.newest()
    assert newest is not None
    for number in range(many):
        with cloned(cluster, template, f"tampered_{number}") as database:
            with planting(database) as owner:
                what = attack(owner, dice, newest.position)
            proof = prove(database.auditor, full=True, signed=signed)
            place = found_at(exported(database, home), keys)
        if proof.held or place is None:
            missed.append(f"{what}: check {'passed' if proof.held else 'failed'}, verify {place}")
        else:
            found[what] += 1
    return found, missed


@contextmanager
def cloned(cluster: Cluster, template: str, name: str) -> Iterator[Database]:
    """A copy of a database, for a while."""
    make = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(make.format(sql.Identifier(name), sql.Identifier(template)))
        yield Database(cluster.owner_dsn(name))
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Tamper, and say what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--exports", type=int, default=10_000)
    parser.add_argument("--databases", type=int, default=100)
    options = parser.parse_args(arguments)
    dice = random.Random(options.seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="makeba-tampers-") as directory:
        home = Path(directory) / "home"
        home.mkdir()
        cluster = Cluster(Path(directory) / "postgres")
        with running(cluster, settings={"fsync": "off"}):
            with psycopg.connect(cluster.dsn, autocommit=True) as connection:
                connection.execute("CREATE DATABASE lived")
            database = Database(cluster.owner_dsn("lived"))
            migrate(database.owner, PASSWORDS)
            asyncio.run(lived(database, home))
            file = exported(database, home)
            assert found_at(file, keys_of(home)) is None
            assert prove(database.auditor, full=True, signed=signed_of(home)).held
            exports, missed = with_exports(file, home, dice, options.exports)
            databases, more = with_databases(cluster, "lived", home, dice, options.databases)
    said = {
        "seed": options.seed,
        "exports": {"tried": options.exports, "found": sum(exports.values()), "ways": exports},
        "databases": {
            "tried": options.databases,
            "found": sum(databases.values()),
            "ways": databases,
        },
        "missed": list(itertools.islice((*missed, *more), 20)),
        "seconds": round(time.monotonic() - began, 1),
    }
    print(msgspec.json.encode(said).decode())
    return 1 if missed or more else 0


if __name__ == "__main__":
    sys.exit(main())
