"""`makeba periods`: what each month takes, and whether one can be closed, from a terminal."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from ledger.money import Money
from queries import periods as asked_periods
from queries.projector import Projector, connector
from queries.reader import Reader
from server.closing import Checklist, ClosingDesk, ListedLine
from server.console.books import asked, today
from server.console.given import CheckFailed, format_option, quiet
from server.console.shown import show, show_json
from server.installation import Installation, installed
from server.primary import Primary

COLUMNS = ("month", "state", "over", "last step", "at", "by")
LINES = ("line", "ok", "blocks", "figure", "count", "oldest days")


@click.group()
def periods() -> None:
    """Months of the books: open, soft-closed, closed."""


@periods.command("list")
@format_option
def list_(*, shape: str | None) -> None:
    """Every month, the newest first. They are closed in the API, by people who are signed in."""
    with installed(quiet()) as installation:
        found = asked(installation, lambda reader: asked_periods.all_of_them(reader, today()))
    if shape == "json":
        show_json(found)
        return
    show([_row(each) for each in found.items], COLUMNS, shape)


@periods.command()
@click.argument("month")
@format_option
def checklist(*, month: str, shape: str | None) -> None:
    """The close checklist of MONTH (2026-11). Exits 1 when something blocks its close."""
    with installed(quiet()) as installation:
        found = asyncio.run(_checklist(installation, month))
    if shape == "json":
        show_json(found)
    else:
        show([_line(each) for each in found.lines], LINES, shape)
    blocking = [each.name for each in found.lines if each.blocks and not each.ok]
    if blocking:
        raise CheckFailed(f"{found.month} cannot be closed yet: {', '.join(blocking)}.")


async def _checklist(installation: Installation, month: str) -> Checklist:
    """By a reader and a projector of its own, beside those of a server."""
    reader = Reader(installation.urls.queries).for_everybody
    projector = Projector(connector(installation.urls.projector))
    primary = Primary(installation.urls.commands, 1)
    try:
        await primary.open()
        desk = ClosingDesk(primary, reader, lambda _: projector.catch_up())
        return await desk.checklist(month)
    finally:
        projector.disconnect()
        await primary.close()
        await reader.close()


def _row(found: asked_periods.Period) -> dict[str, Any]:
    last = found.steps[-1] if found.steps else None
    return {
        "month": found.month,
        "state": found.state,
        "over": "yes" if found.over else "no",
        "last step": None if last is None else last.what,
        "at": None if last is None else last.happened_at,
        "by": None if last is None else last.by,
    }


def _line(found: ListedLine) -> dict[str, Any]:
    return {
        "line": found.name,
        "ok": "ok" if found.ok else "NOT OK" if found.blocks else "carried",
        "blocks": "yes" if found.blocks else "no",
        "figure": None if found.figure is None else Money(found.figure),
        "count": found.count,
        "oldest days": found.oldest_days,
    }
