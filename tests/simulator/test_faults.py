"""The catalogue: every fault has a name, a key and words, and says what it has done."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from string import Formatter
from types import ModuleType
from uuid import UUID

import pytest

from simulator import faults, slips
from simulator.breaking import LATER_SECONDS
from simulator.explanations import agent, atm, entries, phone, switch
from simulator.faults import FAULTS, Fault, named
from simulator.link.weather import Ill
from simulator.machines import atm as machine
from simulator.machines import phone as app
from simulator.machines.messages import Response, WithdrawalReply
from simulator.machines.notes import DENOMINATIONS, total
from simulator.machines.phone import LiveCode
from simulator.people import People, Site, Somebody, SwitchOwner
from simulator.town import SWITCH, Town
from simulator.words import Language, Text

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
TYPED_BY_HAND = ("wrong-code", "expired-code", "used-code", "other-phone")


def somebody(number: int) -> Somebody:
    """A customer of a town without a server."""
    return Somebody(
        role="customer",
        user_id=UUID(int=number),
        phone=f"+238990010{number}",
        pin="4071",
        totp_secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    )


PEOPLE = People(
    users=(somebody(1), somebody(2)),
    switch=SwitchOwner(acquirer_id="400001", key_id="k", private_key=""),
    terminals=(Site(terminal_id="PRAIA001"), Site(terminal_id="MINDEL02")),
)


class Clock:
    """Stands until somebody moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def town(clock: Clock) -> AsyncIterator[Town]:
    """Machines, and a server that is not there."""
    place = Town("http://127.0.0.1:9", PEOPLE, clock=clock, dice=Random(1))
    yield place
    await place.close()


def show_code(town: Town, code: str = "042137", amount: int = 2_000) -> LiveCode:
    """The first phone shows a code."""
    live = LiveCode(
        code=code,
        amount=amount,
        transaction_id=UUID(int=int(code)),
        expiry_time=NOW + timedelta(minutes=15),
    )
    town.phones[0].happen(app.CodeCame(live))
    return live


def texts(module: ModuleType) -> Iterator[Text]:
    """All that a module can say."""
    for value in vars(module).values():
        if isinstance(value, Text):
            yield value
        elif isinstance(value, dict):
            yield from (each for each in value.values() if isinstance(each, Text))


def test_each_fault_is_found_by_its_name() -> None:
    assert all(named(fault.name) is fault for fault in FAULTS)


def test_each_fault_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")
    documented = re.findall(
        r"^\| `([a-z-]+)` \| (.) \| (lasts|once|at once) \|", page, re.MULTILINE
    )
    assert set(documented) == {(fault.name, fault.key, how_long(fault)) for fault in FAULTS}


def how_long(fault: Fault) -> str:
    """As the page says it."""
    if fault.lasting:
        return "lasts"
    return "at once" if fault.name in TYPED_BY_HAND else "once"


def test_each_fault_has_one_key_of_its_own() -> None:
    keys = [fault.key for fault in FAULTS]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 1 for key in keys)


def test_each_fault_is_told_in_both_languages() -> None:
    for fault in FAULTS:
        for text in (fault.title, fault.help):
            said = [text.said_in(language) for language in Language]
            assert said[0] != said[1]
            assert not any("{" in each for each in said)
        assert fault.help.pt.endswith(".")
        assert fault.help.en.endswith(".")


@pytest.mark.parametrize("module", [faults, slips, atm, phone, switch, agent, entries])
def test_both_languages_of_a_text_have_the_same_places_to_fill(module: ModuleType) -> None:
    said = tuple(texts(module))
    assert said
    for text in said:
        pt, en = (
            {name for _, name, _, _ in Formatter().parse(each) if name}
            for each in (text.pt, text.en)
        )
        assert pt == en, text


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_healing_ends_each_fault(town: Town, fault: Fault) -> None:
    said = fault.apply(town, Random(1))
    assert said.pt
    assert said.en
    assert (fault.name in town.faults) == (fault.name not in TYPED_BY_HAND)
    town.heal()
    assert not town.faults


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_second_press_ends_what_lasts_and_leaves_what_waits(
    town: Town, fault: Fault
) -> None:
    if fault.name in TYPED_BY_HAND:
        return
    fault.apply(town, Random(1))
    fault.apply(town, Random(1))
    assert (fault.name in town.faults) != fault.lasting


