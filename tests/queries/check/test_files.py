"""I28 is shown to fail on planted faults, and to name the first bad row."""

from __future__ import annotations

import asyncio
import io
import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from psycopg import sql

from commands.reconciliation.close import CloseFile
from commands.reconciliation.match_items import MatchItems
from commands.switch.enrol import EnrolSwitchKey
from queries.check.run import prove
from server.postgres import Cluster
from server.settlement.checking import check, items
from simulator.machines.business_day import Item
from tests.commands.reconciliation.clearing import taking
from tests.conftest import Database
from tests.queries.check.history import History, at_work
from tests.queries.check.planting import Fault, require_named
from tests.settlement_files import ACQUIRER, KEY, KEY_ID, file, item

DAY = date(2026, 11, 23)
ENDED = datetime(2026, 11, 23, 12, tzinfo=UTC)
CUT_OFF = datetime(2026, 11, 24, tzinfo=UTC)
CLEARED = "makeba_cleared"
_numbers = itertools.count(1)


async def clear(database: Database) -> None:
    """Two files: what was claimed is given back in part, claimed again, and more is given back than
    there is."""
    async with at_work(database) as (_, history):
        raw = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        await history.do(EnrolSwitchKey(key_id=KEY_ID, acquirer_id=ACQUIRER, public_key=raw))
        first, second = of_day(901, 2_000), of_day(902, 0)
        await _bring(history, 1, first, second, of_day(903, 1_000))
        given = of_day(901, 500, claimed=2_000)
        await _bring(history, 2, given, of_day(903, 1_000), of_day(904, 0, claimed=700))


def of_day(serial: int, paid: int, claimed: int = 0) -> Item:
    return item(serial, paid, claimed=claimed, local_date=DAY, ended_at=ENDED)


async def _bring(history: History, number: int, *of_file: Item) -> None:
    content = file(*of_file, number=number, day=DAY, cut_off_at=CUT_OFF)
    found = check(io.BytesIO(content))
    await history.do(taking(found))
    matching = tuple(items(io.BytesIO(content), after=0))
    await history.do(MatchItems(heading=found.heading, items=matching))
    await history.do(CloseFile(heading=found.heading))


def _clone(cluster: Cluster, template: str, name: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG")
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))


@pytest.fixture(scope="module")
def cleared(cluster: Cluster, lived: str) -> str:
    _clone(cluster, lived, CLEARED)
    asyncio.run(clear(Database(cluster.owner_dsn(CLEARED))))
    return CLEARED


@pytest.fixture
def books(cluster: Cluster, cleared: str) -> Iterator[Database]:
    name = f"files_{next(_numbers)}"
    _clone(cluster, cleared, name)
    yield Database(cluster.owner_dsn(name))
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


FILES = (
    Fault(
        "I28",
        "UPDATE ledger.settlement_file SET state = 'matching', matched = 2 WHERE number = 2",
        "File 2 of SISP is matching with 2 of 3 items by its row; by the log it is matched with 3"
        " of 3.",
    ),
    Fault(
        "I28",
        "UPDATE ledger.settlement_file SET number = 5 WHERE number = 2",
        "The file before file 5 of SISP is missing.",
    ),
    Fault(
        "I28",
        """UPDATE ledger.log SET payload = jsonb_set(payload, '{items,1,0}', '7')
        WHERE position = plant.first('settlement.items_matched')""",
        "Record {position} matches item 7 of its file where item 2 should follow.",
        "SELECT plant.first('settlement.items_matched') AS position",
    ),
    Fault(
        "I28",
        """UPDATE ledger.log SET payload = payload #- '{items,2}'
        WHERE position = plant.first('settlement.items_matched')""",
        "closes a file of 3 items, of which 2 were matched.",
    ),
    Fault(
        "I28",
        """UPDATE ledger.log SET subject = (
            SELECT subject FROM ledger.log
            WHERE position = plant.first('settlement.file_taken_in')
        )
        WHERE kind = 'settlement.file_taken_in'""",
        "takes in a file that was taken in before.",
    ),
    Fault(
        "I28",
        "UPDATE ledger.mention SET claimed = claimed + 100 WHERE claimed = 50000",
        "Files claim CVE 501.00 for trace {id} by its row; their items claim CVE 500.00.",
        "SELECT id FROM ledger.mention WHERE claimed = 50000",
        full_only=True,
    ),
    Fault(
        "I28",
        "DELETE FROM ledger.mention WHERE claimed = 50000",
        "Items claim CVE 500.00 for trace {id}, which has no row.",
        "SELECT id FROM ledger.mention WHERE claimed = 50000",
        full_only=True,
    ),
)


@pytest.mark.parametrize("fault", FILES, ids=lambda fault: fault.says[:40])
def test_a_planted_fault_is_named(books: Database, fault: Fault) -> None:
    require_named(books, fault)


def test_books_with_files_hold(books: Database) -> None:
    for full in (True, False):
        finding = next(
            each for each in prove(books.auditor, full=full).findings if each.code == "I28"
        )
        assert finding.held, finding.first_bad
        assert finding.looked_at["items"] == 6
