"""The ways into a town: on a terminal, in lines, in a browser, as a scenario, among a crowd."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click
import httpx
import msgspec

from ledger import collector
from server.console.given import CheckFailed, Unreachable
from server.logs import held_back
from simulator import people, web
from simulator.api import Api, ApiError, connect
from simulator.contract import ServerKeys
from simulator.customer import Attitude
from simulator.machines.atm import LanguageChosen
from simulator.people import People
from simulator.plain import session
from simulator.town import Town, opened
from simulator.trust import USUAL, NoTrust, Trust
from simulator.words import Language

MACHINES = ("atm", "phone", "switch", "agent")
SELF = (sys.executable, "-m", "server.cli", "simulator")
IN_A_BROWSER = "TEXTUAL_DRIVER"  # set by whoever shows a terminal in a page
NO_TERMINAL = "The town needs a terminal: give --plain, or --scenario NAME --headless."


class Place(NamedTuple):
    """A server that answers, and who lives there."""

    url: str
    file: Path
    everybody: People
    language: Language


def arrived(url: str, file: Path, language: Language, trust: Trust = USUAL) -> Place:
    """Look who lives there and whether anybody answers. Raises Unreachable."""
    try:
        everybody = people.read_file(file)
    except people.NoPeople as error:
        raise Unreachable(f"{error} makeba serve --demo writes such a file.") from error
    asyncio.run(_knock(url, trust))
    return Place(url, file, msgspec.structs.replace(everybody, trust=trust), language)


async def _knock(url: str, trust: Trust) -> None:
    """Raises Unreachable unless a makeba answers at this URL."""
    try:
        trust.context(as_switch=True)
        async with connect(url, trust=trust) as client:
            await Api(client).get("vinti4/keys", ServerKeys)
    except ApiError as error:
        raise Unreachable(f"No makeba answers at {url}: {error}") from error
    except NoTrust as error:
        raise Unreachable(str(error)) from error
    except (msgspec.MsgspecError, ValueError, httpx.InvalidURL) as error:
        raise Unreachable(f"What answers at {url} is no makeba.") from error


def spoken(lang: str | None) -> Language:
    """The language asked for, else that of the environment, else Portuguese."""
    if lang is not None:
        return Language(lang)
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return Language.EN if named.lower().startswith("en") else Language.PT


def on_screen(place: Place, kinds: tuple[str, ...], **wanted: Any) -> None:
    """The town on a terminal, until somebody leaves: `wanted` is what TownApp takes.

    Raises UsageError where there is no terminal.
    """
    if IN_A_BROWSER not in os.environ and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(NO_TERMINAL)
    with held_back():
        asyncio.run(_show(place, kinds, wanted))


async def _show(place: Place, kinds: tuple[str, ...], wanted: dict[str, Any]) -> None:
    from simulator.app import TownApp  # Textual takes long to import, and other commands need not

    collector.rest()  # a search for cycles through all of Textual stops the screen for 0.1 s
    async with _peopled(place) as town:
        app = TownApp(town, place.language, kinds, **wanted)
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, app.exit)
        await app.run_async()
    if app.return_code:
        raise CheckFailed("The town broke off: see above.")


def in_lines(place: Place, kinds: tuple[str, ...]) -> None:
    """The town in lines of text, until somebody leaves."""

    async def play() -> None:
        async with _peopled(place) as town:
            await session.play(town, sys.stdin, sys.stdout, place.language, kinds)

    asyncio.run(play())


def in_a_browser(place: Place, machine: str, address: tuple[str, int]) -> None:
    """A page that gives each visitor a town. Raises UsageError for one that others could reach."""
    who = ["--url", place.url, "--people", str(place.file.absolute()), "--lang", place.language]
    trust = place.everybody.trust
    given = {"--ca": trust.ca, "--switch-cert": trust.certificate, "--switch-key": trust.key}
    for flag, named in given.items():
        if named is not None:
            who += [flag, str(named.absolute())]
    command = f"exec {shlex.join([*SELF, machine, *who])}"
    try:
        asyncio.run(web.serve(command, *address, click.echo))
    except web.NotHere as error:
        raise click.UsageError(str(error)) from error


@asynccontextmanager
async def _peopled(place: Place) -> AsyncIterator[Town]:
    """A town in which somebody stands at the machines, who takes the notes with their own hand and
    is spoken to in their language."""
    async with opened(place.url, place.everybody) as town:
        for machine in town.atms:
            machine.happen(LanguageChosen(place.language))
        for customer in town.customers.values():
            customer.attitude = Attitude.WAITS
        yield town
