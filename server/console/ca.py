"""`makeba ca`: a certificate authority of our own, and what it issues."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from server import authority
from server.authority import Authority, Issued, NoAuthority
from server.console.given import Unreachable, quiet

NAME = re.compile(r"[A-Za-z0-9*][A-Za-z0-9.:_-]{0,252}")
DAYS = click.IntRange(1, 7_300)
OUT = click.Path(path_type=Path, dir_okay=False)


@click.group()
def ca() -> None:
    """A private certificate authority, for TLS with customers and with the switch."""


@ca.command("init")
@click.option("--name", default="makeba private CA", show_default=True)
@click.option("--days", default=authority.AUTHORITY_DAYS, show_default=True, type=DAYS)
def begin(name: str, days: int) -> None:
    """Make the authority's key and certificate."""
    home = quiet().home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = home / "ca"
    try:
        Authority.begin(directory, name, days)
    except NoAuthority as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{directory / authority.CERTIFICATE}: give it to whoever shall trust the server.")


@ca.group()
def issue() -> None:
    """A certificate with its key. Issued again, it takes the old one's place."""


@issue.command("server")
@click.argument("names", nargs=-1, required=True)
@click.option("--out", type=OUT, help="Where to, without suffix; else tls/server in the home.")
@click.option("--days", default=authority.SERVER_DAYS, show_default=True, type=DAYS)
def for_server(names: tuple[str, ...], out: Path | None, days: int) -> None:
    """For our server, with its NAMES and addresses. A running one takes it up by itself."""
    home = _home(*names)
    issued = _authority(home).for_server(names, out or home / "tls" / "server", days)
    _told(issued)


@issue.command("client")
@click.argument("name")
@click.option("--out", type=OUT, help="Where to, without suffix; else tls/NAME in the home.")
@click.option("--days", default=authority.CLIENT_DAYS, show_default=True, type=DAYS)
def for_client(name: str, out: Path | None, days: int) -> None:
    """For a switch. `makeba switch bind-certificate` says whose it is."""
    home = _home(name)
    _told(_authority(home).for_client(name, out or home / "tls" / name, days))


def _home(*names: str) -> Path:
    """Raises UsageError for a name that cannot be one."""
    for each in names:
        if NAME.fullmatch(each) is None:
            raise click.UsageError(f"{each!r} is no name of a machine.")
    return quiet().home


def _authority(home: Path) -> Authority:
    """Raises Unreachable."""
    try:
        return Authority.of(home / "ca")
    except NoAuthority as error:
        raise Unreachable(str(error)) from error


def _told(issued: Issued) -> None:
    lines: dict[str, Any] = {
        "certificate": issued.certificate,
        "key": issued.key,
        "fingerprint": issued.fingerprint,
        "not after": f"{issued.not_after:%Y-%m-%d %H:%M} UTC",
    }
    for name, value in lines.items():
        click.echo(f"{name}: {value}")