async def test_what_waits_strikes_at_one_machine_only(town: Town) -> None:
    named("bad-mac").apply(town, Random(1))
    first, second = town.weathers.values()
    assert Ill.MAC_BROKEN in second.decide("0200").ills
    assert first.decide("0200").ills == ()
    assert not town.faults


async def test_a_denomination_that_is_gone_comes_back(town: Town) -> None:
    before = [each.state.cassettes for each in town.atms]
    named("note-exhausted").apply(town, Random(3))
    for each in town.atms:
        assert [each.state.cassettes[note] == 0 for note in DENOMINATIONS].count(True) == 1
    named("note-exhausted").apply(town, Random(3))
    assert [each.state.cassettes for each in town.atms] == before
    assert all(each.state.loaded == total(each.state.cassettes) for each in town.atms)


async def test_notes_that_could_not_be_taken_out_in_time_stay_where_they_are(town: Town) -> None:
    busy = town.atms[0]
    busy.happen(machine.CashAsked(town.phones[0].state.number, "042137", 2_000))
    before = busy.state.cassettes
    named("note-exhausted").apply(town, Random(3))
    town.heal()
    request = busy.state.request
    assert request is not None
    busy.happen(machine.Replied(WithdrawalReply(request.origin, "55", "1")))
    await asyncio.sleep(2 * LATER_SECONDS)
    assert busy.state.cassettes == before


async def test_only_the_clock_of_the_switch_is_wrong(town: Town) -> None:
    named("clock-skew").apply(town, Random(1))
    assert abs(town.clocks[SWITCH]() - NOW) > timedelta(minutes=2)
    assert town.clocks["PRAIA001"]() == NOW
    town.heal()
    assert town.clocks[SWITCH]() == NOW


async def test_a_wrong_code_is_never_the_right_one(town: Town) -> None:
    live = show_code(town)
    for seed in range(20):
        said = slips.wrong_code(town, Random(seed), "wrong-code")
        assert "somebody types" in said.en
        request = town.atms[0].state.request
        assert request is not None
        assert request.code != live.code
        assert (request.phone, request.amount) == (town.phones[0].state.number, live.amount)
        town.atms[0].happen(machine.Replied(WithdrawalReply(request.origin, "55", "1")))


async def test_a_slip_says_what_it_lacks(town: Town, clock: Clock) -> None:
    assert named("used-code").apply(town, Random(1)) == slips.NONE_USED
    assert named("expired-code").apply(town, Random(1)) == slips.NONE_EXPIRED
    assert named("other-phone").apply(town, Random(1)) == slips.NO_CODE
    show_code(town)
    assert named("expired-code").apply(town, Random(1)) == slips.NONE_EXPIRED
    clock.now += timedelta(minutes=16)
    assert "somebody types" in named("expired-code").apply(town, Random(1)).en
    assert "somebody types" in named("wrong-code").apply(town, Random(1)).en
    assert named("wrong-code").apply(town, Random(1)) == slips.NO_MACHINE


async def test_another_phone_types_the_right_code(town: Town) -> None:
    live = show_code(town)
    named("other-phone").apply(town, Random(1))
    request = town.atms[0].state.request
    assert request is not None
    assert (request.code, request.phone) == (live.code, town.phones[1].state.number)


async def test_a_code_that_was_paid_is_remembered_and_one_that_was_cancelled_is_not(
    town: Town, clock: Clock
) -> None:
    live = show_code(town)
    town.atms[0].happen(machine.CashAsked(town.phones[0].state.number, live.code, live.amount))
    request = town.atms[0].state.request
    assert request is not None
    town.atms[0].happen(
        machine.Replied(WithdrawalReply(request.origin, Response.APPROVED, "1", "1"))
    )
    named("used-code").apply(town, Random(1))
    again = town.atms[1].state.request
    assert again is not None
    assert again.code == live.code
    show_code(town, "111111")
    town.phones[0].happen(app.Cancelled())
    clock.now += timedelta(minutes=16)
    assert named("expired-code").apply(town, Random(1)) == slips.NONE_EXPIRED


async def test_a_code_for_an_agent_is_not_typed_at_a_machine(town: Town) -> None:
    town.phones[0].happen(app.RequestMade(UUID(int=42137)))
    show_code(town, "042137")
    assert named("other-phone").apply(town, Random(1)) == slips.NO_CODE
