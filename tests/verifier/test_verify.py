"""An export proves itself with a public key, and any change to it is found where it is."""

from __future__ import annotations

import ast
import asyncio
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain import canonical
from ledger.checkpoint import public_pem
from queries import export
from queries.check.run import prove
from server.checkpoints import publish, signing_key
from server.postgres import Cluster
from tests.conftest import Database
from tests.queries.check.dba import ATTACKS, Attack
from tests.verifier import campaign
from tests.verifier.tampering import Export, Tamperer, found_at
from verifier import verify

PROGRAM = Path(verify.__file__)
TAMPERS = 400


class Evidence(NamedTuple):
    """A database with a history, what was signed of it, and its export."""

    name: str
    home: Path
    file: bytes


@pytest.fixture(scope="module")
def evidence(
    cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Evidence]:
    home = tmp_path_factory.mktemp("evidence")
    with campaign.cloned(cluster, template, "evidence") as database:
        asyncio.run(campaign.lived(database, home))
        yield Evidence("evidence", home, campaign.exported(database, home))


def run(file: Path, key: Path, *more: str) -> tuple[int, str, str]:
    """The program alone, as an auditor has it: isolated from everything of ours."""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-I", str(PROGRAM), str(file), "--key", str(key), *more],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    return done.returncode, done.stdout, done.stderr


def test_an_export_is_proven_by_the_program_alone(evidence: Evidence, tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(evidence.file)
    said = Export(evidence.file)
    code, out, errors = run(file, evidence.home / "checkpoint.pub")
    assert (code, errors) == (0, "")
    assert f"{said.records} records up to position {said.records}" in out
    assert f"{said.notes} notes, {said.checkpoints} checkpoints" in out
    file.write_bytes(evidence.file[:-1])
    code, out, errors = run(file, evidence.home / "checkpoint.pub")
    assert (code, out) == (1, "")
    assert errors.startswith(f"{file}: note {said.notes}: it is not what was written")
    assert errors.count("\n") == 1


def test_it_says_what_it_cannot_read(evidence: Evidence, tmp_path: Path) -> None:
    file, key = tmp_path / "log", evidence.home / "checkpoint.pub"
    assert run(file, key)[0] == 3
    file.write_bytes(b"")
    assert run(file, key)[::2] == (1, f"{file}: the header: it is missing or cut off\n")
    no_key = tmp_path / "no key"
    no_key.write_text("no key")
    assert run(file, no_key)[0] == 3


def test_it_imports_nothing_of_ours_and_little_of_others() -> None:
    found = set()
    for node in ast.walk(ast.parse(PROGRAM.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    assert found - set(sys.stdlib_module_names) == {"cryptography"}


def test_the_header_says_what_is_in_it(evidence: Evidence) -> None:
    said = Export(evidence.file)
    assert said.header["format"] == "makeba log 1"
    assert said.header["parameters"] == {"format": "log", "upTo": said.records}
    assert said.checkpoints == campaign.ROUNDS + 1
    assert len(said.lines) == 1 + said.checkpoints + said.records + said.notes
    assert said.header["records"]["first"] == 1
    assert said.header["entries"]["count"] > 100


def test_any_tamper_is_found_where_it_is(evidence: Evidence) -> None:
    dice = random.Random(7)
    found, missed = campaign.with_exports(evidence.file, evidence.home, dice, TAMPERS)
    assert missed == []
    tamperer = Tamperer(evidence.file, signing_key(evidence.home / "secrets"), dice)
    assert len(found) == len(tamperer.ways)
    assert found.total() == TAMPERS


def test_a_verifier_that_looks_at_less_is_found_out(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The campaign itself can fail: without checkpoints a log that was chained anew passes."""
    monkeypatch.setattr(verify.Records, "_require_signed", lambda *_: None)
    monkeypatch.setattr(verify, "read_checkpoints", lambda *_: [])
    dice = random.Random(7)
    _, missed = campaign.with_exports(evidence.file, evidence.home, dice, 100)
    ways = Counter(each.partition(":")[0] for each in missed)
    assert {"chained anew and signed", "fresh checkpoint"} <= ways.keys()


def test_only_a_copy_tells_of_what_was_signed_anew_from_the_beginning(
    evidence: Evidence,
) -> None:
    """Whoever holds the key too can write everything anew: but not what an auditor has."""
    tamperer = Tamperer(evidence.file, signing_key(evidence.home / "secrets"), random.Random(3))
    lines = list(tamperer._export.lines)
    copy = lines[1 : 1 + tamperer._export.checkpoints]
    tamperer._edit(lines, 5)
    tamperer._chain(lines, 5, tamperer._export.records)
    del lines[1 : 1 + tamperer._export.checkpoints]
    fresh = Export(b"".join(lines))
    fresh.header["checkpoints"] = {"count": 0, "hash": "0" * 64}
    fresh.header["records"]["lastHash"] = lines[tamperer._export.records][:64].decode()
    fresh.header["records"]["firstHash"] = lines[1][:64].decode()
    lines[0] = export.signed_header(canonical(fresh.header), signing_key(evidence.home / "secrets"))
    keys = campaign.keys_of(evidence.home)
    first = int(copy[0].split()[1])
    assert found_at(b"".join(lines), keys) is None
    assert found_at(b"".join(lines), keys, copy) == f"position {first}"
    assert found_at(evidence.file, keys, copy) is None
    assert found_at(evidence.file, keys, copy[1:]) == "checkpoint of the copy 1"


def test_another_key_proves_nothing(evidence: Evidence) -> None:
    other = public_pem(Ed25519PrivateKey.generate().public_key()).encode()
    assert found_at(evidence.file, verify.read_keys(other)) == "the header"
    both = (evidence.home / "checkpoint.pub").read_bytes() + other
    assert found_at(evidence.file, verify.read_keys(both)) is None


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_what_a_dba_does_is_found_in_an_export(
    cluster: Cluster, evidence: Evidence, attack: Attack
) -> None:
    """With the header freshly signed by us, who do not know of it yet."""
    with campaign.cloned(cluster, evidence.name, f"attacked_{attack.name}") as database:
        attack.commit(database)
        assert not prove(database.auditor, full=True, signed=campaign.signed_of(evidence.home)).held
        place = found_at(
            campaign.exported(database, evidence.home), campaign.keys_of(evidence.home)
        )
    assert place is not None
    assert place.startswith("position ")


def test_small_ranges_export_the_same(
    cluster: Cluster, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK_RECORDS", 7)
    with campaign.cloned(cluster, evidence.name, "in_ranges") as database:
        again = campaign.exported(database, evidence.home)
    assert Export(again).lines[1:] == Export(evidence.file).lines[1:]


def test_empty_books_are_exported_and_proven(database: Database, tmp_path: Path) -> None:
    publish(signing_key(tmp_path / "secrets"), tmp_path / "checkpoint.pub")
    file = campaign.exported(database, tmp_path)
    assert found_at(file, campaign.keys_of(tmp_path)) is None
    assert found_at(file + b"\n", campaign.keys_of(tmp_path)) == "the end"
