"""`makeba settlement`: taking files in, and looking at them, from a terminal of the server's."""

from __future__ import annotations

import asyncio
import getpass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from uuid_utils.compat import uuid7

from commands.command import A, Command
from commands.reconciliation.mismatch import MismatchKind, MismatchState
from commands.spine import Spine
from ledger.errors import FileRefused
from queries import settlement_breaks, settlement_files
from queries.cursor import PAGE_MAX
from queries.projector import Projector, connector
from queries.reader import Reader
from queries.settlement_breaks import BreakFilters, FoundBreak
from queries.settlement_files import File, FileDetail, FileFilters
from server.console.books import DAY, asked
from server.console.given import CheckFailed, format_option, quiet
from server.console.shown import show, show_json
from server.installation import Installation, installed
from server.settlement.taking_in import PIECE_SECONDS, Bearer, Clearing

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LIMIT = click.IntRange(1, PAGE_MAX)
FILES = ("number", "acquirer", "date", "state", "records", "claimed", "fees", "open breaks", "id")
BREAKS = (
    "date", "kind", "state", "in file", "in books", "machine", "RRN", "withdrawal", "id",
)  # fmt: skip


@click.group()
def settlement() -> None:
    """The switch's settlement files, and where they differ from our books."""


@settlement.command("import")
@click.argument("file", type=FILE)
@format_option
def import_(*, file: Path, shape: str | None) -> None:
    """Take FILE in and match all of it. What is wrong with it posts nothing, and names its line."""
    found = quiet()
    with installed(found) as installation:
        longest = found.settlement_bytes_max
        if file.stat().st_size > longest:
            raise CheckFailed(f"{file} is longer than {longest} bytes. Nothing of it was posted.")
        try:
            taken_in = asyncio.run(_take_in(installation, file))
        except FileRefused as refused:
            raise CheckFailed(f"{file}: {refused.message}") from refused
    _show_file(taken_in, shape)


@settlement.command("list")
@click.option("--acquirer", help="Files of one acquirer.")
@click.option("--from", "from_", type=DAY, help="First settlement date.")
@click.option("--to", type=DAY, help="Last settlement date.")
@click.option("--limit", default=50, show_default=True, type=LIMIT)
@format_option
def list_(
    *,
    acquirer: str | None,
    from_: datetime | None,
    to: datetime | None,
    limit: int,
    shape: str | None,
) -> None:
    """Settlement files, newest first."""
    filters = FileFilters(
        acquirer_id=acquirer,
        from_=None if from_ is None else from_.date(),
        to=None if to is None else to.date(),
    )
    with installed(quiet()) as installation:
        page = asked(installation, lambda reader: settlement_files.files(reader, filters, limit))
    show([_file_row(each) for each in page.items], FILES, shape)


@settlement.command("show")
@click.argument("file_id", type=click.UUID)
@format_option
def show_(*, file_id: UUID, shape: str | None) -> None:
    """One file: what was made of its items, and what differs."""
    with installed(quiet()) as installation:
        found = asked(installation, lambda reader: settlement_files.file(reader, file_id))
    _show_file(found, shape)


@settlement.command("breaks")
@click.option("--kind", type=click.Choice([each.value for each in MismatchKind]))
@click.option("--state", type=click.Choice([each.value for each in MismatchState]))
@click.option("--file", "file_id", type=click.UUID, help="Of one file.")
@click.option("--limit", default=50, show_default=True, type=LIMIT)
@format_option
def breaks(
    *, kind: str | None, state: str | None, file_id: UUID | None, limit: int, shape: str | None
) -> None:
    """Breaks that matching has found, newest first: file, books and machine beside each other."""
    filters = BreakFilters(kind=kind, state=state, file_id=file_id)
    with installed(quiet()) as installation:
        page = asked(installation, lambda reader: settlement_breaks.breaks(reader, filters, limit))
    show([_break_row(each) for each in page.items], BREAKS, shape)


class Direct:
    """The way of a console: a spine and a projector of its own, beside those of a server."""

    def __init__(self, spine: Spine, projector: Projector) -> None:
        self._spine = spine
        self._projector = projector

    async def submit(self, command: Command[A], bearer: Bearer) -> A:
        """Have a command decided."""
        outcome = await self._spine.submit(
            command,
            actor=bearer.actor,
            request_id=bearer.request_id,
            deadline_seconds=PIECE_SECONDS,
        )
        return outcome.fresh

    async def caught_up(self) -> None:
        """Move the read models on, unless somebody else has."""
        await self._projector.catch_up()


async def _take_in(installation: Installation, file: Path) -> FileDetail:
    bearer = Bearer(actor=f"console:{getpass.getuser()}", request_id=f"import-{uuid7()}")
    reader = Reader(installation.urls.queries).for_everybody
    projector = Projector(connector(installation.urls.projector))
    try:
        async with installation.spine() as spine:
            clearing = Clearing(Direct(spine, projector), reader)
            with file.open("rb") as opened:
                return await clearing.take_in(opened, bearer)
    finally:
        projector.disconnect()
        await reader.close()


def _show_file(found: FileDetail, shape: str | None) -> None:
    if shape == "json":
        show_json(found)
        return
    rows: list[dict[str, Any]] = [
        {"what": "file", "count": found.number, "amount": None},
        {"what": f"settlement date {found.settlement_date}", "count": None, "amount": None},
        {"what": "captured", "count": found.captured, "amount": found.captured_amount},
        {"what": "reversed", "count": found.reversed, "amount": None},
        {"what": "taken back", "count": found.taken_back, "amount": found.taken_back_amount},
        *({"what": f"items {each}", "count": many} for each, many in found.outcomes.items()),
        *(
            {"what": f"breaks {each.kind} ({each.state})", "count": each.count,
             "amount": each.difference}
            for each in found.breaks
        ),
        {"what": "claimed", "count": None, "amount": found.net},
        {"what": "owed by our books for the date", "count": None, "amount": found.owed},
        {"what": "interchange that may be paid", "count": None, "amount": found.interchange},
    ]  # fmt: skip
    show(rows, ("what", "count", "amount"), shape)


def _file_row(file: File) -> dict[str, Any]:
    return {
        "number": file.number,
        "acquirer": file.acquirer_id,
        "date": file.settlement_date,
        "state": file.state,
        "records": file.records,
        "claimed": file.net,
        "fees": file.fees,
        "open breaks": file.open_breaks,
        "id": file.file_id,
    }


def _break_row(found: FoundBreak) -> dict[str, Any]:
    return {
        "date": found.file_date,
        "kind": found.kind,
        "state": found.state,
        "in file": found.in_file,
        "in books": found.in_books,
        "machine": None if found.machine_says is None else found.machine_says.dispensed,
        "RRN": found.rrn,
        "withdrawal": found.transaction_id,
        "id": found.mismatch_id,
    }
