"""Keys and terminals of an acquirer become known."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from commands.approval.change import Change
from commands.identity.person import Role
from commands.switch.certificate import BindCertificate, RetireCertificate, SwitchCertificate
from commands.switch.enrol import EnrolSwitchKey, EnrolTerminal, RetireSwitchKey
from commands.switch.link_changes import (
    AddSwitchCertificate,
    AddSwitchKey,
    EndSwitchCertificate,
    EndSwitchKey,
)
from commands.switch.trace import SwitchKey, Terminal
from ledger.errors import Conflict, Forbidden, InvalidRequest, NotFound
from tests.commands.desk import Desk
from tests.commands.town import Town

KEY = EnrolSwitchKey(key_id="k-1", acquirer_id="SISP", public_key=bytes(32))
MACHINE = EnrolTerminal(terminal_id="ATM7", acquirer_id="SISP", place="Mindelo")


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_key_is_enrolled(town: Town) -> None:
    assert town.do(KEY).enrolled
    assert town.kinds == ["switch.key_enrolled"]
    assert town.last.payload == {"keyId": "k-1", "acquirerId": "SISP"}
    assert town.find(SwitchKey.by_id("k-1")).public_key == bytes(32)


def test_a_terminal_is_enrolled(town: Town) -> None:
    assert town.do(MACHINE).enrolled
    assert town.kinds == ["switch.terminal_enrolled"]
    assert town.last.payload == {"terminalId": "ATM7", "acquirerId": "SISP", "place": "Mindelo"}


@pytest.mark.parametrize("command", [KEY, MACHINE])
def test_the_same_again_changes_nothing(
    town: Town, command: EnrolSwitchKey | EnrolTerminal
) -> None:
    town.do(command)
    assert not town.do(command).enrolled
    assert town.kinds == []


def test_a_terminal_may_move(town: Town) -> None:
    town.do(MACHINE)
    assert town.do(msgspec.structs.replace(MACHINE, place="Sal")).enrolled
    assert town.find(Terminal.by_id("ATM7")).place == "Sal"


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(KEY, public_key=b"1" * 32),
        msgspec.structs.replace(KEY, acquirer_id="OTHER"),
        msgspec.structs.replace(MACHINE, acquirer_id="OTHER"),
    ],
)
def test_a_name_means_one_thing(town: Town, other: EnrolSwitchKey | EnrolTerminal) -> None:
    town.do(KEY)
    town.do(MACHINE)
    assert isinstance(town.refused(other), Conflict)


@pytest.mark.parametrize(
    "name", ["", "with space", "x" * 65, "caf\u00e9", "tab\t", "nul\0", "new\n"]
)
@pytest.mark.parametrize(
    ("command", "field"),
    [(KEY, "key_id"), (KEY, "acquirer_id"), (MACHINE, "terminal_id"), (MACHINE, "acquirer_id")],
)
def test_names_are_visible(
    town: Town, command: EnrolSwitchKey | EnrolTerminal, field: str, name: str
) -> None:
    changed = msgspec.structs.replace(command, **{field: name})
    assert isinstance(town.refused(changed), InvalidRequest)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_an_ed25519_key_has_32_bytes(town: Town, length: int) -> None:
    assert isinstance(
        town.refused(msgspec.structs.replace(KEY, public_key=bytes(length))), InvalidRequest
    )


# Old and new, until one is retired

SOON = timedelta(days=90)
PRINT = "ab" * 32


def binds(town: Town, acquirer: str = "SISP", fingerprint: str = PRINT) -> BindCertificate:
    return BindCertificate(fingerprint=fingerprint, acquirer_id=acquirer, not_after=town.now + SOON)


def test_a_key_is_good_beside_another_until_it_is_retired(town: Town) -> None:
    town.do(KEY)
    new = msgspec.structs.replace(KEY, key_id="k-2", public_key=b"2" * 32)
    assert town.do(new).enrolled
    assert town.find(SwitchKey.by_id("k-1")).retired_at is None
    retired = town.do(RetireSwitchKey(key_id="k-1"))
    assert retired.retired_at == town.find(SwitchKey.by_id("k-1")).retired_at == town.now
    assert (town.kinds, town.last.payload) == (
        ["switch.key_retired"],
        {"keyId": "k-1", "acquirerId": "SISP"},
    )
    assert town.find(SwitchKey.by_id("k-2")).retired_at is None


def test_a_certificate_is_bound_and_retired(town: Town) -> None:
    assert town.do(binds(town)).bound
    assert town.kinds == ["switch.certificate_bound"]
    assert not town.do(binds(town)).bound
    assert town.do(RetireCertificate(fingerprint=PRINT)).retired_at == town.now
    assert town.last.payload["fingerprint"] == PRINT


def test_what_is_retired_does_not_come_back(town: Town) -> None:
    town.do(KEY)
    town.do(binds(town))
    town.do(RetireSwitchKey(key_id="k-1"))
    town.do(RetireCertificate(fingerprint=PRINT))
    for command in (
        KEY,
        binds(town),
        RetireSwitchKey(key_id="k-1"),
        RetireCertificate(fingerprint=PRINT),
    ):
        assert isinstance(town.refused(command), Conflict)


def test_what_is_not_known_cannot_be_retired(town: Town) -> None:
    for command in (RetireSwitchKey(key_id="k-1"), RetireCertificate(fingerprint=PRINT)):
        assert isinstance(town.refused(command), NotFound)


def test_certificates_that_cannot_be_bound(town: Town) -> None:
    town.do(binds(town))
    assert isinstance(town.refused(binds(town, "OTHER")), Conflict)
    for wrong in (
        binds(town, "no name"),
        binds(town, fingerprint="AB" * 32),
        binds(town, fingerprint="ab"),
        msgspec.structs.replace(binds(town, fingerprint="cd" * 32), not_after=town.now),
    ):
        assert isinstance(town.refused(wrong), InvalidRequest)


def test_the_same_goes_by_four_eyes() -> None:
    desk = Desk()
    admin, operator = desk.staff(Role.ADMIN), desk.operator
    key = AddSwitchKey(key_id="k-1", acquirer_id="SISP", public_key=bytes(32))
    certificate = AddSwitchCertificate(
        fingerprint=PRINT, acquirer_id="SISP", not_after=desk.now + SOON
    )
    change: Change
    for change in (key, certificate):
        assert isinstance(desk.turned_down(change, desk.accountant), Forbidden)
        desk.agree(desk.suggest(change, admin), operator)
    assert desk.find(SwitchKey.by_id("k-1")).retired_at is None
    ends = (EndSwitchKey(key_id="k-1"), EndSwitchCertificate(fingerprint=PRINT))
    for change in ends:
        desk.agree(desk.suggest(change, operator), admin)
    assert desk.last.payload["checker"] == admin
    assert desk.find(SwitchKey.by_id("k-1")).retired_at is not None
    assert desk.find(SwitchCertificate.by_fingerprint(PRINT)).retired_at is not None
    for change in (key, certificate, *ends):
        assert isinstance(desk.turned_down(change, admin), Conflict)
