"""Killed in the middle of load, again and again: what was acknowledged is there, and once."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.durability.served import Client, Journal, Served, sign_in

CLIENTS = 8
KILLS = int(os.environ.get("KILLS", "9"))  # `make kills` asks for more

EFFECTS = """
    SELECT l.subject::text, count(*)
    FROM ledger.log AS l
    WHERE l.kind = 'transfer.made'
    GROUP BY l.subject
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def kills_of_everything(served: Served) -> Iterator[Callable[[], None]]:
    """The server, a session of PostgreSQL, and PostgreSQL itself with the server after it."""

    def server() -> None:
        served.kill()
        served.start()

    def postgres() -> None:
        served.kill_postgres()
        served.kill()
        served.start()

    return itertools.cycle([server, served.kill_a_backend, postgres])


async def under_load(served: Served, kills: Sequence[Callable[[], None]]) -> Journal:
    """Transfers from eight clients while all this is killed; then everything open is settled."""
    journal = Journal()
    ana, rui = served.people[:2]
    async with httpx.AsyncClient(base_url=f"{served.url}/api/v1/", timeout=10) as client:
        tokens = [await sign_in(client, ana), await sign_in(client, rui)]
    phones = [rui["phone"], ana["phone"]]
    clients = [
        Client(served, tokens[number % 2], phones[number % 2], journal) for number in range(CLIENTS)
    ]
    until = asyncio.Event()
    running = [asyncio.create_task(client.run(until)) for client in clients]
    for kill in kills:
        await asyncio.sleep(random.uniform(0.3, 0.8))
        await asyncio.to_thread(kill)
    await asyncio.sleep(0.5)
    until.set()
    await asyncio.gather(*running)
    await asyncio.gather(*(client.settle() for client in clients))
    return journal


def lost_or_doubled(served: Served, journal: Journal) -> list[str]:
    """Acknowledged transfers that are not in the log exactly once, and effects nobody knows of."""
    with psycopg.connect(served.dsn) as connection:
        effects: dict[str, int] = dict(connection.execute(EFFECTS).fetchall())
    told = {}
    wrong = [key for key, bodies in journal.done.items() if len(bodies) != 1]
    for key, bodies in journal.done.items():
        for body in bodies:
            told[body.partition(b'"transactionId":"')[2][:36].decode()] = key
    wrong += [key for transaction, key in told.items() if effects.get(transaction) != 1]
    wrong += [transaction for transaction in effects if transaction not in told]
    return wrong


@pytest.mark.timeout(300 + 30 * KILLS)
async def test_what_was_acknowledged_survives_kills_exactly_once(home: Path) -> None:
    served = Served(home)
    served.start()
    kills = list(itertools.islice(kills_of_everything(served), KILLS))
    journal = await under_load(served, kills)
    assert journal.open == {}
    assert len(journal.done) > KILLS
    assert journal.refused
    assert lost_or_doubled(served, journal) == []
    assert served.stop() == 0
    assert served.makeba("check", "--full") == 0


async def test_the_judge_finds_a_server_that_answers_before_it_commits(home: Path) -> None:
    served = Served(home, entry=("-m", "tests.durability.lying_server"))
    served.start()

    def kill() -> None:
        served.kill_postgres()
        served.kill()
        served.start()

    journal = await under_load(served, [kill] * 3)
    assert lost_or_doubled(served, journal) != []
    served.stop()
