"""Writing the books into files that outsiders accept, and looking at such files again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

import click
import msgspec

from ledger.database import connect_sync
from queries import statement
from queries.exports import writing
from queries.exports.camt import camt053
from queries.exports.control import Manifest, differences
from queries.exports.reading import Unreadable, totals_of
from queries.exports.source import Source
from queries.reader import Reader
from server.console.evidence import write_log
from server.console.given import CheckFailed, quiet
from server.console.noted import note_reading
from server.console.shown import progress, show
from server.installation import Installation, installed

DAY = click.DateTime(formats=["%Y-%m-%d"])


class Wanted(NamedTuple):
    """What an export is asked for."""

    format: str
    output: Path
    first: date | None
    last: date | None
    account: UUID | None


# What an export tells when it is done: facts under names.
Told = Mapping[str, object]


def _journal(installation: Installation, wanted: Wanted) -> Told:
    """The journal, in the formats of queries/exports/writing.py."""
    asked = writing.Asked(format=wanted.format, first=wanted.first, last=wanted.last)
    made_by = f"makeba {version('makeba')}"
    with (
        connect_sync(installation.urls.queries, "makeba export") as connection,
        progress("writing entries") as shown,
    ):
        return _told(
            writing.export(Source(connection), asked, wanted.output, made_by, progress=shown)
        )


def _told(manifest: Manifest) -> Told:
    totals = manifest.totals
    return {
        "file": manifest.file,
        "format": manifest.format,
        "position": manifest.position,
        "entries": totals.entries,
        "lines": totals.rows,
        "first number": totals.first_number,
        "last number": totals.last_number,
        "debits": f"{totals.debits / 100:.2f}",
        "credits": f"{totals.credits / 100:.2f}",
        "bytes": manifest.bytes,
        "sha256": manifest.sha256,
    }


def _statement(installation: Installation, wanted: Wanted) -> Told:
    """A statement of one account, for banks' programs."""
    account, first, last = wanted.account, wanted.first, wanted.last
    if account is None or first is None or last is None:
        raise click.UsageError("A statement takes --account, --from and --to.")

    async def ask() -> statement.Statement:
        reader = Reader(installation.urls.queries).for_everybody
        try:
            asked = statement.Asked(from_=first, to=last)
            return await statement.of_account(reader, account, asked)
        finally:
            await reader.close()

    found = asyncio.run(ask())
    wanted.output.write_bytes(camt053(found, datetime.now(UTC)))
    return {
        "file": wanted.output.name,
        "format": wanted.format,
        "position": found.position,
        "lines": len(found.lines),
        "opening": found.opening.decimal,
        "closing": found.closing.decimal,
        "sha256": writing.sha256_of(wanted.output),
    }


def _log(installation: Installation, wanted: Wanted) -> Told:
    """The whole log, for a proof that needs nothing but a public key."""
    if wanted.first or wanted.last or wanted.account:
        raise click.UsageError("The log is written whole, without days or accounts.")
    return write_log(installation, wanted.output)


# By name: who writes it. Another kind of export adds itself here.
EXPORTS: Mapping[str, Callable[[Installation, Wanted], Told]] = MappingProxyType(
    {**dict.fromkeys(writing.FORMATS, _journal), "camt053": _statement, "log": _log}
)


@click.command()
@click.option("--format", "format_", type=click.Choice(sorted(EXPORTS)), required=True)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file; its manifest stands beside it.",
)
@click.option("--from", "from_", type=DAY, help="First day of booking.")
@click.option("--to", type=DAY, help="Last day of booking.")
@click.option("--account", type=click.UUID, help="Whose statement, for camt053.")
def export(
    format_: str,
    output: Path,
    from_: datetime | None,
    to: datetime | None,
    account: UUID | None,
) -> None:
    """Write the journal, a statement or the whole log into a file that outsiders accept."""
    if not output.absolute().parent.is_dir():
        raise click.UsageError(f"There is no directory {output.absolute().parent}.")
    first = None if from_ is None else from_.date()
    last = None if to is None else to.date()
    if first is not None and last is not None and last < first:
        raise click.UsageError("--to is before --from.")
    with installed(quiet()) as installation:
        note_reading(installation, f"export --format {format_}", account)
        told = EXPORTS[format_](installation, Wanted(format_, output, first, last, account))
    show([{"what": name, "is": value} for name, value in told.items()], ("what", "is"), None)


@click.command("verify-export")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify_export(file: Path) -> None:
    """Compare an exported journal with its control totals; the first difference is named."""
    try:
        manifest = writing.manifest_of(file)
    except FileNotFoundError:
        raise CheckFailed(f"There is no manifest beside {file.name}.") from None
    except msgspec.MsgspecError as error:
        raise CheckFailed(f"The manifest beside {file.name} is not one of ours: {error}") from None
    try:
        wrong = differences(manifest.totals, totals_of(file, manifest.format))
    except Unreadable as error:
        raise CheckFailed(f"{file.name}: {error}") from None
    if wrong:
        raise CheckFailed(f"{file.name}: {wrong[0]}")
    if writing.sha256_of(file) != manifest.sha256:
        raise CheckFailed(f"{file.name}: not the bytes that were written, though its totals hold.")
    click.echo(f"{file.name} is as it was written: {manifest.totals.rows} lines.")
