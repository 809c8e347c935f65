"""Checkpoints: one line each, bound to the line before, signed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger import checkpoint
from ledger.batch import Head
from ledger.checkpoint import Checkpoint, NotSigned
from ledger.checkpoint_file import CheckpointFile

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = checkpoint.keys_in(checkpoint.public_pem(KEY.public_key()))
AT = datetime(2026, 11, 23, 10, 0, 0, 123, UTC)


def row(length: int) -> list[Checkpoint]:
    made: list[Checkpoint] = []
    for number in range(1, length + 1):
        last = made[-1] if made else None
        made.append(checkpoint.sign(KEY, Head(10 * number, bytes([number % 256]) * 32), AT, last))
    return made


def test_the_format_to_the_byte() -> None:
    """An outsider's verifier reads these bytes: they never change."""
    one, two = row(2)
    assert one.line == (
        f"1 10 {'01' * 32} 2026-11-23T10:00:00.000123Z {'0' * 64} 56475aa75463474c "
        "6+Vbxx+V5DJ9aAaa5JZMg+utgDAosIJNKGVdpoxAbED1gLe5/gAW+4akLmitvV+289DvINsoDpmJ+7LBnqE4Bw=="
    )
    assert two.previous == one.digest
    assert checkpoint.read(one.line) == one


def test_what_was_signed_is_told_from_what_was_not() -> None:
    (one,) = row(1)
    checkpoint.require_signed(one, KEYS)
    for change in (
        {"position": 11},
        {"hash": "02" * 32},
        {"at": "2026-11-23T10:00:00.000124Z"},
        {"previous": "1" * 64},
        {"number": 2},
    ):
        with pytest.raises(NotSigned, match="has a wrong signature"):
            checkpoint.require_signed(msgspec.structs.replace(one, **change), KEYS)
    with pytest.raises(NotSigned, match="a key that is not known"):
        checkpoint.require_signed(one, {})


def test_each_line_follows_the_one_before() -> None:
    lines = [each.line for each in row(4)]
    assert [each.number for each in checkpoint.linked(lines, first=True)] == [1, 2, 3, 4]
    assert len(list(checkpoint.linked(lines[2:], first=False))) == 2
    for wrong, says in (
        (lines[1:], "before number 2 are missing"),
        ([lines[0], lines[2]], "checkpoint 2 is missing"),
        ([lines[1], lines[0]], "before number 2"),
        (["", *lines], "is not a checkpoint"),
        ([lines[0] + " "], "is not a checkpoint"),
    ):
        with pytest.raises(NotSigned, match=says):
            list(checkpoint.linked(wrong, first=True))


def test_a_checkpoint_does_not_go_back() -> None:
    (one,) = row(1)
    back = checkpoint.sign(KEY, Head(9, bytes(32)), AT, one)
    with pytest.raises(NotSigned, match="goes back to position 9"):
        list(checkpoint.linked([one.line, back.line], first=True))


@pytest.mark.parametrize("pem", ["", "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_public_key_is_refused(pem: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        checkpoint.keys_in(pem)


def test_a_line_that_was_cut_off_gives_way_to_the_next(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "checkpoints")
    one, two = row(2)
    file.add(one)
    with file.file.open("ab") as opened:
        opened.write(two.line.encode()[:100])
    assert list(file.lines()) == file.newest_lines() == [one.line]
    file.add(two)
    assert list(file.lines()) == [one.line, two.line]
    assert file.newest() == two


def test_the_newest_lines_of_a_long_file_are_whole(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "checkpoints")
    lines = [each.line for each in row(400)]
    file.file.write_text("".join(f"{line}\n" for line in lines))
    newest = file.newest_lines()
    assert 200 < len(newest) < 400
    assert newest == lines[-len(newest) :]
    assert list(file.lines()) == lines


def test_no_file_has_no_lines(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "nowhere")
    assert (list(file.lines()), file.newest_lines(), file.newest()) == ([], [], None)
