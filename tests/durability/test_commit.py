"""COMMIT is the one step whose outcome may be unknown: it is settled, never guessed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from commands.spine import Limits, Spine
from ledger.database import connect
from ledger.errors import OutcomeUnknown
from ledger.log import Log
from server.postgres import Cluster
from tests.commands.moves import ACTOR, Customer, Pay, customer, key, pay
from tests.conftest import Database

AT_COMMIT = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event = 'SyncRep' AND usename = 'makeba_commands'
"""


class Standby:
    """A standby that never answers, so that COMMIT waits for as long as a test needs."""

    def __init__(self, cluster: Cluster, database: Database) -> None:
        self._cluster = cluster
        self._database = database

    def require(self, name: str) -> None:
        with psycopg.connect(self._cluster.dsn, autocommit=True) as connection:
            connection.execute("SET synchronous_commit = local")
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
            connection.execute("SELECT pg_reload_conf()")

    async def waiting_backend(self) -> int:
        """The backend whose COMMIT waits."""
        with psycopg.connect(self._database.owner, autocommit=True) as connection:
            while True:
                row = connection.execute(AT_COMMIT).fetchone()
                if row is not None:
                    return int(row[0])
                await asyncio.sleep(0.01)

    def signal(self, function: str, pid: int) -> None:
        with psycopg.connect(self._database.owner, autocommit=True) as connection:
            connection.execute(f"SELECT {function}(%s)", [pid])


@pytest.fixture
def standby(cluster: Cluster, database: Database) -> Iterator[Standby]:
    standby = Standby(cluster, database)
    yield standby
    standby.require("")


@pytest.fixture
async def ana(spine: Spine) -> Customer:
    return await customer(spine, 0)


@pytest.mark.parametrize("how", ["pg_cancel_backend", "pg_terminate_backend"])
async def test_a_commit_that_no_standby_has_is_not_acknowledged_before_it_is_settled(
    spine: Spine, ana: Customer, standby: Standby, how: str
) -> None:
    # A cancelled backend answers COMMIT with success and a warning; a terminated one not at all.
    standby.require("nobody")
    waiting = asyncio.create_task(pay(spine, ana, 5))
    standby.signal(how, await standby.waiting_backend())
    await standby.waiting_backend()  # the settling transaction waits for the standby too
    assert not waiting.done()
    standby.require("")
    assert (await waiting).balance.minor == 5
    assert (await pay(spine, ana, 1)).balance.minor == 6


async def test_who_cannot_wait_is_told_that_it_is_unknown_and_learns_it_by_the_key(
    database: Database, spine: Spine, ana: Customer, standby: Standby
) -> None:
    hasty = Spine(Log(lambda: connect(database.commands, "hasty")), Limits(deadline_seconds=0.3))
    hasty.start()
    standby.require("nobody")
    command = Pay(wallet_id=ana.wallet_id, amount=5)
    with pytest.raises(OutcomeUnknown) as told:
        await hasty.submit(command, actor=ACTOR, request_id="r", once=key("k"))
    assert told.value.facts == {"outcome": "unknown"}
    standby.require("")
    again = await spine.submit(command, actor=ACTOR, request_id="r", once=key("k"))
    assert again.replayed
    assert (await pay(spine, ana, 1)).balance.minor == 6
    await hasty.close()


async def test_a_reply_is_replayed_only_when_it_is_durable(
    spine: Spine, ana: Customer, standby: Standby
) -> None:
    command = Pay(wallet_id=ana.wallet_id, amount=5)
    first = await spine.submit(command, actor=ACTOR, request_id="r", once=key("k"))
    standby.require("nobody")
    again = asyncio.create_task(spine.submit(command, actor=ACTOR, request_id="r", once=key("k")))
    await standby.waiting_backend()
    assert not again.done()
    standby.require("")
    assert (await again).body == first.body


async def test_a_commit_whose_answer_never_comes_ends_by_closing_the_socket(
    database: Database, spine: Spine, ana: Customer, standby: Standby
) -> None:
    log = Log(lambda: connect(database.commands, "bounded"), commit_seconds=0.2)
    bounded = Spine(log, Limits(settle_seconds=0.5, deadline_seconds=30))
    bounded.start()
    standby.require("nobody")
    with pytest.raises(OutcomeUnknown):
        await pay(bounded, ana, 5)
    standby.require("")
    assert (await pay(bounded, ana, 1)).balance.minor == 6
    await bounded.close()
