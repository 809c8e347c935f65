"""Scenarios from the command line: listed, played without a screen, recorded and repeated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from simulator.api import ApiError
from simulator.people import People
from simulator.scenarios import reader, recording
from simulator.scenarios.cast import CannotPlay
from simulator.scenarios.pace import Pace
from simulator.scenarios.player import Played, Player
from simulator.scenarios.script import Scenario
from simulator.scenarios.telling import Kind, Told
from simulator.town import Town, opened
from simulator.words import Language, Text

READS = "auditor"  # who looks into the journal
SIGNS = {
    Kind.TITLE: "── ",
    Kind.STEP: "",
    Kind.SCREEN: "  │ ",
    Kind.HELD: "    ✓ ",
    Kind.BROKEN: "    ✗ ",
}
WENT_WELL = Text(
    "«{title}» correu como escrito: {count} verificações.",
    "“{title}” went as it is written: {count} checks.",
)
WENT_WRONG = Text(
    "«{title}» não correu como escrito: veja ✗ acima.",
    "“{title}” did not go as it is written: see ✗ above.",
)
SAME = Text("Igual à gravação, passo a passo.", "The same as the recording, step by step.")
OTHER = Text("Diferente da gravação: {what}", "Not as in the recording: {what}")


def scenarios() -> tuple[Scenario, ...]:
    """All that come with the simulator. Raises BadScenario."""
    return reader.scenarios()


def named(name: str) -> Scenario:
    """One of them. Raises KeyError."""
    return {each.name: each for each in scenarios()}[name]


async def play(
    url: str,
    people: People,
    scenario: Scenario,
    *,
    seed: int = 1,
    pace: Pace | None = None,
    out: TextIO | None = None,
    record: Path | None = None,
    language: Language = Language.PT,
) -> bool:
    """Play one and tell it line by line. Whether journal, wallets and cash are then as written."""
    played = await _played(url, people, scenario, seed, pace, out, language)
    if played is None:
        return False
    if record is not None:
        played.recording.write(record)
    return played.held


async def replay(
    url: str,
    people: People,
    file: Path,
    *,
    pace: Pace | None = None,
    out: TextIO | None = None,
    language: Language = Language.PT,
) -> bool:
    """Play again what was recorded. Whether everything has gone the same way.

    Raises BadRecording, and KeyError for a scenario that there is no more.
    """
    before = recording.read(file)
    scenario = named(before.opening.scenario)
    played = await _played(url, people, scenario, before.opening.seed, pace, out, language)
    if played is None:
        return False
    differences = before.differences(played.recording)
    for what in differences or ("",):
        text = OTHER.filled(what=what) if what else SAME
        print(text.said_in(language), file=out)
    return not differences


async def _played(
    url: str,
    people: People,
    scenario: Scenario,
    seed: int,
    pace: Pace | None,
    out: TextIO | None,
    language: Language,
) -> Played | None:
    def tell(line: Told) -> None:
        who = f"{line.who}: " if line.kind is Kind.SCREEN and line.who else ""
        print(f"{SIGNS[line.kind]}{who}{line.text.said_in(language)}", file=out, flush=True)

    try:
        async with ready(url, people) as player:
            played = await player.play(scenario, seed, tell, pace)
    except (ApiError, CannotPlay) as error:
        print(f"{SIGNS[Kind.BROKEN]}{error}", file=out)
        return None
    text = WENT_WELL if played.held else WENT_WRONG
    title, count = scenario.title, played.checked
    print(text.filled(title=title, count=count).said_in(language), file=out)
    return played


@asynccontextmanager
async def ready(url: str, people: People) -> AsyncIterator[Player]:
    """A town, and somebody in it who plays. Raises ApiError."""
    async with opened(url, people) as town, player_in(town) as player:
        yield player


@asynccontextmanager
async def player_in(town: Town) -> AsyncIterator[Player]:
    """Somebody who plays in this town. Raises ApiError."""
    player = Player(town, await town.reader(READS))
    try:
        yield player
    finally:
        await player.close()
