"""Towns until so many withdrawals were made, small scope, and the planted bugs, on all cores.

Each town has a seed of its own: SEED, SEED + 1 and so on. One that fails is played again alone by
its seed and its size, and is then the same history.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

from tests.simulation.planted import PLANTS, catch_named
from tests.simulation.small_scope import FAULTS_MAX, Found, explore
from tests.simulation.town import Report, play

TOWN = 25_000  # withdrawals of one town
A_MILLION = 1_000_000


def main() -> int:
    """Do it all and print one JSON line in the end; 0 when nothing was violated or missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--withdrawals", type=int, default=A_MILLION)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--towns", action="store_true", help="no planted bugs, no small scope")
    parser.add_argument("--table", action="store_true", help="only the table of planted bugs")
    chosen = parser.parse_args()
    with ProcessPoolExecutor(chosen.processes, mp_context=get_context("spawn")) as pool:
        if chosen.table:
            print(table(dict(pool.map(catch_named, [plant.name for plant in PLANTS]))))
            return 0
        plants = [] if chosen.towns else [plant.name for plant in PLANTS]
        caught = [pool.submit(catch_named, name) for name in plants]
        scope = pool.submit(_explored, 0 if chosen.towns else FAULTS_MAX)
        reports = list(_played(pool, chosen.seed, chosen.withdrawals))
        missed = [name for name, truth in (each.result() for each in caught) if truth is None]
        found, broken = scope.result()
    for what in (*(f"not caught: {name}" for name in missed), broken):
        if what:
            print(what, file=sys.stderr)
    return _sum_up(chosen.seed, reports, (found, broken), (len(plants), len(missed)))


def _sum_up(
    seed: int, reports: list[Report], scope: tuple[Found | None, str], plants: tuple[int, int]
) -> int:
    (found, broken), (planted, missed) = scope, plants
    violations = sum(len(report.violations) for report in reports) + bool(broken)
    summary = {
        "seed": seed,
        "withdrawals": sum(report.withdrawals for report in reports),
        "commands": sum(report.commands for report in reports),
        "faults": sum(sum(report.faults.values()) for report in reports),
        "cash_out": sum(report.cash_out for report in reports),
        "cash_difference": sum(abs(report.cash_difference) for report in reports),
        "in_doubt": sum(report.in_doubt for report in reports),
        "violations": violations,
        "states_explored": 0 if found is None else found.states,
        "planted_bugs": planted,
        "planted_bugs_caught": planted - missed,
    }
    print(json.dumps(summary))
    return 1 if violations or missed else 0


def _played(pool: ProcessPoolExecutor, seed: int, withdrawals: int) -> Iterator[Report]:
    sizes = [TOWN] * (withdrawals // TOWN)
    sizes += [withdrawals % TOWN] if withdrawals % TOWN else []
    towns = {pool.submit(play, seed + number, size): size for number, size in enumerate(sizes)}
    progress = _progress(len(towns))
    for done in as_completed(towns):
        report = done.result()
        if report.violations:
            print(failure(report, towns[done]), file=sys.stderr)
        progress()
        yield report


def _progress(towns: int) -> Callable[[], None]:
    """Tells on a terminal, and only there, how far it is."""
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        if sys.stderr.isatty():
            end = "\n" if done == towns else ""
            print(f"\r{done} of {towns} towns", end=end, file=sys.stderr, flush=True)

    return tell


def _explored(faults_max: int) -> tuple[Found | None, str]:
    try:
        return explore(faults_max), ""
    except Exception as broke:  # noqa: BLE001 - whatever it was, it is a finding
        return None, f"small scope: {broke!r}"


def failure(report: Report, size: int) -> str:
    """What was violated, what had happened last, and how to see it again."""
    again = f"make simulate SEED={report.seed} WITHDRAWALS={size}"
    return "\n".join((*report.last, *report.violations, f"again: {again}"))


def table(caught: dict[str, Any]) -> str:
    """The table of docs/simulation.md."""
    rows = [f"| {plant.name} | {caught[plant.name] or 'nothing'} |" for plant in PLANTS]
    return "\n".join(("| Planted bug | Runs into |", "|---|---|", *rows))
