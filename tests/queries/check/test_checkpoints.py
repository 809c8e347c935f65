"""I8 is shown to fail for every way in which a log can be other than it was signed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from ledger.checkpoint_file import CheckpointFile
from queries.check import checkpoints
from queries.check.checkpoints import Signed
from queries.check.run import Finding, prove
from server.checkpoints import Refused, Signer, publish, signing_key
from server.settings import Settings
from tests.conftest import Database
from tests.queries.check.dba import ATTACKS, Attack
from tests.queries.check.history import at_work

# Of the others the newest hash is still what it was: there the chain tells.
NEW_ENDS = [each for each in ATTACKS if each.rechained or each.name == "truncation"]
FULL = pytest.mark.parametrize("full", [True, False])


def signed(home: Path) -> Signed:
    settings = Settings(home=home)
    return Signed(CheckpointFile(settings.checkpoints_file), settings.checkpoint_public_file)


def found(books: Database, home: Path, *, full: bool) -> dict[str, Finding]:
    proof = prove(books.auditor, full=full, signed=signed(home))
    return {finding.code: finding for finding in proof.findings}


@pytest.fixture
async def home(books: Database, tmp_path: Path) -> Path:
    """Two checkpoints: one after the days that were lived, one after a little more."""
    signer = Signer(Settings(home=tmp_path), books.commands)
    assert await signer.sign() is not None
    async with at_work(books) as (_, history):
        await history.begin()
    assert await signer.sign() is not None
    assert await signer.sign() is None  # nothing has happened since
    return tmp_path


@FULL
def test_a_log_that_is_what_was_signed_is_proven(books: Database, home: Path, full: bool) -> None:
    finding = found(books, home, full=full)["I8"]
    assert (finding.held, finding.first_bad) == (True, None)
    assert finding.looked_at == {"checkpoints": 2, "records after the newest": 0}


@FULL
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_what_a_dba_does_is_found(books: Database, home: Path, attack: Attack, full: bool) -> None:
    """By the chain where it is broken, and by the signatures where it was made good again."""
    attack.commit(books)
    findings = found(books, home, full=full)
    bad = {code for code in ("I6", "I7", "I8") if not findings[code].held}
    assert bad
    assert ("I7" in bad) != attack.rechained or attack.name in ("truncation", "deletion")
    if attack in NEW_ENDS:
        assert "I8" in bad


@pytest.mark.parametrize("attack", NEW_ENDS, ids=lambda attack: attack.name)
async def test_a_log_that_was_written_anew_is_not_signed_again(
    books: Database, home: Path, attack: Attack
) -> None:
    attack.commit(books)
    before = (home / "checkpoints").read_bytes()
    with pytest.raises(Refused):
        await Signer(Settings(home=home), books.commands).sign()
    assert (home / "checkpoints").read_bytes() == before


async def test_a_fresh_signature_does_not_help(books: Database, home: Path) -> None:
    """Somebody takes the newest line away, so that the log is signed as it is now."""
    Attack("", ATTACKS[0].sql, rechained=True).commit(books)
    file = home / "checkpoints"
    file.rename(home / "kept by the auditor")
    assert await Signer(Settings(home=home), books.commands).sign() is not None
    assert found(books, home, full=True)["I8"].held
    (home / "kept by the auditor").rename(file)
    assert not found(books, home, full=True)["I8"].held


def _without_first(lines: list[str]) -> list[str]:
    return lines[1:]


def _twice(lines: list[str]) -> list[str]:
    return [*lines, lines[-1]]


def _of_other_hash(lines: list[str]) -> list[str]:
    words = lines[0].split(" ")
    words[2] = "ab" * 32
    return [" ".join(words), *lines[1:]]


def _later(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1].replace("T", "t", 1)]


def _badly_signed(lines: list[str]) -> list[str]:
    *words, _ = lines[-1].split(" ")
    return [*lines[:-1], " ".join([*words, "A" * 86 + "=="])]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_without_first, "the checkpoints before number 2 are missing"),
        (_twice, "checkpoint 3 is missing"),
        (_of_other_hash, "checkpoint 2 does not follow the one before it"),
        (_later, "is not a checkpoint"),
        (_badly_signed, "checkpoint 2 has a wrong signature"),
        (lambda _: [], "There is no signed checkpoint in"),
    ],
)
def test_a_file_that_was_changed_is_named(
    books: Database, home: Path, spoil: Callable[[list[str]], list[str]], says: str
) -> None:
    file = home / "checkpoints"
    lines = spoil(file.read_text().splitlines())
    file.write_text("".join(f"{line}\n" for line in lines))
    finding = found(books, home, full=True)["I8"]
    assert not finding.held
    assert says in (finding.first_bad or "")


def test_another_key_is_not_ours(
    books: Database, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    Signer(Settings(home=other), books.commands)
    pem = (home / "checkpoint.pub").read_text()
    publish(signing_key(other / "secrets"), home / "checkpoint.pub")
    both = (home / "checkpoint.pub").read_text()
    assert found(books, home, full=True)["I8"].held  # a new key stands under the old one
    (home / "checkpoint.pub").write_text(both.removeprefix(pem))
    finding = found(books, home, full=True)["I8"]
    assert "is signed by a key that is not known" in (finding.first_bad or "")
    (home / "checkpoint.pub").unlink()
    assert "checkpoint.pub cannot be used" in (found(books, home, full=True)["I8"].first_bad or "")


def test_a_missing_record_is_told_from_another_one(books: Database, home: Path) -> None:
    first = next(CheckpointFile(home / "checkpoints").lines())
    ATTACKS[3].commit(books)
    finding = found(books, home, full=True)["I8"]
    assert f"position {first.split()[1]} is missing, which checkpoint 1 of" in str(finding)


def test_many_checkpoints_are_compared_page_by_page(
    books: Database, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "PAGE_ROWS", 1)
    assert found(books, home, full=True)["I8"].looked_at["checkpoints"] == 2
    with psycopg.connect(books.owner, autocommit=True) as owner:
        owner.execute("ALTER TABLE ledger.log DISABLE TRIGGER log_stays")
        owner.execute("UPDATE ledger.log SET hash = sha256(hash)")
        owner.execute("ALTER TABLE ledger.log ENABLE ALWAYS TRIGGER log_stays")
    assert "checkpoint 1 of" in (found(books, home, full=True)["I8"].first_bad or "")
