"""`makeba demo`: everything from nothing, to be played with or told, and the proof of the books."""

from __future__ import annotations

import asyncio
import os
import sys

import click
import msgspec

from server.console.books import proven
from server.console.doors import MACHINES, arrived, in_lines, on_screen, spoken
from server.console.given import CheckFailed, quiet
from server.console.keeping import kept_server
from server.console.serving import (
    ample_rates,
    leaving_in_order,
    listening,
    prepare,
    serving,
    url_of,
)
from server.console.simulating import LANGUAGES
from server.installation import Installation, installed
from server.settings import PREFIX
from simulator.story import tell
from simulator.words import Language, Text

PACE_SECONDS = 1.2
# So that a code can expire while the story is told; variables that are set count more.
SHORT_LIVES = {"code_ttl_seconds": 8, "request_ttl_seconds": 8, "doubt_seconds": 8}
GETTING_READY = Text(
    "A preparar a cidade: base de dados, servidor, pessoas de demonstração…",
    "Getting the town ready: database, server, demo people…",
)


@click.command()
@click.option("--story", is_flag=True, help="Tell the story, with time to read it.")
@click.option("--headless", is_flag=True, help="Tell the story without a pause.")
@click.option("--plain", is_flag=True, help="The town in lines that a screen reader can follow.")
@click.option("--lang", type=LANGUAGES, help="Português or English.")
def demo(*, story: bool, headless: bool, plain: bool, lang: str | None) -> None:
    """Open the town with demo people. In a pipe: tell the whole story, and what can go wrong."""
    watched = sys.stdin.isatty() and sys.stdout.isatty() and "CI" not in os.environ
    if story or headless or not (watched or plain):
        _tell(PACE_SECONDS if story and not headless else 0.0)
    else:
        _play(spoken(lang), plain=plain)


def _play(language: Language, *, plain: bool) -> None:
    """With a server beside us, so that the town sees it as any other: over the network."""
    found = quiet(host="127.0.0.1", port=0, workers=1)
    click.echo(GETTING_READY.said_in(language))
    with leaving_in_order(), installed(found, take_over=True) as installation:
        prepare(installation, as_demo=True, refill=True)
        with kept_server(found) as url:
            place = arrived(url, found.demo_file, language)
            if plain:
                in_lines(place, MACHINES)
            else:
                on_screen(place, MACHINES, first_run=True)
        _prove(installation)


def _tell(pace_seconds: float) -> None:
    """The story, with codes that do not live long."""
    lives = {
        name: seconds
        for name, seconds in SHORT_LIVES.items()
        if PREFIX + name.upper() not in os.environ
    }
    found = quiet(host="127.0.0.1", port=0, workers=1, **lives, **ample_rates(os.environ))
    with leaving_in_order(), installed(found, take_over=True) as installation:
        prepare(installation, as_demo=True, refill=True)
        if not asyncio.run(_story(installation, pace_seconds)):
            raise CheckFailed("The story did not go as it should.")
        _prove(installation)


def _prove(installation: Installation) -> None:
    """Raises CheckFailed unless everything in the books holds."""
    proof = proven(installation, full=True)
    if not proof.held:
        bad = next(each for each in proof.findings if not each.held)
        sentence = f"{bad.code} does not hold: {bad.first_bad}"
        raise CheckFailed(sentence)
    click.echo("books proven")


async def _story(installation: Installation, pace_seconds: float) -> bool:
    people = msgspec.json.decode(installation.settings.demo_file.read_bytes())
    with listening(installation.settings) as sock:
        async with serving(installation, sock):
            url = url_of(installation.settings, sock)
            return await tell(url, people, pace_seconds, sys.stdout)
