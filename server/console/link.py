"""`makeba switch`: keys, certificates and terminals of the link, by whoever has this machine.

The same goes by four eyes over the API: POST /proposals.
"""

from __future__ import annotations

import asyncio
import base64
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from uuid_utils.compat import uuid7

from commands.command import Command
from commands.switch.certificate import BindCertificate, RetireCertificate
from commands.switch.enrol import EnrolSwitchKey, EnrolTerminal, RetireSwitchKey
from ledger.errors import InvalidRequest
from server.authority import NoAuthority, read_certificate
from server.console.given import format_option, quiet
from server.console.shown import show
from server.credentials import Credentials, CredentialsDesk
from server.installation import Installation, installed
from server.primary import Primary

ACTOR = "system:switch"
FILE = click.Path(dir_okay=False, exists=True, path_type=Path)
COLUMNS = ("acquirer", "what", "name", "place", "until", "retired")


@click.group("switch")
def link() -> None:
    """The switch's link: its keys, certificates and terminals."""


@link.command("list")
@format_option
def list_credentials(shape: str | None) -> None:
    """All of them, with what is retired."""
    with installed(quiet()) as installation:
        found = asyncio.run(_read(installation))
    show(list(_rows(found)), COLUMNS, shape)


@link.command("enrol-key")
@click.option("--acquirer", required=True)
@click.option("--key-id", required=True)
@click.option("--public-key", type=FILE, required=True, help="Ed25519, PEM or 32 bytes in base64.")
def enrol_key(acquirer: str, key_id: str, public_key: Path) -> None:
    """Believe what this key signs. Older keys stay good until they are retired."""
    key = _public_key(public_key)
    _do(EnrolSwitchKey(key_id=key_id, acquirer_id=acquirer, public_key=key))
    click.echo(f"{acquirer} signs with {key_id}.")


@link.command("retire-key")
@click.argument("key_id")
def retire_key(key_id: str) -> None:
    """Believe nothing that this key signs any more, for good."""
    _do(RetireSwitchKey(key_id=key_id))
    click.echo(f"{key_id} is retired: within a second nothing counts that it signs.")


@link.command("bind-certificate")
@click.option("--acquirer", required=True)
@click.argument("certificate", type=FILE)
def bind_certificate(acquirer: str, certificate: Path) -> None:
    """Let this acquirer's switch come with a client certificate."""
    try:
        fingerprint, not_after = read_certificate(certificate)
    except NoAuthority as error:
        raise click.UsageError(str(error)) from error
    _do(BindCertificate(fingerprint=fingerprint, acquirer_id=acquirer, not_after=not_after))
    click.echo(f"{acquirer} comes with {fingerprint}, until {not_after:%Y-%m-%d %H:%M} UTC.")


@link.command("retire-certificate")
@click.argument("fingerprint")
def retire_certificate(fingerprint: str) -> None:
    """Let nobody in with this certificate any more, for good."""
    _do(RetireCertificate(fingerprint=fingerprint))
    click.echo(f"{fingerprint} is retired.")


@link.command("enrol-terminal")
@click.option("--acquirer", required=True)
@click.option("--place", default="", help="Where it stands.")
@click.argument("terminal_id")
def enrol_terminal(acquirer: str, place: str, terminal_id: str) -> None:
    """Take in a cash machine, or write down that one has moved."""
    _do(EnrolTerminal(terminal_id=terminal_id, acquirer_id=acquirer, place=place))
    click.echo(f"{terminal_id} is a machine of {acquirer}.")


def _do(command: Command[Any]) -> None:
    """Raises the Refusal."""

    async def submit(installation: Installation) -> None:
        async with installation.spine() as spine:
            await spine.submit(command, actor=ACTOR, request_id=f"switch-{uuid7()}")

    with installed(quiet()) as installation:
        asyncio.run(submit(installation))


async def _read(installation: Installation) -> Credentials:
    primary = Primary(installation.urls.commands, 1)
    await primary.open()
    try:
        return await CredentialsDesk(primary).all()
    finally:
        await primary.close()


def _rows(found: Credentials) -> Any:
    for key in found.keys:
        yield _row(key.acquirer_id, "key", key.key_id, retired=key.retired_at)
    for each in found.certificates:
        yield _row(
            each.acquirer_id,
            "certificate",
            each.fingerprint,
            until=each.not_after,
            retired=each.retired_at,
        )
    for terminal in found.terminals:
        yield _row(terminal.acquirer_id, "terminal", terminal.terminal_id, terminal.place)


def _row(
    acquirer: str,
    what: str,
    name: str,
    place: str = "",
    *,
    until: datetime | None = None,
    retired: datetime | None = None,
) -> dict[str, Any]:
    return {
        "acquirer": acquirer,
        "what": what,
        "name": name,
        "place": place,
        "until": until,
        "retired": retired,
    }


def _public_key(file: Path) -> bytes:
    """Raises InvalidRequest."""
    raw = file.read_bytes()
    try:
        if not raw.lstrip().startswith(b"-----"):
            return base64.b64decode(raw.strip(), validate=True)
        key = load_pem_public_key(raw)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidRequest(field="public key", reason="cannot be read") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidRequest(field="public key", reason="is not an Ed25519 key")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
