"""What limits and fraud rules cost: transfers that pass the gate against the same without it.

    python -m benchmarks.guards [--json] [--rounds 6] [--seconds 5] [--callers 512]

Rounds with and without the gate take turns in one process, on one PostgreSQL. Without it a transfer
loads, asks and counts nothing of its wallets' activity; everything else is the same. Two ratios,
each with the gate to without it, medians over pairs of rounds: the processor time of the process
that decides for each command, and the time for each command under full load, in which PostgreSQL's
share for the rows of activity is.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import uvloop

from benchmarks import posting, town
from benchmarks.gateless import without_gate
from commands.books.open_books import OpenBooks
from commands.spine import Limits, Spine
from ledger import collector
from ledger.database import connect
from ledger.log import Log
from server.postgres import Cluster

WALLETS = 10_000
RATIO_MAX = 1.3


class Round(msgspec.Struct, frozen=True):
    """One round: commands a second, and microseconds of our processor time for each."""

    per_s: float
    cpu_us: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; exit code 1 when the gate costs more than it may."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--callers", type=int, default=512)
    options = parser.parse_args(arguments)
    collector.rest()  # as the server does
    with town.cluster() as cluster:
        result = uvloop.run(_measure(cluster, options))
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        for name, value in result.items():
            print(f"{name:>24}  {value}")
    return int(result["decision_cpu_ratio"] > RATIO_MAX)


async def _measure(cluster: Cluster, options: argparse.Namespace) -> dict[str, Any]:
    url = town.migrated(cluster, "guards")
    spine = Spine(Log(lambda: connect(url, "benchmark")), Limits(deadline_seconds=60.0))
    spine.start()
    await spine.submit(OpenBooks(), actor="system:benchmark", request_id="open")
    customers = await town.customers(spine, WALLETS, posting.MONEY_EACH)
    drawn = posting.pairs(customers)

    async def one() -> Round:
        cpu = time.process_time()
        per_s, latencies = await posting.post(spine, drawn, options.callers, options.seconds)
        return Round(per_s, (time.process_time() - cpu) / len(latencies) * 1e6)

    await one()  # warm, and the activity of every wallet is there
    with_gate, without = [], []
    for _ in range(options.rounds):
        with_gate.append(await one())
        with without_gate():
            without.append(await one())
    await spine.close()
    await asyncio.to_thread(posting.prove, cluster, "guards", len(customers))
    both = list(zip(with_gate, without, strict=True))
    return {
        "decision_cpu_ratio": round(statistics.median(a.cpu_us / b.cpu_us for a, b in both), 2),
        "command_time_ratio": round(statistics.median(b.per_s / a.per_s for a, b in both), 2),
        "with_gate_per_s": round(statistics.median(each.per_s for each in with_gate)),
        "without_per_s": round(statistics.median(each.per_s for each in without)),
        "with_gate_cpu_us": round(statistics.median(each.cpu_us for each in with_gate), 1),
        "without_cpu_us": round(statistics.median(each.cpu_us for each in without), 1),
        "callers": options.callers,
        **town.where_and_when(),
    }


if __name__ == "__main__":
    sys.exit(main())
