"""A crowd on a real server, and twenty small towns on it at once: no cash is lost in any."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
from collections.abc import Iterator

import msgspec
import pytest

from simulator import counter_truth, people
from simulator.cash_truth import Auditor
from simulator.counter_truth import CounterLog
from simulator.crowd import crowd, day, quick_town, sign_everybody_in, some_of
from simulator.people import People
from tests.simulator.served import MAKEBA, Served, serving

CUSTOMERS, TERMINALS, AGENTS = 20, 20, 20
TOWNS = 20
SECONDS = 3.0

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with more people, on which codes and requests soon die."""
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "MAKEBA_HOME": str(home)}
    environment.pop("MAKEBA_DATABASE_URL", None)
    wanted = {"customers": CUSTOMERS, "terminals": TERMINALS, "agents": AGENTS}
    flags = [flag for name, count in wanted.items() for flag in (f"--{name}", str(count))]
    command = [str(MAKEBA), "seed", "--demo", *flags]
    subprocess.run(command, env=environment, check=True, capture_output=True)  # noqa: S603
    lives = {"code_ttl_seconds": 8, "request_ttl_seconds": 20, "doubt_seconds": 3}
    with serving(home, **lives) as served:
        yield served


async def test_a_crowd_loses_no_cash_and_ends_with_one_line_of_json(served: Served) -> None:
    out = io.StringIO()
    tally = await crowd(served.url, people.read(served.demo), CUSTOMERS, SECONDS, 1, out)
    told = json.loads(out.getvalue().splitlines()[-1])
    assert tally.held, out.getvalue()
    assert (told["cash_difference"], told["counter_difference"], told["in_doubt"]) == (0, 0, 0)
    assert told["withdrawals"] == tally.withdrawals > 10
    assert told["paid"] == tally.owed > 0
    assert told["faults"] > 3
    assert told["files"] > 0
    assert told["breaks"] == 0
    assert (told["customers"], told["machines"], told["agents"]) == (CUSTOMERS, TERMINALS, AGENTS)


async def test_the_same_crowd_comes_again_to_the_same_books(served: Served) -> None:
    again = await crowd(served.url, people.read(served.demo), CUSTOMERS, 1.0, 1, io.StringIO())
    assert again.held
    assert (again.unsent, again.breaks) == (0, 0)


async def test_twenty_random_towns_lose_no_cash(served: Served) -> None:
    """Each has customers, machines, a counter, a switch, faults and a seed of its own."""
    everybody = people.read(served.demo)
    towns = [quick_town(served.url, part(everybody, seed)) for seed in range(TOWNS)]
    reader = await towns[0].reader("accountant")
    auditor, counters = Auditor(reader, *towns), CounterLog(*towns)
    try:
        for town in towns:
            await sign_everybody_in(town)
        await auditor.begin()
        lived = await asyncio.gather(
            *(day(town, SECONDS, seed) for seed, town in enumerate(towns, start=100))
        )
        cash = await auditor.settled(60)
        counted = counter_truth.compare(counters.cash, await auditor.entries())
    finally:
        await auditor.close()
        for town in towns:
            await town.close()
    assert cash.exact, cash.wrong
    assert counted.difference == 0, counted.wrong
    assert cash.paid > 0
    assert all(each["faults"] for each in lived)


def part(everybody: People, number: int) -> People:
    """A twentieth of them, who share staff and switch with the others."""
    customers = everybody.of("customer")[number::TOWNS]
    agents = everybody.of("agent")[number::TOWNS]
    staff = [each for each in everybody.users if each.role not in ("customer", "agent")]
    return msgspec.structs.replace(
        everybody,
        users=(*staff, *customers, *agents),
        terminals=everybody.terminals[number::TOWNS],
    )


def test_a_crowd_has_no_more_customers_than_are_wanted(served: Served) -> None:
    few = some_of(people.read(served.demo), 3)
    assert len(few.of("customer")) == 3
    assert len(few.of("agent")) == AGENTS
