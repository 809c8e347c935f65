"""Secrets: made once, private, and silent about themselves."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from server import secrets
from server.secrets import Keyring, Secret, SecretsUnavailable
from server.vault import SealBroken, Vault, new_code

KEY = base64.b64encode(bytes(range(32))).decode()


def test_they_are_made_once_and_private(tmp_path: Path) -> None:
    first = secrets.load(tmp_path / "secrets")
    again = secrets.load(tmp_path / "secrets")
    assert first.passwords == again.passwords
    assert Vault(first).phone_index("+2389912345") == Vault(again).phone_index("+2389912345")
    files = list((tmp_path / "secrets").iterdir())
    assert len(files) == 8
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_processes_that_begin_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(secrets.load, [tmp_path / "secrets"] * 8))
    assert len({each.passwords["makeba_commands"].reveal() for each in loaded}) == 1
    assert len({Vault(each).code_digest("code", "000000") for each in loaded}) == 1


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secrets.load(tmp_path)
    (tmp_path / "pepper").chmod(0o644)
    with pytest.raises(SecretsUnavailable, match="pepper can be read by others"):
        secrets.load(tmp_path)


@pytest.mark.parametrize("file", ["pepper", "data-key", "server-key"])
def test_a_spoilt_key_is_refused(tmp_path: Path, file: str) -> None:
    secrets.load(tmp_path)
    (tmp_path / file).write_text("1 c2hvcnQ=\n")
    with pytest.raises(SecretsUnavailable):
        secrets.load(tmp_path)


def test_pepper_and_data_key_may_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    pepper, data_key = tmp_path / "elsewhere" / "p", tmp_path / "elsewhere" / "d"
    secrets.load(tmp_path / "secrets", pepper_file=pepper, data_key_file=data_key)
    assert pepper.exists()
    assert data_key.exists()
    assert not (tmp_path / "secrets" / "pepper").exists()


def test_nothing_shows_itself(tmp_path: Path) -> None:
    keys = secrets.load(tmp_path)
    hidden = Secret("hidden")
    shown = f"{keys} {keys!r} {keys.passwords!r} {keys.pepper!r} {hidden} {[hidden]}"
    written = "".join(file.read_text() for file in tmp_path.iterdir())
    for word in ("hidden", *written.split()):
        assert len(word) < 10 or word not in shown


def test_secrets_compare_by_what_they_hold() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


# Seals and digests


def vault(pepper: str = f"1 {KEY}", data_key: str = f"1 {KEY}") -> Vault:
    return Vault(
        secrets.Secrets(
            passwords={},
            pepper=Keyring.read(pepper),
            index_key=Keyring.read(f"1 {KEY}"),
            data_key=Keyring.read(data_key),
            server_key=None,  # type: ignore[arg-type]
        )
    )


def test_a_seal_opens_for_its_row_and_purpose_only() -> None:
    row = uuid4()
    sealed = vault().seal("code", row, "042137")
    assert vault().open("code", row, sealed) == "042137"
    assert b"042137" not in sealed
    for purpose, other, seal in (
        ("pin", row, sealed),
        ("code", uuid4(), sealed),
        ("code", row, sealed[:-1]),
        ("code", row, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        ("code", row, b"\0\2" + sealed[2:]),
        ("code", row, b""),
    ):
        with pytest.raises(SealBroken):
            vault().open(purpose, other, seal)


def test_one_text_is_never_sealed_the_same_way_twice() -> None:
    row = uuid4()
    assert vault().seal("code", row, "042137") != vault().seal("code", row, "042137")


def test_a_new_data_key_seals_and_the_old_one_still_opens() -> None:
    row = uuid4()
    old = vault().seal("profile", row, "somebody")
    other = base64.b64encode(bytes(32)).decode()
    rotated = vault(data_key=f"1 {KEY}\n2 {other}")
    assert rotated.open("profile", row, old) == "somebody"
    with pytest.raises(SealBroken):
        vault().open("profile", row, rotated.seal("profile", row, "somebody"))


def test_a_new_pepper_changes_codes_and_not_what_must_be_found_again() -> None:
    other = base64.b64encode(bytes(32)).decode()
    rotated = vault(pepper=f"1 {KEY}\n2 {other}")
    assert rotated.code_digest("code", "042137") != vault().code_digest("code", "042137")
    assert rotated.phone_index("+2389912345") == vault().phone_index("+2389912345")
    assert rotated.once("me", "key", "POST /", b"") == vault().once("me", "key", "POST /", b"")


def test_a_key_is_the_callers_own_and_stands_for_operation_and_body() -> None:
    mine = vault().once("me", "key", "POST /a", b"1")
    assert vault().once("you", "key", "POST /a", b"1").key_hash != mine.key_hash
    for other in (
        vault().once("me", "key", "POST /b", b"1"),
        vault().once("me", "key", "POST /a", b"2"),
    ):
        assert other.key_hash == mine.key_hash
        assert other.body_hash != mine.body_hash


def test_parts_do_not_run_into_each_other() -> None:
    assert vault().code_digest("ab", "c") != vault().code_digest("a", "bc")


def test_codes_have_six_digits_and_keep_their_zeros() -> None:
    codes = {new_code() for _ in range(2_000)}
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert any(code.startswith("0") for code in codes)
