"""The accountant's desk on books of a million entries: pages, trial balance, export, projection.

    python -m benchmarks.books [--json] [--entries 1000000] [--questions 400] [--no-rebuild]

Fills a database with a year of ordinary business (benchmarks/history.py), lets the projector catch
up from nothing, and then asks what an accountant asks, one question after the other, each with
filters, days and places drawn by lot. Exports go through the product's own writer, each in a
process of its own, whose largest memory is told. Exits 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from benchmarks import town
from benchmarks.history import Filling, Wanted, Written
from ledger.database import ROLES, as_role, connect_sync
from ledger.migrations import migrate
from ledger.money import Money
from queries import general_ledger, journal, rebuild, statement, trial_balance
from queries.exports.source import Source
from queries.exports.writing import Asked, export
from queries.filters import Filters
from queries.general_ledger import LineFilters
from queries.projector import Pace, Projector, connector
from queries.reader import Pool, Reader
from queries.standing import Axis
from server.postgres import Cluster

DATABASE, PASSWORD = "books", "benchmark"
TARGETS = {
    "journal_p99_ms": ("<", 20.0),
    "statement_p99_ms": ("<", 20.0),
    "ledger_p99_ms": ("<", 20.0),
    "trial_balance_p99_ms": ("<", 200.0),
    "catch_up_commands_per_s": (">", 10_000.0),
    "rebuild_s": ("<", 120.0),
    "csv_lines_per_s": (">", 50_000.0),
    "csv_memory_mb": ("<", 200.0),
    "jsonl_lines_per_s": (">", 50_000.0),
    "hledger_lines_per_s": (">", 50_000.0),
    "beancount_lines_per_s": (">", 50_000.0),
}
FORMATS = ("csv", "jsonl", "hledger", "beancount", "xlsx")
Question = Callable[[Reader], Awaitable[object]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--no-rebuild", action="store_true", help="leave the rebuild out")
    parser.add_argument("--export", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.export:
        return _export_here(*options.export)
    with town.cluster() as cluster:
        result = _measure(cluster, options)
    missed = [name for name in TARGETS if name in result and not _met(name, result[name])]
    result |= {"missed": missed, **town.where_and_when()}
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        for name, value in result.items():
            print(f"{name:>28}  {value}")
    return 1 if missed else 0


def _met(name: str, value: float) -> bool:
    sign, target = TARGETS[name]
    return value < target if sign == "<" else value > target


def _measure(cluster: Cluster, options: argparse.Namespace) -> dict[str, Any]:
    town.create_database(cluster, DATABASE)
    owner = cluster.owner_dsn(DATABASE)
    migrate(owner, dict.fromkeys(ROLES, PASSWORD))
    began = time.perf_counter()
    with connect_sync(owner, "makeba benchmark") as connection:
        connection.execute("SET synchronous_commit = off")
        written = Filling(connection, Wanted(entries=options.entries)).fill()
        connection.execute("ANALYZE ledger.log, ledger.line, ledger.account")
    result: dict[str, Any] = {
        "entries": written.entries,
        "records": written.records,
        "lines": written.lines,
        "fill_s": round(time.perf_counter() - began, 1),
    }
    result |= asyncio.run(_catch_up(owner, written))
    with connect_sync(owner, "makeba benchmark") as connection:
        connection.execute("VACUUM ANALYZE")
    result |= asyncio.run(_ask(owner, written, options.questions))
    result |= _exports(as_role(owner, "makeba_queries", PASSWORD))
    if not options.no_rebuild:
        began = time.perf_counter()
        asyncio.run(rebuild.rebuild(owner))
        result["rebuild_s"] = round(time.perf_counter() - began, 1)
    return result


async def _catch_up(owner: str, written: Written) -> dict[str, float]:
    """From nothing to the head, as a projector would that was away."""
    pace = Pace(records_max=rebuild.PACE.records_max)
    projector = Projector(connector(as_role(owner, "makeba_projector", PASSWORD), pace=pace), pace)
    began = time.perf_counter()
    await projector.catch_up()
    seconds = time.perf_counter() - began
    projector.disconnect()
    return {
        "catch_up_s": round(seconds, 1),
        "catch_up_commands_per_s": round(written.records / seconds),
    }


# -- questions -----------------------------------------------------------------------------------


async def _ask(owner: str, written: Written, questions: int) -> dict[str, float]:
    reader = Reader(
        as_role(owner, "makeba_queries", PASSWORD), Pool(query_seconds=60)
    ).for_everybody
    dice = random.Random(7)
    last = await _last_day(reader)
    result = {}
    try:
        for name, draw in (
            ("journal", _journal_page), ("statement", _statement), ("ledger", _ledger_page),
            ("trial_balance", _trial_balance),
        ):  # fmt: skip
            for _ in range(20):  # what was never asked is read from the disk
                await draw(dice, written, last)(reader)
            took = []
            for _ in range(questions):
                question = draw(dice, written, last)
                began = time.perf_counter()
                await question(reader)
                took.append((time.perf_counter() - began) * 1_000)
            took.sort()
            result[f"{name}_p50_ms"] = round(took[len(took) // 2], 2)
            result[f"{name}_p99_ms"] = round(took[int(len(took) * 0.99)], 2)
            result[f"{name}_max_ms"] = round(took[-1], 2)
    finally:
        await reader.close()
    return result


async def _last_day(reader: Reader) -> date:
    (entry,) = (await journal.page(reader, Filters(), 1)).items
    return entry.booking_date


def _span(dice: random.Random, last: date) -> tuple[date, date]:
    first = last - timedelta(days=dice.randrange(360))
    return first, min(last, first + timedelta(days=dice.randrange(31)))


def _journal_page(dice: random.Random, written: Written, last: date) -> Question:
    """Any filter there is, mostly with days; some of them find next to nothing."""
    wallet, agent = dice.choice(written.wallets), dice.choice(written.agents)
    amount = Money(dice.randrange(2, 100) * 100_00)
    chosen: dict[str, Any] = dice.choice(
        (
            {}, {"account": dice.choice(("1010", "2010", "2030", "2100", "4030", "5010"))},
            {"code_from": "20", "code_to": "21"}, {"code_from": "40", "code_to": "59"},
            {"wallet": wallet.id}, {"agent": agent.id},
            {"wallet": wallet.id, "agent": agent.id}, {"kind": "withdrawal."},
            {"kind": "withdrawal.expired"}, {"amount_min": amount, "amount_max": amount},
            {"amount_min": Money(9_800_00), "kind": "cash_in.made"},
            {"reference": f"BK{dice.randrange(10_000, 500_000)}"},
            {"rrn": f"{dice.randrange(1, 90_000):012}"}, {"actor": "system:benchmark"},
            {"actor": "nobody"}, {"text": f"bk{dice.randrange(10_000, 500_000)}"},
            {"amount_max": Money(1)},
        )
    )  # fmt: skip
    if dice.random() < 0.6:
        first, until = _span(dice, last)
        if dice.random() < 0.5:
            chosen |= {"from_": first, "to": until}
        else:
            chosen |= {"value_from": first, "value_to": until}
    return lambda reader: journal.page(reader, Filters(**chosen))


def _statement(dice: random.Random, written: Written, last: date) -> Question:
    whose, (first, until) = dice.choice(written.wallets), _span(dice, last)
    asked = statement.Asked(from_=first, to=until, axis=dice.choice(list(Axis)))
    return lambda reader: statement.of_account(reader, whose.account, asked)


def _ledger_page(dice: random.Random, written: Written, last: date) -> Question:
    first, until = _span(dice, last)
    filters = LineFilters(
        from_=first,
        to=until,
        axis=dice.choice(list(Axis)),
        oldest_first=dice.random() < 0.5,
    )
    if dice.random() < 0.5:
        code = dice.choice(("1010", "2010", "2020", "2030", "2100", "4030"))
        return lambda reader: general_ledger.of_code(reader, code, filters)
    account = dice.choice((*written.wallets, *written.agents)).account
    return lambda reader: general_ledger.of_account(reader, account, filters)


def _trial_balance(dice: random.Random, written: Written, last: date) -> Question:
    if dice.random() < 0.3:
        asked = trial_balance.Asked(position=dice.randrange(1, written.records))
    else:
        day = last - timedelta(days=dice.randrange(365))
        asked = trial_balance.Asked(
            to=day,
            from_=day - timedelta(days=dice.randrange(60)),
            axis=dice.choice(list(Axis)),
            compare=last,
        )
    return lambda reader: trial_balance.of(reader, asked)


# -- exports -------------------------------------------------------------------------------------


def _exports(url: str) -> dict[str, float]:
    """Each format in a process of its own."""
    result: dict[str, float] = {}
    for format_ in FORMATS:
        with tempfile.TemporaryDirectory(prefix="makeba-export-") as folder:
            words = [sys.executable, "-m", "benchmarks.books", "--export", url, format_, folder]
            ran = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603
            told = msgspec.json.decode(ran.stdout)
        result[f"{format_}_lines_per_s"] = told["lines_per_s"]
        result[f"{format_}_memory_mb"] = told["memory_mb"]
    return result


def _export_here(url: str, format_: str, folder: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        began = time.perf_counter()
        file = Path(folder) / "journal"
        manifest = export(Source(connection), Asked(format=format_), file, "benchmark")
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    told = {"lines_per_s": round(manifest.totals.rows / seconds), "memory_mb": round(peak, 1)}
    print(msgspec.json.encode(told).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
