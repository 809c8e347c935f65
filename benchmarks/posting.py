"""Posting against pgbench's TPC-B, on the same PostgreSQL, in interleaved rounds.

    python -m benchmarks.posting [--json] [--rounds 5] [--seconds 6] [--callers 512]

Each command is a transfer between two of 1,000 wallets, with a fee: three lines, one of them on the
same hot account every time, a hash-chained record, and an idempotency key with the reply it got.
`ratio` is that of posting alone; in `gated_ratio` each transfer also passes limits and fraud rules
and is counted for them, as at the API (see benchmarks.guards).
All callers are in one process. TPC-B is pgbench's own script at 32 clients, scale 32, as it comes.
Both run with fsync and synchronous_commit on, and warmed up. The ratio is the median of the rounds'
own ratios, so that a slow minute of the machine hits both.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec
import psycopg
import uvloop
from uuid_utils.compat import uuid7

from benchmarks import town
from benchmarks.gateless import without_gate
from commands.account.transfer import Transfer
from commands.books.open_books import OpenBooks
from commands.idempotency import Once
from commands.spine import Limits, Spine
from ledger import collector
from ledger.database import connect
from ledger.log import Log
from ledger.money import Money
from server.postgres import Cluster

WALLETS = 1_000
MONEY_EACH = Money(5 * 10**8)  # below what a wallet may hold
AMOUNTS = (100, 10_000)  # in minor units, from and to
TPCB_SCALE = 32
TPCB_CLIENTS = 32
LONE_COMMANDS = 500
PAIRS = 50_000
BODY_HASH = bytes(16)


class Round(msgspec.Struct, frozen=True):
    """What one round came to, each in operations per second."""

    commands_per_s: float
    gated_per_s: float
    tpcb_per_s: float

    @property
    def ratio(self) -> float:
        """How many commands for one transaction of TPC-B."""
        return self.commands_per_s / self.tpcb_per_s

    @property
    def gated_ratio(self) -> float:
        """The same for transfers that pass limits and fraud rules."""
        return self.gated_per_s / self.tpcb_per_s


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and fail when money was lost on the way."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--callers", type=int, default=512)
    options = parser.parse_args(arguments)
    collector.rest()  # as the server does
    with town.cluster() as cluster:
        result = uvloop.run(_measure(cluster, options))
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        for name, value in result.items():
            print(f"{name:>20}  {value}")
    return 0


async def _measure(cluster: Cluster, options: argparse.Namespace) -> dict[str, object]:
    url = town.migrated(cluster, "posting")
    spine = Spine(Log(lambda: connect(url, "benchmark")), Limits(deadline_seconds=60.0))
    spine.start()
    await spine.submit(OpenBooks(), actor="system:benchmark", request_id="open")
    customers = await town.customers(spine, WALLETS, MONEY_EACH)
    drawn = pairs(customers)
    tpcb = _Tpcb(cluster)
    await tpcb.prepare()
    await post(spine, drawn, options.callers, 2.0)
    await tpcb.run(2.0)
    rounds = []
    for number in range(options.rounds):
        with without_gate():
            posted_per_s, latencies = await post(spine, drawn, options.callers, options.seconds)
        tpcb_per_s = await tpcb.run(options.seconds)
        gated_per_s, _ = await post(spine, drawn, options.callers, options.seconds)
        rounds.append(Round(posted_per_s, gated_per_s, tpcb_per_s))
        _say(options, f"round {number + 1}: {rounds[-1].ratio:.2f} x TPC-B")
    with without_gate():
        alone = await _alone(spine, drawn)
    commit = await _commits(url)
    await spine.close()
    await asyncio.to_thread(prove, cluster, "posting", len(customers))
    return {
        "commands_per_s": round(statistics.median(each.commands_per_s for each in rounds)),
        "tpcb_per_s": round(statistics.median(each.tpcb_per_s for each in rounds)),
        "ratio": round(statistics.median(each.ratio for each in rounds), 2),
        "ratios": [round(each.ratio, 2) for each in rounds],
        "gated_per_s": round(statistics.median(each.gated_per_s for each in rounds)),
        "gated_ratio": round(statistics.median(each.gated_ratio for each in rounds), 2),
        "callers": options.callers,
        "p50_ms": round(_percentile(latencies, 0.50) * 1000, 2),
        "p99_ms": round(_percentile(latencies, 0.99) * 1000, 2),
        "alone_p50_ms": round(_percentile(alone, 0.50) * 1000, 3),
        "commit_p50_ms": round(_percentile(commit, 0.50) * 1000, 3),
        **town.where_and_when(),
    }


async def post(
    spine: Spine, pairs: Iterator[tuple[UUID, bytes, Money]], callers: int, seconds: float
) -> tuple[float, list[float]]:
    """Commands per second of so many callers, and how long each waited."""
    latencies: list[float] = []
    begin = time.perf_counter()

    async def call() -> None:
        while (sent := time.perf_counter()) < begin + seconds:
            await _transfer(spine, pairs)
            latencies.append(time.perf_counter() - sent)

    await asyncio.gather(*(call() for _ in range(callers)))
    return len(latencies) / (time.perf_counter() - begin), latencies


def pairs(customers: Sequence[town.Customer]) -> Iterator[tuple[UUID, bytes, Money]]:
    """Who sends what to whom, drawn beforehand: what is measured is posting, not drawing lots."""
    drawn = [random.sample(customers, 2) for _ in range(PAIRS)]
    return itertools.cycle(
        [
            (sender.user_id, other.phone_index, Money(random.randint(*AMOUNTS)))
            for sender, other in drawn
        ]
    )


async def _transfer(spine: Spine, pairs: Iterator[tuple[UUID, bytes, Money]]) -> None:
    user_id, to_phone, amount = next(pairs)
    transfer = Transfer(transaction_id=uuid7(), user_id=user_id, to_phone=to_phone, amount=amount)
    once = Once(random.randbytes(16), BODY_HASH)
    await spine.submit(transfer, actor="system:benchmark", request_id="post", once=once)


async def _alone(spine: Spine, pairs: Iterator[tuple[UUID, bytes, Money]]) -> list[float]:
    """How long one caller waits when there is no other."""
    waited = []
    for _ in range(LONE_COMMANDS):
        sent = time.perf_counter()
        await _transfer(spine, pairs)
        waited.append(time.perf_counter() - sent)
    return waited


async def _commits(url: str) -> list[float]:
    """How long the smallest durable commit takes: one row, one round trip for each statement."""
    connection = await connect(url, "benchmark")
    waited = []
    for number in range(LONE_COMMANDS):
        sent = time.perf_counter()
        await connection.execute(
            "INSERT INTO ledger.nonce (hash, seen_at) VALUES (%s, now())", [number.to_bytes(16)]
        )
        waited.append(time.perf_counter() - sent)
    await connection.close()
    return waited


def prove(cluster: Cluster, database: str, customers: int) -> None:
    """A fast wrong answer is no answer: no money may have come or gone."""
    with psycopg.connect(cluster.owner_dsn(database)) as connection:
        rows = connection.execute(
            """
            SELECT
                (SELECT sum(balance) FROM ledger.account),
                (SELECT sum(amount) FROM ledger.line),
                (SELECT balance FROM ledger.account WHERE id = %(trust)s),
                (SELECT position FROM ledger.head) - (SELECT count(*) FROM ledger.log)
            """,
            {"trust": town.TRUST},
        ).fetchone()
    assert rows == (0, 0, customers * MONEY_EACH.minor, 0), f"the books do not agree: {rows}"


class _Tpcb:
    """pgbench's TPC-B on the same server."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def prepare(self) -> None:
        town.create_database(self._cluster, "tpcb")
        await self._pgbench("--initialize", "--quiet", f"--scale={TPCB_SCALE}")

    async def run(self, seconds: float) -> float:
        """Transactions per second."""
        printed = await self._pgbench(
            f"--client={TPCB_CLIENTS}",
            "--jobs=2",
            f"--time={max(1, round(seconds))}",
            "--no-vacuum",
        )
        found = re.search(r"tps = ([0-9.]+)", printed)
        assert found, printed
        return float(found[1])

    async def _pgbench(self, *arguments: str) -> str:
        program = str(self._cluster.program("pgbench"))
        command = [program, *arguments, self._cluster.owner_dsn("tpcb")]
        done = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, check=True
        )
        return str(done.stdout)


def _percentile(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def _say(options: argparse.Namespace, words: str) -> None:
    if not options.json and sys.stderr.isatty():
        print(words, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
