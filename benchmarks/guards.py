"""What limits and fraud rules cost: transfers that pass the gate against the same without it.

    python -m benchmarks.guards [--json] [--rounds 6] [--seconds 2] [--callers 512]

Rounds with and without the gate take turns in one process, on one PostgreSQL. Without it a transfer
loads, asks and counts nothing of its wallets' activity; everything else is the same. Ratios are
with the gate to without it, medians over pairs of rounds.

Two towns. In the ordinary one each wallet has made sixteen movements, as many as are kept, within a
month; its transfers are spread over so many wallets that each makes but few in the benchmark. In
the busy one there are so few wallets that all sixteen were within the last minutes: every rule
looks at all of them, and most transfers look like those of a mule.

`cost_ratio` (the ordinary town's) and `busy_cost_ratio` are of the time that each command takes
while all cores are busy: all that it costs, deciding and PostgreSQL together. The ceiling is for
both. `cpu_ratio` and `busy_cpu_ratio` are of the deciding process's own processor time alone.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import uvloop

from benchmarks import posting, town
from benchmarks.gateless import without_gate
from commands.books.open_books import OpenBooks
from commands.risk.activity import RECENT_MAX, Activity
from commands.spine import Limits, Spine
from commands.tariff import Operation
from ledger import collector
from ledger.books import Books
from ledger.database import connect
from ledger.log import Log
from server.postgres import Cluster

WALLETS = 50_000  # as many as stay in memory with all their rows
BUSY_WALLETS = 5_000
WARM_SECONDS = 10.0
MONTH = timedelta(days=30)
RATIO_MAX = 1.3


class Round(msgspec.Struct, frozen=True):
    """One round: commands a second, and microseconds of our processor time for each."""

    per_s: float
    cpu_us: float


class Compared(msgspec.Struct, frozen=True):
    """Rounds with and without the gate, in turns."""

    with_gate: list[Round]
    without: list[Round]

    @property
    def cpu_ratio(self) -> float:
        """Processor time of a command with the gate to that without."""
        return _median(a.cpu_us / b.cpu_us for a, b in self._pairs())

    @property
    def time_ratio(self) -> float:
        """The same of the time for each command under full load."""
        return _median(b.per_s / a.per_s for a, b in self._pairs())

    def _pairs(self) -> Iterator[tuple[Round, Round]]:
        return zip(self.with_gate, self.without, strict=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; exit code 1 when the gate costs more than it may."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--callers", type=int, default=512)
    options = parser.parse_args(arguments)
    collector.rest()  # as the server does
    with town.cluster() as cluster:
        ordinary = uvloop.run(_measure(cluster, "ordinary", WALLETS, options))
        busy = uvloop.run(_measure(cluster, "busy", BUSY_WALLETS, options))
    result = {
        "cost_ratio": ordinary.time_ratio,
        "busy_cost_ratio": busy.time_ratio,
        "cpu_ratio": ordinary.cpu_ratio,
        "busy_cpu_ratio": busy.cpu_ratio,
        "with_gate_per_s": _median(each.per_s for each in ordinary.with_gate),
        "with_gate_cpu_us": _median(each.cpu_us for each in ordinary.with_gate),
        "callers": options.callers,
        **town.where_and_when(),
    }
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        for name, value in result.items():
            print(f"{name:>24}  {value}")
    return int(max(ordinary.time_ratio, busy.time_ratio) > RATIO_MAX)


async def _measure(
    cluster: Cluster, name: str, wallets: int, options: argparse.Namespace
) -> Compared:
    url = town.migrated(cluster, name)
    spine = _spine(url)
    await spine.submit(OpenBooks(), actor="system:benchmark", request_id="open")
    customers = await town.customers(spine, wallets, posting.MONEY_EACH)
    await spine.close()
    await asyncio.to_thread(_give_a_month, cluster, name, customers)
    spine = _spine(url)
    drawn = posting.pairs(customers)

    async def one(seconds: float) -> Round:
        cpu = time.process_time()
        per_s, latencies = await posting.post(spine, drawn, options.callers, seconds)
        return Round(per_s, (time.process_time() - cpu) / len(latencies) * 1e6)

    await one(WARM_SECONDS)  # all rows of every wallet are there, and in memory
    with_gate, without = [], []
    for _ in range(options.rounds):
        with_gate.append(await one(options.seconds))
        with without_gate():
            without.append(await one(options.seconds))
    await spine.close()
    await asyncio.to_thread(posting.prove, cluster, name, len(customers))
    return Compared(with_gate, without)


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 2)


def _spine(url: str) -> Spine:
    spine = Spine(Log(lambda: connect(url, "benchmark")), Limits(deadline_seconds=60.0))
    spine.start()
    return spine


def _give_a_month(cluster: Cluster, database: str, customers: Sequence[town.Customer]) -> None:
    """Let each wallet remember as many movements as are kept, spread over the last month."""
    now = datetime.now(UTC)
    with psycopg.connect(cluster.owner_dsn(database)) as connection:
        connection.cursor().executemany(
            "UPDATE ledger.account SET activity = %s WHERE id = %s",
            [(_a_month(customer, customers, now), customer.wallet_id) for customer in customers],
        )


def _a_month(customer: town.Customer, customers: Sequence[town.Customer], now: datetime) -> bytes:
    days = sorted(random.uniform(0, MONTH.days) for _ in range(RECENT_MAX))
    activity = Activity.begun(customer.wallet_id, Books(now - MONTH, {}, {}))
    for day in days:
        at = Books(now - MONTH + timedelta(days=day), {}, {})
        other = random.choice(customers).wallet_id
        amount = random.randint(*posting.AMOUNTS)
        if random.random() < 0.5:
            activity = activity.told(at.micros, Operation.TRANSFER, amount, other)
        else:
            activity = activity.on(at.today).counted(
                at.micros, Operation.TRANSFER, amount, other, inward=False
            )
    return activity.state


if __name__ == "__main__":
    sys.exit(main())
