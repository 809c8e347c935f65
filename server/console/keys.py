"""`makeba keys`: what keys there are, a new version, the end of an old one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar

import click

from commands.command import Command
from server.console.given import CheckFailed, format_option, quiet
from server.console.shown import show
from server.installation import Installation, installed
from server.primary import Primary
from server.resealing import Resealing
from server.rotation import NotNow, Rotation, moment, request_id
from server.secrets import KeyName
from server.vault import Vault

T = TypeVar("T")

ACTOR = "system:keys"
CONNECTIONS_MAX = 2
NAME = click.Choice([each.value for each in KeyName])
COLUMNS = ("key", "version", "state", "begins", "ends", "needed_by", "check_value", "where")


class _Hands(NamedTuple):
    """What the commands here work with."""

    rotation: Rotation
    resealing: Resealing


@click.group()
def keys() -> None:
    """Keys of the house: new versions, the end of old ones. Servers follow without a restart."""


@keys.command("list")
@format_option
def list_keys(shape: str | None) -> None:
    """Every version of every key, and how much still needs it."""
    found = _with_hands(lambda hands: hands.rotation.listed())
    rows = [{name: getattr(each, name) for name in COLUMNS} for each in found]
    show(rows, COLUMNS, shape)


@keys.command()
@click.argument("name", type=NAME)
@click.option("--in", "in_seconds", type=click.FloatRange(0), help="Begin after so many seconds.")
def rotate(name: str, in_seconds: float | None) -> None:
    """Add a version. It begins when every server has read it."""
    key = KeyName(name)
    new = _with_hands(lambda hands: hands.rotation.rotate(key, in_seconds))
    begins = f"{moment(new.since):%Y-%m-%d %H:%M:%S} UTC"
    click.echo(f"{name}: version {new.number} ({new.check_value}) begins at {begins}.")


@keys.command()
@click.argument("name", type=NAME)
@click.argument("version", type=click.IntRange(1))
def retire(name: str, version: int) -> None:
    """Destroy an old version that nothing needs any more."""
    key = KeyName(name)

    async def end(hands: _Hands) -> None:
        if key in (KeyName.DATA, KeyName.INDEX):
            await hands.resealing.finish()
        await hands.rotation.retire(key, version)

    _with_hands(end)
    click.echo(f"{name}: version {version} is destroyed.")


@keys.command()
def reseal() -> None:
    """Seal anew what is still under an old version. Servers do the same by themselves."""
    found = _with_hands(lambda hands: hands.resealing.finish())
    click.echo(f"{found} rows were sealed anew.")


def _with_hands(work: Callable[[_Hands], Awaitable[T]]) -> T:
    """Raises CheckFailed when the answer is no."""

    async def do(installation: Installation) -> T:
        async with _hands(installation) as hands:
            return await work(hands)

    with installed(quiet()) as installation:
        try:
            return asyncio.run(do(installation))
        except NotNow as error:
            raise CheckFailed(str(error)) from error


@asynccontextmanager
async def _hands(installation: Installation) -> AsyncIterator[_Hands]:
    settings, found = installation.settings, installation.keys
    found.refresh()
    primary = Primary(installation.urls.commands, CONNECTIONS_MAX)
    await primary.open()
    try:
        async with installation.spine() as spine:
            request = request_id()

            async def submit(command: Command[Any]) -> None:
                await spine.submit(command, actor=ACTOR, request_id=request)

            yield _Hands(
                Rotation(found.keyrings, settings, primary, submit),
                Resealing(primary, Vault(found), found, settings.reseal_max, submit),
            )
    finally:
        await primary.close()
