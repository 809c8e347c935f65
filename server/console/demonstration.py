"""`makeba demo`: everything from nothing, the story over real HTTP, and the proof of the books."""

from __future__ import annotations

import asyncio
import os
import sys

import click
import msgspec

from server.console.books import proven
from server.console.given import CheckFailed, quiet
from server.console.serving import leaving_in_order, listening, prepare, serving, url_of
from server.installation import Installation, installed
from server.settings import PREFIX
from simulator.story import tell

PACE_SECONDS = 1.2
# So that a code can expire while somebody watches; variables that are set count more.
SHORT_LIVES = {"code_ttl_seconds": 8, "request_ttl_seconds": 8, "doubt_seconds": 8}


@click.command()
@click.option("--headless", is_flag=True, help="Without a pause between the steps.")
def demo(*, headless: bool) -> None:
    """Play the whole story: deposit, cash from an ATM and an agent, and what can go wrong."""
    lives = {
        name: seconds
        for name, seconds in SHORT_LIVES.items()
        if PREFIX + name.upper() not in os.environ
    }
    found = quiet(host="127.0.0.1", port=0, workers=1, **lives)
    pace_seconds = 0.0 if headless or not sys.stdout.isatty() else PACE_SECONDS
    with leaving_in_order(), installed(found, take_over=True) as installation:
        prepare(installation, as_demo=True, refill=True)
        told = asyncio.run(_story(installation, pace_seconds))
        proof = proven(installation, full=True)
    if not told:
        raise CheckFailed("The story did not go as it should.")
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
