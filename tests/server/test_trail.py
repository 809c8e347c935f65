"""The trail: what is refused and what is read of others is noted, however much comes at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from ledger.books import EPOCH
from ledger.database import connect
from ledger.errors import NetworkError
from ledger.trail import READ, REFUSED, End, Note, Writing, next_note_hash, note_bytes, write
from queries.check.run import prove
from server.trail import ALIKE_MAX, KINDS_MAX, NOTES_MAX, Gathering, Trail
from tests.conftest import Database


def note(actor: str = "nobody", request_id: str = "r", **more: Any) -> Note:
    facts = {"what": REFUSED, "session": None, "route": "GET /", "asked": "", "outcome": "NO"}
    return Note(actor=actor, request_id=request_id, **{**facts, **more})


def notes(database: Database) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.owner) as connection:
        return connection.execute(
            "SELECT position, actor, request_id, asked, times FROM ledger.trail ORDER BY position"
        ).fetchall()


def traced(database: Database) -> str | None:
    findings = {each.code: each for each in prove(database.auditor, full=True).findings}
    return findings["I23"].first_bad


@pytest.fixture
async def trail(database: Database) -> AsyncIterator[Trail]:
    trail = Trail(database.commands)
    trail.start()
    yield trail
    await trail.close()


# Gathering


def test_few_refusals_are_noted_one_by_one() -> None:
    gathering = Gathering()
    for number in range(ALIKE_MAX):
        gathering.add(note(request_id=str(number)), now=1.0)
    assert [each.request_id for each in gathering.take()] == [str(n) for n in range(ALIKE_MAX)]
    assert len(gathering) == 0


def test_of_a_flood_the_rest_is_counted() -> None:
    gathering = Gathering()
    for number in range(5_000):
        gathering.add(note(request_id=str(number), asked="id"), now=1.0)
    taken = gathering.take()
    assert len(taken) == ALIKE_MAX + 1
    assert (taken[-1].times, taken[-1].request_id, taken[-1].asked) == (
        5_000 - ALIKE_MAX,
        str(ALIKE_MAX),
        "",
    )
    assert sum(each.times for each in taken) == 5_000


def test_others_are_not_lost_in_somebodys_flood() -> None:
    gathering = Gathering()
    for _ in range(1_000):
        gathering.add(note(), now=1.0)
    gathering.add(note("ana"), now=1.0)
    gathering.add(note(outcome="RATE_LIMITED"), now=1.0)
    assert [each.times for each in gathering.take()].count(1) == ALIKE_MAX + 2


def test_after_a_second_they_are_noted_one_by_one_again() -> None:
    gathering = Gathering()
    for now in (1.0, 2.0, 3.0):
        for _ in range(ALIKE_MAX):
            gathering.add(note(), now)
    assert all(each.times == 1 for each in gathering.take())


def test_what_waits_is_bounded_and_nothing_is_left_uncounted() -> None:
    gathering = Gathering()
    for number in range(20_000):
        gathering.add(note(actor=str(number)), now=1.0)
    taken = gathering.take()
    assert len(taken) == NOTES_MAX + KINDS_MAX + 1
    assert taken[-1].actor == "many"
    assert sum(each.times for each in taken) == 20_000


# Writing


async def test_notes_stand_in_their_order_with_all_that_they_say(
    database: Database, trail: Trail
) -> None:
    session = uuid4()
    trail.refused(note("ana", "r-1", session=session))
    await trail.read(note("eva", "r-2", what=READ, asked=str(session), outcome="done"))
    assert notes(database) == [
        (1, "ana", "r-1", "", 1),
        (2, "eva", "r-2", str(session), 1),
    ]
    assert traced(database) is None


async def test_refusals_are_written_within_a_second_or_so(database: Database, trail: Trail) -> None:
    trail.refused(note())
    async with asyncio.timeout(10):
        while not notes(database):  # noqa: ASYNC110 - the database
            await asyncio.sleep(0.05)


async def test_processes_share_one_trail(database: Database) -> None:
    trails = [Trail(database.commands) for _ in range(3)]
    for each in trails:
        each.start()
    await asyncio.gather(*(trails[n % 3].read(note("ana", str(n), what=READ)) for n in range(60)))
    await asyncio.gather(*(each.close() for each in trails))
    found = notes(database)
    assert [row[0] for row in found] == list(range(1, 61))
    assert {row[2] for row in found} == {str(n) for n in range(60)}
    assert traced(database) is None


async def test_it_never_waits_for_the_logs_lock(database: Database, trail: Trail) -> None:
    with psycopg.connect(database.commands) as holder:
        holder.execute("SELECT ledger.lock_head()")
        await trail.read(note(what=READ))
    assert len(notes(database)) == 1


async def test_what_was_written_unbeknown_is_not_written_twice(database: Database) -> None:
    """The answer to COMMIT is lost: nobody knows, and the same is written again."""
    async with await connect(database.commands, "makeba test") as connection:
        await write(connection, Writing([note("before")]))
        writing = Writing([note("ana"), note("eva")])
        await write(connection, writing)
        await write(connection, Writing([note("somebody else meanwhile")]))
        await write(connection, writing)
        assert [row[1] for row in notes(database)] == [
            "before", "ana", "eva", "somebody else meanwhile",
        ]  # fmt: skip
        lost = Writing([note("lost")])
        lost.end = End(2, bytes(32))  # it never got there
        await write(connection, lost)
    assert notes(database)[-1][1] == "lost"
    assert traced(database) is None


async def test_while_the_database_is_away_nobody_reads_and_nothing_is_lost(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.trail.READ_SECONDS", 0.2)
    monkeypatch.setattr("server.trail.AGAIN_SECONDS", 0.05)
    trail = Trail("postgresql://a:b@127.0.0.1:1/c")
    trail.start()
    for _ in range(500):
        trail.refused(note())
    with pytest.raises(NetworkError):
        await trail.read(note("ana", what=READ))
    trail._url = database.commands  # it has come back
    await trail.read(note("eva", what=READ))
    await trail.close()
    assert sum(row[4] for row in notes(database) if row[1] == "nobody") == 500
    assert traced(database) is None


async def test_after_the_end_nothing_is_read_any_more(database: Database) -> None:
    trail = Trail(database.commands)
    trail.start()
    trail.refused(note())
    await trail.close()
    assert len(notes(database)) == 1
    with pytest.raises(NetworkError):
        await trail.read(note(what=READ))


def test_the_bytes_of_a_note_never_change() -> None:
    """An outsider's verifier reads these bytes."""
    one = note("ana", "r-1", session=UUID(int=7), asked="17", times=3)
    assert note_bytes(5, one, EPOCH) == (
        b'[5,"refused","ana","00000000-0000-0000-0000-000000000007","r-1","GET /","17","NO",3,0]'
    )
    assert next_note_hash(bytes(32), 5, one, EPOCH).hex() == (
        "bcf0bb32c044372a010c4338648654d01eb26607e1e7d45a7bf11362bffd24d5"
    )
