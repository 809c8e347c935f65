"""Every scenario, played against a real server: journal, wallets and cash are as it is written."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from simulator import people
from simulator.people import People
from simulator.playing import named, play, player_in, replay, scenarios
from simulator.scenarios.cast import CannotPlay
from simulator.scenarios.player import Player
from simulator.scenarios.recording import BadRecording
from simulator.scenarios.script import Part, Posting, Scenario
from simulator.scenarios.telling import Kind, Told
from simulator.town import Town
from simulator.words import Language
from tests.simulator.served import Served, serving

CODE_SECONDS = 4
ASK_SECONDS = 8.0  # before a machine gives up
SEED = 1
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

pytestmark = [pytest.mark.end_to_end, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of its own, on which codes soon die and soon are in doubt."""
    home = tmp_path_factory.mktemp("home")
    with serving(home, code_ttl_seconds=CODE_SECONDS, doubt_seconds=2) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def player(served: Served) -> AsyncIterator[Player]:
    """One town for all: whoever has signed in stays so."""
    town = Town(served.url, people.read(served.demo), ask_seconds=ASK_SECONDS)
    try:
        async with player_in(town) as player:
            yield player
    finally:
        await town.close()


@pytest.fixture
def impatient(player: Player, monkeypatch: pytest.MonkeyPatch) -> Player:
    """The same, who does not wait long for what will not come."""
    monkeypatch.setattr(player, "patience_seconds", 1.0)
    return player


class Lines:
    """What was told."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    def __call__(self, line: Told) -> None:
        self.told.append(line)

    def of(self, kind: Kind) -> list[str]:
        return [line.text.en for line in self.told if line.kind is kind]


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda each: each.name)
async def test_it_goes_as_it_is_written(player: Player, scenario: Scenario) -> None:
    lines = Lines()
    played = await player.play(scenario, SEED, lines)
    assert played.held, lines.of(Kind.BROKEN)
    assert len(lines.of(Kind.HELD)) == played.checked >= 1 + len(scenario.journal)
    assert len(lines.of(Kind.STEP)) == len(scenario.steps)


async def test_a_journal_that_is_not_as_written_is_seen(impatient: Player) -> None:
    """The tariff asks 25 for this: a scenario that wants 26 must find that it is not so."""
    scenario = named("cash-from-a-machine")
    dearer = Posting(debit={2010: 2026}, credit={2030: 2026})
    wrong = replace(scenario, journal={"it": (dearer, *scenario.journal["it"][1:])})
    lines = Lines()
    played = await impatient.play(wrong, SEED, lines)
    assert not played.held
    [sentence] = lines.of(Kind.BROKEN)
    assert "must have debit 2010 2.026$00" in sentence


async def test_what_is_heard_otherwise_is_seen_and_the_rest_goes_on(impatient: Player) -> None:
    scenario = named("cash-from-a-machine")
    asks, uses, looks = scenario.steps
    steps = (asks, replace(uses, hears="91"), replace(looks, sees="reversed"))
    lines = Lines()
    played = await impatient.play(replace(scenario, steps=steps, cash={}), SEED, lines)
    assert not played.held
    heard, seen, cash = lines.of(Kind.BROKEN)
    assert "should hear 91, and hears 00" in heard
    assert "should hear reversed, and hears completed" in seen
    assert "CVE 0.00 should come out, CVE 2,000.00 did" in cash


async def test_one_seed_is_one_recording(player: Player) -> None:
    scenario = named("jam")
    first, second = [(await player.play(scenario, 3, Lines())).recording for _ in range(2)]
    assert first.differences(second) == ()
    assert first.steps[1].happened == {}
    assert any("heard 00" in said for step in first.steps for said in step.happened.values())


async def test_a_recording_is_repeated_and_compared(
    player: Player, served: Served, tmp_path: Path
) -> None:
    everybody = people.read(served.demo)
    taken = (await player.play(named("second-thoughts"), SEED, Lines())).recording
    taken.write(tmp_path / "run")
    replace(taken, steps=taken.steps[1:]).write(tmp_path / "cut")
    out = io.StringIO()
    assert await replay(served.url, everybody, tmp_path / "run", out=out, language=Language.EN)
    assert out.getvalue().endswith("The same as the recording, step by step.\n")
    with pytest.raises(BadRecording):
        await replay(served.url, everybody, tmp_path / "gone")


async def test_a_town_without_enough_people_is_told(player: Player) -> None:
    crowded = {f"customer {number}": Part.CUSTOMER for number in range(100)}
    scenario = replace(named("cash-in"), people={**named("cash-in").people, **crowded})
    with pytest.raises(CannotPlay, match="it takes 101 customers, and there are 3"):
        await player.play(scenario, SEED, Lines())


async def test_a_code_for_which_nobody_waits_is_told(player: Player) -> None:
    """Where codes live for a quarter of an hour, nobody sees one expire."""
    scenario = named("expired-code")
    asks, waits, *_ = scenario.steps
    long = replace(waits, until_expired=None, seconds=900)
    with pytest.raises(CannotPlay, match="nobody waits"):
        await player.play(replace(scenario, steps=(asks, long)), SEED, Lines())


async def test_a_server_that_is_away_is_told_in_one_line() -> None:
    out = io.StringIO()
    assert not await play("http://127.0.0.1:9", nobody(), named("cash-in"), out=out)
    assert out.getvalue() == "    ✗ POST auth/login: ConnectError\n"


def nobody() -> People:
    """People whom no server knows."""
    demo = {
        "users": [
            {"role": role, "userId": f"{number:032x}", "phone": f"+23899000{number:02}"}
            | {"pin": "000000", "totpSecret": SECRET}
            for number, role in enumerate(("customer", "auditor"))
        ],
        "switch": {"acquirerId": "A", "keyId": "k", "privateKey": ""},
        "terminals": [],
    }
    return people.read(demo)
