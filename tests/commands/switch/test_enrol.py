"""Keys and terminals of an acquirer become known."""

from __future__ import annotations

import msgspec
import pytest

from commands.switch.enrol import EnrolSwitchKey, EnrolTerminal
from commands.switch.trace import SwitchKey, Terminal
from ledger.errors import Conflict, InvalidRequest
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
