"""What every benchmark stands on: a PostgreSQL of its own, people with money, the machine."""

from __future__ import annotations

import asyncio
import os
import platform
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql
from uuid_utils.compat import uuid7

from commands.account.open_wallet import OpenWallet
from commands.command import Answer, Command, Rounds
from commands.spine import Spine
from commands.tier import Tier
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.database import ROLES, as_role
from ledger.journal import move
from ledger.migrations import migrate
from ledger.money import Money
from server.postgres import Cluster, running

ROOT = Path(__file__).parent.parent
TRUST = chart.the(chart.TRUST_BANK)
TOGETHER = 512  # commands that wait at once


class Customer(msgspec.Struct, frozen=True):
    """Somebody with a wallet."""

    user_id: UUID
    wallet_id: UUID
    phone_index: bytes


class Funded(Answer, frozen=True, kw_only=True):
    """It was done."""


class Fund(Command[Funded], frozen=True, kw_only=True):
    """Money from nowhere, for a benchmark."""

    wallet_id: UUID
    amount: Money

    def touches(self, books: Books) -> Rounds:
        yield (Account.by_id(self.wallet_id), Account.by_id(TRUST))

    def decide(self, books: Books) -> Funded:
        entry = move(self.amount, debit_to=TRUST, credit_to=self.wallet_id)
        books.record("benchmark.funded", self.wallet_id, {}, entry)
        return Funded()


async def customers(spine: Spine, count: int, amount: Money) -> list[Customer]:
    """People with this much money each."""
    made = [Customer(uuid7(), uuid7(), secrets.token_bytes(16)) for _ in range(count)]
    for first in range(0, count, TOGETHER):
        some = made[first : first + TOGETHER]
        await asyncio.gather(*(_open(spine, customer) for customer in some))
        await asyncio.gather(*(_fund(spine, customer, amount) for customer in some))
    return made


async def _open(spine: Spine, customer: Customer) -> None:
    opened = OpenWallet(
        user_id=customer.user_id,
        wallet_id=customer.wallet_id,
        phone_index=customer.phone_index,
        profile_seal=b"-",
        pin_hash="-",
        totp_seal=b"-",
        tier=Tier.FULL,
    )
    await spine.submit(opened, actor="system:benchmark", request_id="open")


async def _fund(spine: Spine, customer: Customer, amount: Money) -> None:
    fund = Fund(wallet_id=customer.wallet_id, amount=amount)
    await spine.submit(fund, actor="system:benchmark", request_id="fund")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """An embedded PostgreSQL with the product's own settings: fsync and synchronous_commit on."""
    with tempfile.TemporaryDirectory(prefix="makeba-bench-") as home:
        made = Cluster(Path(home))
        with running(made):
            yield made


def migrated(on: Cluster, name: str) -> str:
    """A new database with the product's schema: the URL of the commands role."""
    create_database(on, name)
    password = secrets.token_urlsafe(16)
    migrate(on.owner_dsn(name), dict.fromkeys(ROLES, password))
    return as_role(on.owner_dsn(name), "makeba_commands", password)


def create_database(on: Cluster, name: str) -> None:
    """An empty database."""
    with psycopg.connect(on.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def where_and_when() -> dict[str, str | int | None]:
    """The machine, the commit and the time of a measurement."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=10"]
    described = subprocess.run(git, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    return {
        "machine": f"{_processor()}, {platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "commit": described.stdout.strip() or None,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
