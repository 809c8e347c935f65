"""A town of customers, agents, machines and a lossy switch loses no cash, whatever the lines do."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.simulation.planted import PLANTS
from tests.simulation.running import TOWN, failure
from tests.simulation.town import Report, play
from tests.simulation.world import WORST

SEEDS = (2026, 2027)
FAULTS = {
    "lost", "duplicated", "delayed", "reordered", "jammed", "paid in part", "paid too much",
    "paid without approval", "notes left behind", "machine died", "word held back",
    "missing from the file", "crashed before commit", "crashed after commit",
}  # fmt: skip


def played(seed: int) -> Report:
    return play(seed, TOWN)


@pytest.mark.timeout(600)
def test_fifty_thousand_withdrawals_lose_no_cash() -> None:
    with ProcessPoolExecutor(len(SEEDS), mp_context=get_context("spawn")) as pool:
        reports = list(pool.map(played, SEEDS))
    for report in reports:
        assert not report.violations, failure(report, TOWN)
        assert (report.cash_difference, report.in_doubt) == (0, 0)
    assert sum(report.withdrawals for report in reports) >= 50_000
    assert all(set(report.faults) >= FAULTS for report in reports)
    assert any(report.faults.get("transfer held") for report in reports), "no town was strict"
    assert all(report.settlements and report.claims_paid for report in reports)
    assert all(report.due_from_switch for report in reports), "nothing came back after its day"


def test_the_worst_lines_all_day_long_lose_no_cash() -> None:
    report = play(1, 600, (WORST,))

    assert not report.violations, report
    assert report.faults["lost"] > 600
    assert report.faults["duplicated"] > 600
    assert report.faults["delayed"] > 60


def test_a_seed_is_a_whole_history() -> None:
    assert play(7, 300) == play(7, 300)


def test_a_failure_tells_its_seed_and_what_happened_last() -> None:
    [bug] = [plant for plant in PLANTS if plant.name == "Any code will do at the machine"]
    with bug.planted():
        report = play(5, 200)

    told = failure(report, 200).splitlines()
    assert told[-1] == "again: make simulate SEED=5 WITHDRAWALS=200"
    assert told[-2].startswith("I9: ")
    assert "AuthoriseWithdrawal" in told[-3]


def test_the_last_line_of_a_simulation_is_json() -> None:
    command = ["-m", "tests.simulation", "--seed", "5", "--withdrawals", "200", "--towns"]
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, *command], capture_output=True, text=True, check=True
    )

    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["withdrawals"] >= 200
    assert (told["cash_difference"], told["in_doubt"], told["violations"]) == (0, 0, 0)
    assert told["faults"] > 200
    assert told["planted_bugs_caught"] == told["planted_bugs"]
