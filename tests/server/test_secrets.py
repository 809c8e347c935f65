"""Secrets: made once, private, and silent about themselves."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from commands.idempotency import KnownKey
from ledger.errors import IdempotencyConflict
from server import secrets
from server.keyring import Keyring
from server.secrets import KeyName, LiveKeyring, Secret, Secrets, SecretsUnavailable
from server.vault import KEY_SEAL_BYTES, OWN_KEY, SealBroken, Vault, new_code, version_of

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(32)).decode()


def test_they_are_made_once_and_private(tmp_path: Path) -> None:
    first = secrets.load(tmp_path / "secrets")
    again = secrets.load(tmp_path / "secrets")
    assert first.passwords == again.passwords
    assert Vault(first).phone_index("+2389912345") == Vault(again).phone_index("+2389912345")
    files = list((tmp_path / "secrets").iterdir())
    assert len(files) == 10
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


@pytest.mark.parametrize("file", list(KeyName))
def test_a_spoilt_key_is_refused(tmp_path: Path, file: str) -> None:
    secrets.load(tmp_path)
    (tmp_path / file).write_text("1 c2hvcnQ=\n")
    with pytest.raises(SecretsUnavailable):
        secrets.load(tmp_path)


@pytest.mark.parametrize("name", list(KeyName))
def test_a_keyring_may_lie_elsewhere(tmp_path: Path, name: KeyName) -> None:
    elsewhere = tmp_path / "elsewhere"
    secrets.load(tmp_path / "secrets", files={name: elsewhere})
    assert elsewhere.exists()
    assert not (tmp_path / "secrets" / name).exists()


@pytest.mark.parametrize("name", list(KeyName))
def test_a_keyring_may_come_as_a_text(tmp_path: Path, name: KeyName) -> None:
    loaded = secrets.load(tmp_path / "secrets", given={name: Secret(f"1 {KEY};7 {KEY}")})
    assert [each.number for each in loaded.keyrings[name].now.versions] == [1, 7]
    assert not (tmp_path / "secrets" / name).exists()


def test_a_bad_text_is_refused_and_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(SecretsUnavailable, match="pepper in the environment") as refused:
        secrets.load(tmp_path, given={KeyName.PEPPER: Secret("1 c2VjcmV0c2VjcmV0")})
    assert "c2VjcmV0" not in str(refused.value)


def test_nothing_shows_itself(tmp_path: Path) -> None:
    keys = secrets.load(tmp_path)
    hidden = Secret("hidden")
    rings = [(each, each.now, each.now.versions) for each in keys.keyrings.values()]
    shown = f"{keys} {keys!r} {keys.passwords!r} {rings} {hidden} {[hidden]}"
    written = "".join(file.read_text() for file in tmp_path.iterdir())
    for word in ("hidden", *written.split()):
        assert len(word) < 10 or word not in shown


def test_secrets_compare_by_what_they_hold() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


# Seals and digests


def vault(
    pepper: str = f"1 {KEY}", data_key: str = f"1 {KEY}", index_key: str = f"1 {KEY}"
) -> Vault:
    texts = {KeyName.PEPPER: pepper, KeyName.DATA: data_key, KeyName.INDEX: index_key}
    rings = {name: LiveKeyring(name, Keyring.read(text)) for name, text in texts.items()}
    return Vault(Secrets(passwords={}, keyrings=rings))


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
    rotated = vault(data_key=f"1 {KEY}\n2 {OTHER}")
    assert rotated.open("profile", row, old) == "somebody"
    anew = rotated.resealed("profile", row, old)
    assert (version_of(old), version_of(anew)) == (1, 2)
    assert rotated.open("profile", row, anew) == "somebody"
    with pytest.raises(SealBroken):
        vault().open("profile", row, rotated.seal("profile", row, "somebody"))


def test_with_a_new_pepper_what_the_old_one_made_is_still_known() -> None:
    rotated = vault(pepper=f"1 {KEY}\n2 {OTHER}")
    before = vault().code_digest("code", "042137")
    assert rotated.code_digest("code", "042137") != before
    assert before in rotated.code_digests("code", "042137")
    assert before not in rotated.code_digests("code", "042138")
    assert rotated.event_position("me", vault().event_id("me", 17)) == 17
    assert rotated.event_position("me", rotated.event_id("me", 17)) == 17
    with pytest.raises(SealBroken):
        vault().event_position("me", rotated.event_id("me", 17))


def test_a_key_of_a_caller_finds_its_reply_whatever_the_pepper() -> None:
    first = vault().once("me", "key", "POST /", b"body")
    rotated = vault(pepper=f"1 {KEY}\n2 {OTHER}")
    known = KnownKey(
        key_hash=first.key_hash, body_hash=first.body_hash, refused=False, reply=b"", position=1
    )
    again = rotated.once("me", "key", "POST /", b"body")
    assert again.key_hash == first.key_hash
    known.require_same_body(again)
    with pytest.raises(IdempotencyConflict):
        known.require_same_body(rotated.once("me", "key", "POST /", b"other"))
    with pytest.raises(IdempotencyConflict):  # the pepper that it was hashed with has gone
        known.require_same_body(vault(pepper=f"2 {OTHER}").once("me", "key", "POST /", b"body"))


def test_people_are_found_by_the_old_index_until_it_ends_and_kept_under_both() -> None:
    phone, rotated = "+2389912345", vault(index_key=f"1 {KEY}\n2 {OTHER}")
    old, new = vault(), vault(index_key=f"2 {OTHER}")
    assert rotated.phone_index(phone) == old.phone_index(phone)
    assert rotated.next_phone_index(phone) == new.phone_index(phone)
    assert (old.next_phone_index(phone), new.next_phone_index(phone)) == (None, None)
    ended = vault(index_key=f"1 {KEY} until=2020-01-01T00:00:00Z\n2 {OTHER}")
    assert ended.phone_index(phone) == ended.next_phone_index(phone) == new.phone_index(phone)


def test_what_is_personal_opens_with_the_persons_own_key_only() -> None:
    person, row = uuid4(), uuid4()
    envelope, key_seal = vault().new_envelope(person)
    seal = envelope.seal("claim", row, "no cash came")
    assert vault().envelope(person, key_seal).open("claim", row, seal) == "no cash came"
    assert len(key_seal) == KEY_SEAL_BYTES
    for other in (vault().new_envelope(person)[0], vault().new_envelope(uuid4())[0]):
        with pytest.raises(SealBroken):
            other.open("claim", row, seal)
    for whose, sealed in ((uuid4(), key_seal), (person, b""), (person, key_seal[:-1])):
        with pytest.raises(SealBroken):
            vault().envelope(whose, sealed)
    with pytest.raises(SealBroken):
        envelope.open("claim", uuid4(), seal)
    anew = vault(data_key=f"1 {KEY}\n2 {OTHER}").resealed(OWN_KEY, person, key_seal)
    rotated = vault(data_key=f"2 {OTHER}")
    assert rotated.envelope(person, anew).open("claim", row, seal) == "no cash came"


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
