"""`makeba bank`: statements of the trust's bank, and books and bank side by side."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import click
from uuid_utils.compat import uuid7

from ledger.errors import FileRefused
from queries import bank as books_and_bank
from queries.bank import Line, Reconciliation, Statement, StatementDetail
from queries.cursor import PAGE_MAX
from queries.projector import Projector, connector
from queries.reader import Reader
from server.bank.taking_in import BankDesk, DryRun, Ruled
from server.console.books import asked
from server.console.given import CheckFailed, format_option, quiet
from server.console.settling import Direct
from server.console.shown import show, show_json
from server.installation import Installation, installed
from server.primary import Primary
from server.settlement.taking_in import Bearer
from server.vault import Vault

T = TypeVar("T")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
STATEMENTS = ("number", "account", "from", "to", "opening", "closing", "lines", "open", "id")
LINES = ("line", "booked", "value", "amount", "reference", "state", "rule", "entry", "id")
RULED = ("line", "amount", "reference", "finding", "entry", "agent")


@click.group()
def bank() -> None:
    """The trust bank's statements, and where they and our books do not agree."""


@bank.command("import")
@click.argument("file", type=FILE)
@click.option("--dry-run", is_flag=True, help="Say what the rules would make of it, and no more.")
@format_option
def import_(*, file: Path, dry_run: bool, shape: str | None) -> None:
    """Take FILE in (CAMT.053 or CSV): credit what came in, match what can be. What is wrong with it
    keeps nothing, and names its line."""
    with installed(quiet()) as installation:
        try:
            if dry_run:
                _show_ruled(asyncio.run(_at_desk(installation, _trying(file))), shape)
                return
            taken_in = asyncio.run(_at_desk(installation, _taking_in(file)))
        except FileRefused as refused:
            raise CheckFailed(f"{file}: {refused.message}") from refused
    _show_statement(taken_in, shape)


@bank.command("match")
def match() -> None:
    """Match what waits once more, after what was missing has been booked."""
    with installed(quiet()) as installation:
        found = asyncio.run(_at_desk(installation, lambda desk: desk.match(_bearer())))
    click.echo(f"{found.matched} matched, {found.open} still open")


@bank.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, PAGE_MAX))
@format_option
def list_(*, limit: int, shape: str | None) -> None:
    """Statements, newest first."""
    with installed(quiet()) as installation:
        page = asked(installation, lambda reader: books_and_bank.statements(reader, limit))
    show([_statement_row(each) for each in page.items], STATEMENTS, shape)


@bank.command("show")
@click.argument("statement_id", type=click.UUID)
@format_option
def show_(*, statement_id: UUID, shape: str | None) -> None:
    """One statement, line by line."""
    with installed(quiet()) as installation:
        found = asked(installation, lambda reader: books_and_bank.statement(reader, statement_id))
    _show_statement(found, shape)


@bank.command("reconcile")
@format_option
def reconcile(*, shape: str | None) -> None:
    """Books and bank side by side. Exits 1 when they differ by what nothing explains."""
    with installed(quiet()) as installation:
        found = asked(installation, books_and_bank.reconciliation)
    if shape == "json":
        show_json(found)
    else:
        show(_sides(found), ("what", "count", "amount"), shape)
    if found.difference.minor:
        raise CheckFailed(f"Books and bank differ by {found.difference}, which nothing explains.")


def _taking_in(file: Path) -> Callable[[BankDesk], Awaitable[StatementDetail]]:
    async def taken_in(desk: BankDesk) -> StatementDetail:
        with file.open("rb") as opened:
            return await desk.take_in(opened, _bearer())

    return taken_in


def _trying(file: Path) -> Callable[[BankDesk], Awaitable[DryRun]]:
    async def tried(desk: BankDesk) -> DryRun:
        with file.open("rb") as opened:
            return await desk.dry_run(opened)

    return tried


def _bearer() -> Bearer:
    return Bearer(actor=f"console:{getpass.getuser()}", request_id=f"bank-{uuid7()}")


async def _at_desk(installation: Installation, do: Callable[[BankDesk], Awaitable[T]]) -> T:
    """Do something at a desk of one's own, beside those of a server."""
    reader = Reader(installation.urls.queries).for_everybody
    projector = Projector(connector(installation.urls.projector))
    primary = Primary(installation.urls.commands, 1)
    await primary.open()
    try:
        async with installation.spine() as spine:
            way = Direct(spine, projector)
            await way.caught_up()
            return await do(BankDesk(way, reader, primary, Vault(installation.keys)))
    finally:
        projector.disconnect()
        await reader.close()
        await primary.close()


def _show_statement(found: StatementDetail, shape: str | None) -> None:
    if shape == "json":
        show_json(found)
        return
    show([_line_row(each) for each in found.items], LINES, shape)


def _show_ruled(found: DryRun, shape: str | None) -> None:
    if shape == "json":
        show_json(found)
        return
    show([_ruled_row(each) for each in found.lines], RULED, shape)


def _statement_row(found: Statement) -> dict[str, Any]:
    return {
        "number": found.number,
        "account": found.account,
        "from": found.first_day,
        "to": found.last_day,
        "opening": found.opening,
        "closing": found.closing,
        "lines": found.lines,
        "open": found.open,
        "id": found.statement_id,
    }


def _line_row(found: Line) -> dict[str, Any]:
    return {
        "line": found.number,
        "booked": found.booked_on,
        "value": found.value_on,
        "amount": found.amount,
        "reference": found.reference,
        "state": found.state,
        "rule": found.rule,
        "entry": found.entry_number,
        "id": found.line_id,
    }


def _ruled_row(found: Ruled) -> dict[str, Any]:
    return {
        "line": found.number,
        "amount": found.amount,
        "reference": found.reference,
        "finding": found.finding,
        "entry": found.entry_number,
        "agent": found.agent_id,
    }


def _sides(found: Reconciliation) -> list[dict[str, Any]]:
    newest = found.statement
    closing = None if newest is None else newest.closing
    number = "no statement yet" if newest is None else f"statement {newest.number}"
    return [
        {"what": "our books: 1010", "count": None, "amount": found.books},
        {"what": f"the bank: {number}", "count": None, "amount": closing},
        {"what": "in transit: in our books only", "count": found.in_transit_count,
         "amount": found.in_transit},
        {"what": "open: on statements only", "count": found.open_count, "amount": found.open},
        {"what": "explained without an entry", "count": None, "amount": found.explained},
        {"what": "difference", "count": None, "amount": found.difference},
    ]  # fmt: skip
