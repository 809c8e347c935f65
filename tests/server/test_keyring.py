"""Keyrings: which version counts when, and what their text may be."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.keyring import Keyring
from server.secrets import KeyName, LiveKeyring, private_key_pem

ONE, TWO, THREE = (base64.b64encode(bytes([each]) * 32).decode() for each in (1, 2, 3))
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
RING = f"""
    1 {ONE} until=2026-11-20T13:00:00Z
    2 {TWO} from=2026-11-20T12:00:00Z
"""


@pytest.mark.parametrize(
    ("at", "active", "oldest"),
    [(NOON - 0.001, 1, 1), (NOON, 2, 1), (NOON + 3_599, 2, 1), (NOON + 3_600, 2, 2)],
)
def test_each_version_has_its_time(at: float, active: int, oldest: int) -> None:
    ring = Keyring.read(RING)
    assert ring.active(at).number == active
    assert ring.oldest(at).number == oldest
    first, *others = ring.active_first(at)
    assert first.number == active
    assert {first.number, *(each.number for each in others)} == {1, 2}


def test_its_text_can_be_read_again() -> None:
    ring = Keyring.read(RING).with_new(since=NOON + 0.125)
    assert Keyring.read(ring.text()).versions == ring.versions
    assert Keyring.read(ring.text().replace("\n", ";")).versions == ring.versions
    assert ring.versions[-1].number == 3
    assert ring.ending(3, NOON).version(3).ended(NOON)
    assert [each.number for each in ring.without(2).versions] == [1, 3]


@pytest.mark.parametrize(
    "text",
    [
        "", " \n ", "1", ONE, f"0 {ONE}", f"-1 {ONE}", f"65536 {ONE}", f"one {ONE}", "1 c2hvcnQ=",
        f"1 {ONE[:-4]}", f"1 {ONE} {TWO}", f"1 {ONE} since=2026-11-20T12:00:00Z",
        f"1 {ONE} from=2026-11-20T12:00:00", f"1 {ONE} from=soon", f"1 {ONE}\n1 {TWO}",
        f"1 {ONE} from=2999-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_a_text_that_is_none_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=" ") as refused:
        Keyring.read(text)
    assert ONE not in str(refused.value)


def test_a_private_key_from_before_keys_had_versions_is_the_first_one() -> None:
    key = Ed25519PrivateKey.generate()
    ring = Keyring.read(private_key_pem(key))
    assert ring.active().key == key.private_bytes_raw()
    assert Keyring.read(ring.text()).active() == ring.active()


def test_it_follows_its_file_and_keeps_what_it_has_when_that_is_spoilt(tmp_path: Path) -> None:
    file = tmp_path / "pepper"
    write(file, f"1 {ONE}")
    ring = LiveKeyring(KeyName.PEPPER, Keyring.read(file.read_text()), file)
    assert not ring.refresh()
    write(file, f"1 {ONE}\n2 {TWO}")
    assert ring.refresh()
    assert ring.now.active().number == 2
    for spoilt in ("nonsense", "", f"3 {THREE} from=2999-01-01T00:00:00Z"):
        write(file, spoilt)
        assert not ring.refresh()
        assert ring.now.active().number == 2
    write(file, f"3 {THREE}", mode=0o644)  # others could have read it
    assert not ring.refresh()
    file.unlink()
    assert not ring.refresh()
    write(file, f"3 {THREE}")
    assert ring.refresh()
    assert ring.now.active().number == 3


def test_one_from_the_environment_stays() -> None:
    assert not LiveKeyring(KeyName.PEPPER, Keyring.read(f"1 {ONE}")).refresh()


def test_two_people_can_see_that_they_speak_of_the_same_key() -> None:
    ring = Keyring.read(RING)
    values = {each.check_value for each in ring.versions}
    assert len(values) == 2
    assert all(len(each) == 6 for each in values)
    assert values == {each.check_value for each in Keyring.read(ring.text()).versions}


def write(file: Path, text: str, mode: int = 0o600) -> None:
    new = file.with_suffix(f".{time.monotonic_ns()}")
    new.write_text(text)
    new.chmod(mode)
    new.replace(file)
