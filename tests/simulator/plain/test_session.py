"""The menus of the town: what works now is what is offered."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from msgspec.structs import replace

from simulator.faults import FAULTS
from simulator.machines import phone
from simulator.machines.atm import Stage
from simulator.machines.dialogue import Dialogue
from simulator.plain.session import play
from simulator.town import Town
from simulator.words import Language
from tests.simulator.screens.conftest import NOBODY_LISTENS, NOW, PEOPLE
from tests.simulator.screens.sights import MESSAGES

PHONE, ATM, AGENT, SWITCH, WHAT, BOOKS, FAULTS_MENU, OTHER = (
    "1",
    "4",
    "6",
    "7",
    "8",
    "9",
    "10",
    "11",
)
CODE = phone.LiveCode(
    code="042420",
    amount=2_000,
    transaction_id=UUID(int=1),
    expiry_time=NOW + timedelta(minutes=15),
)


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """Real machines on a line where nobody listens."""
    town = Town(NOBODY_LISTENS, PEOPLE, clock=lambda: NOW, dice=Random(1))
    yield town
    await town.close()


async def typing(town: Town, *lines: str, language: Language = Language.EN) -> list[str]:
    """What is read by somebody who types these lines."""
    typed = io.StringIO("".join(f"{line}\n" for line in lines))
    written = io.StringIO()
    await play(town, typed, written, language)
    return [line.removeprefix("> ") for line in written.getvalue().splitlines()]


async def test_everything_in_the_town_has_a_number(town: Town) -> None:
    read = await typing(town, "0")
    assert [line for line in read if line[:1].isdecimal()] == [
        "1. Phone +2389910001",
        "2. Phone +2389910002",
        "3. Phone +2389910003",
        "4. Cash machine PRAIA001, Praia, Plateau",
        "5. Cash machine MINDEL02, Mindelo, Rua de Lisboa",
        "6. Agent +2389910011",
        "7. Vinti4 switch",
        "8. What has happened, and why",
        "9. Journal and proof of the books",
        "10. Faults",
        "11. Português",
        "0. Leave",
    ]


async def test_the_language_changes_at_once(town: Town) -> None:
    read = await typing(town, OTHER, "0")
    assert read.index("Town. Where to?") < read.index("Cidade. Aonde vai?")


async def test_one_kind_of_machine_alone(town: Town) -> None:
    written = io.StringIO()
    await play(town, io.StringIO("0\n"), written, Language.EN, ("atm",))
    assert "Cash machine" in written.getvalue()
    assert not {"Phone", "Agent", "Vinti4 switch"} & set(written.getvalue().split(". "))


async def test_a_code_is_typed_as_the_phone_shows_it_key_by_key(town: Town) -> None:
    town.phones[0].happen(phone.CodeCame(CODE))
    read = await typing(town, ATM, "2", "0", "0")
    machine = town.atms[0].state
    assert "2. Type phone, code and amount as the phone shows them" in read
    assert (machine.dialogue, machine.phone, machine.amount) == (
        Dialogue.CONFIRM,
        "+2389910001",
        2_000,
    )
    assert not any(CODE.code in line for line in read)


async def test_keys_are_pressed_by_number(town: Town) -> None:
    read = await typing(town, ATM, "1", "9910001", "2", "3", "0", "0")
    assert any("Typed: +238 9910001." in line for line in read)
    assert any("Enter the withdrawal code" in line for line in read)
    assert town.atms[0].state.dialogue is Dialogue.PHONE  # CORRIGIR goes one step back


async def test_what_is_no_digit_is_not_typed(town: Town) -> None:
    read = await typing(town, ATM, "1", "12a", "0", "0")
    assert "The keypad has digits only." in read
    assert town.atms[0].state.typed == ""


async def test_notes_in_the_tray_are_the_first_thing_to_be_done(town: Town) -> None:
    machine = town.atms[0]
    inside = {**machine.state.cassettes, 2_000: 99}
    machine.state = replace(
        machine.state, stage=Stage.PRESENTING, cassettes=inside, tray={2_000: 1}
    )
    read = await typing(town, ATM, "0", "0")
    assert "1. Take the notes: 1 × 2000" in read
    assert not any("CONTINUAR" in line for line in read)


async def test_who_is_not_signed_in_can_only_sign_in(town: Town) -> None:
    for place, choice in ((PHONE, "1. Sign in"), (AGENT, "1. Open the counter")):
        read = await typing(town, place, "0", "0")
        at = read.index(choice)
        assert read[at + 1] == "0. Back"


async def test_what_is_no_amount_asks_for_no_code(town: Town) -> None:
    machine = town.phones[0]
    machine.state = replace(machine.state, stage=phone.Stage.HOME, balance=Decimal(1))
    for amount in ("", "0", "-5", "many"):
        assert "That is no amount." in await typing(town, PHONE, "1", amount, "0", "0")
    assert machine.state.wanted == 0


async def test_a_message_is_opened_field_by_field(town: Town) -> None:
    town.tape.add(MESSAGES[2])
    read = await typing(town, SWITCH, "3", "0", "0")
    assert "3. atm PRAIA001 to switch: 0200, Withdraw CVE 5,000.00" in read
    assert "DE 39, Response code: 00, that is approved" in read
    assert any(line.startswith("Raw: 30 32 30 30") for line in read)


async def test_messages_are_read_out_as_soon_as_somebody_wants_that(town: Town) -> None:
    read = await typing(town, SWITCH, "1", "0", "0")
    assert "1. Hear each message as it passes" in read
    assert "1. Stop hearing messages" in read


async def test_a_file_is_made_by_number(town: Town) -> None:
    day = town.switch.state.day.settlement_date
    read = await typing(town, SWITCH, "2", "0", "0")
    assert f"2. Cut-off: a file of the business day {day} (operations: 0)" in read
    assert len(town.switch.state.outgoing.files) == 1


async def test_faults_begin_by_number_and_all_end_with_the_first(town: Town) -> None:
    number = next(at for at, each in enumerate(FAULTS, 2) if each.name == "network-down")
    read = await typing(town, FAULTS_MENU, str(number), "1", "0", "0")
    assert "Faults. Those that are on: none." in read
    assert "Faults. Those that are on: Network down." in read
    assert town.faults == frozenset()


async def test_what_has_happened_is_explained_to_whoever_asks(town: Town) -> None:
    assert "Nothing yet." in await typing(town, WHAT, "0")
    read = await typing(town, PHONE, "1", "4071", "0", WHAT, "0")
    assert any(re.match(r"\d\d:\d\d:\d\d: ", line) for line in read)


async def test_books_that_nobody_could_read_are_not_called_proven(town: Town) -> None:
    read = await typing(town, BOOKS, "0")
    assert "Reading the journal…" in read
    assert not any("proven" in line for line in read)
