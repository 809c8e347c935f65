"""`makeba simulator`: the town, one of its machines, a scenario or a crowd, against any server."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from server.console import doors
from server.console.doors import MACHINES, Place, arrived, spoken
from server.console.given import CheckFailed, Unreachable, quiet
from simulator import playing
from simulator.api import ApiError
from simulator.crowd import crowd
from simulator.scenarios.pace import Pace
from simulator.scenarios.reader import BadScenario
from simulator.scenarios.recording import BadRecording
from simulator.scenarios.script import Scenario
from simulator.trust import Trust
from simulator.words import Language

TOWN = "town"
PAGE = ("127.0.0.1", 8081)
SPEEDS = {"1": 1.0, "10": 10.0, "max": None}


class Address(click.ParamType[tuple[str, int]]):
    """HOST:PORT."""

    name = "HOST:PORT"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, int]:
        """Its two parts."""
        host, colon, port = str(value).rpartition(":")
        if not colon or not port.isdecimal():
            self.fail(f"{value} is not HOST:PORT.", param, ctx)
        return host.strip("[]"), int(port)


ADDRESS = Address()
LANGUAGES = click.Choice([each.value for each in Language])
FILE = click.Path(dir_okay=False, path_type=Path)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    machine: str
    url: str | None
    people: Path | None
    ca: Path | None
    switch_cert: Path | None
    switch_key: Path | None
    listen: tuple[str, int] | None
    lang: str | None
    plain: bool
    web: bool
    scenarios: bool
    scenario: str | None
    headless: bool
    record: Path | None
    replay: Path | None
    crowd: int | None
    seconds: float
    seed: int
    speed: str | None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The machines that are shown."""
        return MACHINES if self.machine == TOWN else (self.machine,)

    @property
    def trust(self) -> Trust:
        """Whom the machines believe. Raises UsageError."""
        if (self.switch_cert is None) != (self.switch_key is None):
            raise click.UsageError("--switch-cert and --switch-key belong together.")
        return Trust(ca=self.ca, certificate=self.switch_cert, key=self.switch_key)

    @property
    def pace(self) -> Pace:
        """As fast as it goes, unless somebody wants to follow."""
        return Pace(None if self.speed is None else SPEEDS[self.speed])


@click.command()
@click.argument("machine", type=click.Choice([TOWN, *MACHINES]), default=TOWN)
@click.option("--url", help="The server; else the one that this home's settings name.")
@click.option("--people", type=FILE, help="Who lives there: its demo.json; else this home's.")
@click.option("--ca", type=FILE, help="Authority of the server's certificate (https).")
@click.option("--switch-cert", type=FILE, help="The certificate that the switch shows.")
@click.option("--switch-key", type=FILE, help="Its private key.")
@click.option("--listen", type=ADDRESS, help="Where the page of --web is; else 127.0.0.1:8081.")
@click.option("--lang", type=LANGUAGES, help="Português or English.")
@click.option("--plain", is_flag=True, help="Lines of text that a screen reader can follow.")
@click.option("--web", is_flag=True, help="In a browser on this machine.")
@click.option("--scenarios", is_flag=True, help="List the scenarios.")
@click.option("--scenario", metavar="NAME", help="Play one: exit 0 when all is as it says.")
@click.option("--headless", is_flag=True, help="Without a screen.")
@click.option("--record", type=FILE, help="Write the run of a scenario to this file.")
@click.option("--replay", type=FILE, help="Play a recorded run again, and compare.")
@click.option("--crowd", type=click.IntRange(1, 10_000), help="So many customers at once.")
@click.option("--seconds", default=20.0, show_default=True, help="How long a crowd is busy.")
@click.option("--seed", default=1, show_default=True, help="Makes a run repeat.")
@click.option("--speed", type=click.Choice(list(SPEEDS)), help="Of a scenario: ×1 is people's.")
def simulator(**given: Any) -> None:
    """Phone, ATM, Vinti4 switch and agent on one screen, or one of them, on any server."""
    wish = Wish(**given)
    found = quiet()
    if wish.scenarios:
        _list_scenarios(spoken(wish.lang))
        return
    scheme = "http" if found.tls is None else "https"
    url = wish.url or f"{scheme}://{found.host}:{found.port}"
    place = arrived(url, wish.people or found.demo_file, spoken(wish.lang), wish.trust)
    if wish.crowd is not None:
        _crowd(place, wish, wish.crowd)
    elif wish.scenario is not None:
        _play(place, wish, _named(wish.scenario))
    elif wish.replay is not None:
        _replay(place, wish, wish.replay)
    else:
        _open(place, wish)


def _open(place: Place, wish: Wish) -> None:
    """A town to be played with."""
    if wish.web:
        doors.in_a_browser(place, wish.machine, wish.listen or PAGE)
    elif wish.plain:
        doors.in_lines(place, wish.kinds)
    else:
        doors.on_screen(place, wish.kinds)


def _list_scenarios(language: Language) -> None:
    found = playing.scenarios()
    width = max(len(each.name) for each in found)
    for each in found:
        click.echo(f"{each.name:<{width}}  {each.title.said_in(language)}")


def _named(name: str) -> Scenario:
    """Raises UsageError for one that is not there."""
    try:
        return playing.named(name)
    except KeyError as error:
        raise click.UsageError(f"There is no scenario {name}: --scenarios lists them.") from error
    except BadScenario as error:
        raise click.UsageError(str(error)) from error


def _play(place: Place, wish: Wish, scenario: Scenario) -> None:
    """Raises CheckFailed when it does not go as it is written."""
    if not wish.headless:
        pace = None if wish.speed is None else wish.pace
        doors.on_screen(place, wish.kinds, scenario=scenario, seed=wish.seed, pace=pace)
        return
    held = asyncio.run(
        playing.play(
            place.url,
            place.everybody,
            scenario,
            seed=wish.seed,
            pace=wish.pace,
            out=sys.stdout,
            record=wish.record,
            language=place.language,
        )
    )
    if not held:
        raise CheckFailed(f"{scenario.name} did not go as it is written.")


def _replay(place: Place, wish: Wish, file: Path) -> None:
    """Raises CheckFailed when it goes another way."""
    try:
        same = asyncio.run(
            playing.replay(
                place.url,
                place.everybody,
                file,
                pace=wish.pace,
                out=sys.stdout,
                language=place.language,
            )
        )
    except BadRecording as error:
        raise click.UsageError(str(error)) from error
    if not same:
        raise CheckFailed(f"{file} went another way this time.")


def _crowd(place: Place, wish: Wish, customers: int) -> None:
    """Raises CheckFailed unless every centavo is where it should be, and nothing is in doubt."""
    lived = crowd(place.url, place.everybody, customers, wish.seconds, wish.seed, sys.stdout)
    try:
        tally = asyncio.run(lived)
    except ApiError as error:
        raise Unreachable(f"The crowd cannot live here: {error}") from error
    if not tally.held:
        raise CheckFailed("Cash and journal do not agree.")
