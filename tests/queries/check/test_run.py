"""The proof holds on books that were only ever written by commands, while they are written too."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
import pytest

from commands.spine import Spine
from queries.check import keys, reading
from queries.check.run import TRUTHS, Proof, prove
from queries.projector import Projector, connector
from tests.commands.moves import pay
from tests.conftest import Database
from tests.queries.check.history import History, at_work
from tests.queries.check.planting import planting


def untrue(proof: Proof) -> list[str]:
    return [f"{each.code}: {each.first_bad}" for each in proof.findings if not each.held]


@pytest.mark.parametrize("full", [True, False])
def test_books_that_commands_wrote_are_proven(books: Database, full: bool) -> None:
    proof = prove(books.auditor, full=full)
    assert untrue(proof) == []
    assert proof.held
    assert [finding.code for finding in proof.findings] == [truth.CODE for truth in TRUTHS]


@pytest.mark.parametrize("full", [True, False])
def test_empty_books_are_proven(database: Database, full: bool) -> None:
    assert untrue(prove(database.auditor, full=full)) == []


def test_each_truth_looked_at_something(books: Database) -> None:
    """Files and bank statements have books of their own: test_files.py, tests/server/bank."""
    for finding in prove(books.auditor, full=True).findings:
        assert finding.looked_at or finding.code in ("I28", "I29"), finding.code


def test_a_proof_says_how_far_it_went_and_is_json(books: Database) -> None:
    seen = []
    proof = prove(books.auditor, full=True, progress=lambda done, of: seen.append((done, of)))
    assert (proof.since, proof.position) == (0, seen[-1][1])
    told = msgspec.json.decode(msgspec.json.encode(proof))
    assert told["findings"][0]["lookedAt"]["lines"] > 0


def test_any_stretch_of_the_newest_records_is_proven(
    books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the incremental check begins, what came before is no fault of what it sees."""
    for newest in range(60):
        monkeypatch.setattr(reading, "NEWEST_RECORDS", newest)
        proof = prove(books.auditor, full=False)
        assert untrue(proof) == []
        assert proof.position - proof.since == min(newest, proof.position)


def test_small_pages_prove_the_same(books: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK_RECORDS", 7)
    monkeypatch.setattr(reading, "PAGE_ROWS", 3)
    monkeypatch.setattr("queries.check.sums.PAGE_LINES", 5)
    monkeypatch.setattr("queries.check.entries.PAGE_ENTRIES", 4)
    monkeypatch.setattr("queries.check.read_models.PAGE_ENTRIES", 4)
    monkeypatch.setattr(keys, "NEWEST_PAGES", 1)
    proof = prove(books.auditor, full=True)
    assert untrue(proof) == []
    looked_at = {finding.code: finding.looked_at for finding in proof.findings}
    monkeypatch.undo()
    assert looked_at == {f.code: f.looked_at for f in prove(books.auditor, full=True).findings}


def test_an_old_fault_is_found_by_the_full_proof_only(
    books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with planting(books) as owner:
        owner.execute("UPDATE ledger.log SET actor = 'nobody' WHERE position = 3")
    monkeypatch.setattr(reading, "NEWEST_RECORDS", 20)
    assert untrue(prove(books.auditor, full=False)) == []
    assert untrue(prove(books.auditor, full=True))[0].startswith("I7: The record at position 3 (")


def test_several_faults_are_all_told(books: Database) -> None:
    with planting(books) as owner:
        owner.execute("UPDATE ledger.account SET balance = balance + 1 WHERE code = '1010'")
        owner.execute("UPDATE ledger.idempotency SET position = 999")
    assert [one[:3] for one in untrue(prove(books.auditor, full=True))] == [
        "I1:",
        "I3:",
        "I13",
        "I22",
        "I18",
    ]


async def test_books_are_proven_while_they_are_written(
    books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK_RECORDS", 50)
    monkeypatch.setattr(reading, "PAGE_ROWS", 5)
    async with at_work(books) as (spine, history):
        busy = asyncio.create_task(_be_busy(spine, history))
        follows = Projector(connector(books.projector))
        following = asyncio.create_task(follows.run())
        began = spine.position
        proofs: list[Proof] = []
        while not proofs or proofs[-1].position < began + 300:
            assert not busy.done(), busy.exception()
            full = len(proofs) % 2 == 0
            proofs.append(await asyncio.to_thread(prove, books.auditor, full=full))
        busy.cancel()
        follows.close()
        with contextlib.suppress(asyncio.CancelledError):
            await busy
        await following
    assert [told for proof in proofs for told in untrue(proof)] == []


async def _be_busy(spine: Spine, history: History) -> None:
    await history.begin()
    people = [await history.customer(150_000) for _ in range(4)]

    async def one(number: int) -> None:
        me, other = people[number], people[number - 1]
        while True:
            await history.do(me.send(other, 1_000))
            _, trace = await history.approved(me, 200)
            await history.paid(trace, 200)
            await history.confirmed(await history.request(me, 100))
            await pay(spine, me, 500_00)

    await asyncio.gather(*(one(number) for number in range(4)))
