"""Proving the books, their read models, and statements, from a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import click

from ledger.books import COUNTRY
from ledger.database import connect_sync
from ledger.errors import NotFound
from queries import statement as statements
from queries.answer import Side
from queries.check.run import Finding, Proof, prove
from queries.exports.statement_file import statement_csv, statement_pdf
from queries.exports.words import Language
from queries.reader import Reader
from queries.rebuild import rebuild
from queries.standing import Axis
from queries.statement import StatementLine
from server.console.given import CheckFailed, format_option, quiet
from server.console.noted import note_reading
from server.console.shown import progress, show, show_json
from server.installation import Installation, installed
from server.vault import Vault
from server.wire import e164

T = TypeVar("T")

PERSON = """
    SELECT id FROM ledger.person
    WHERE phone_index = %(phone_index)s OR phone_index_next = %(phone_index)s
"""
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.option("--full", is_flag=True, help="From the first record on, not only the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def check(*, full: bool, as_json: bool) -> None:
    """Prove the books: sums, balances, floors, gaps, hashes, holds, codes, keys, read models."""
    with installed(quiet()) as installation:
        proof = proven(installation, full=full)
    if as_json:
        show_json(proof)
    else:
        show([_found(each) for each in proof.findings], ("truth", "held", "first bad"), None)
    if not proof.held:
        bad = next(each for each in proof.findings if not each.held)
        sentence = f"{bad.code} does not hold: {bad.first_bad}"
        raise CheckFailed(sentence)


def proven(installation: Installation, *, full: bool) -> Proof:
    """Try every truth, with a bar on a terminal."""
    with progress("proving the books") as shown:
        url, signed = installation.url("makeba_auditor"), installation.signed
        return prove(url, full=full, progress=shown, signed=signed)


@click.group()
def projections() -> None:
    """The read models."""


@projections.command("rebuild")
@click.option("--check", "only_compare", is_flag=True, help="Only compare them with a rebuild.")
def rebuild_projections(*, only_compare: bool) -> None:
    """Build the read models anew from the log alone."""
    with installed(quiet()) as installation, progress("reading the log") as shown:
        report = asyncio.run(rebuild(installation.owner_url, check=only_compare, progress=shown))
    if not report.same:
        sentence = f"The read models differ from the log: {report.differences[0]}"
        raise CheckFailed(sentence)
    what = "are as the log makes them" if report.checked else "were built anew"
    click.echo(f"The read models {what}, up to position {report.position}.")


@click.command()
@click.option("--user", type=click.UUID, help="The customer's id.")
@click.option("--phone", help="The customer's number.")
@click.option("--account", type=click.UUID, help="Any account's id.")
@click.option("--from", "from_", type=DAY, help="First day; the month's first.")
@click.option("--to", type=DAY, help="Last day; today.")
@click.option(
    "--axis", type=click.Choice([each.value for each in Axis]), default="booking", show_default=True
)
@click.option("--position", type=click.IntRange(0), help="As the log stood there.")
@click.option(
    "--language",
    type=click.Choice([each.value for each in Language]),
    default="pt",
    show_default=True,
)
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Into this file.")
@click.option("--csv", "csv_", type=click.Path(dir_okay=False, path_type=Path), help="As a file.")
@format_option
def statement(
    user: UUID | None,
    phone: str | None,
    account: UUID | None,
    from_: datetime | None,
    to: datetime | None,
    axis: str,
    position: int | None,
    language: str,
    pdf: Path | None,
    csv_: Path | None,
    shape: str | None,
) -> None:
    """A statement: opening balance, every line, closing balance."""
    if sum(each is not None for each in (user, phone, account)) != 1:
        raise click.UsageError("Give --user or --phone.")
    last = day_of(to) or today()
    wanted = statements.Asked(
        from_=day_of(from_) or last.replace(day=1), to=last, axis=Axis(axis), position=position
    )
    with installed(quiet()) as installation:
        owner = None if account else user or _owner_of(installation, str(phone))
        note_reading(installation, "statement", owner or account)

        async def ask(reader: Reader) -> statements.Statement:
            if owner is not None:
                return await statements.of_user(reader, owner, wanted)
            assert account is not None, "it is one of the three"
            return await statements.of_account(reader, account, wanted)

        found = asked(installation, ask)
    if pdf is not None:
        pdf.write_bytes(statement_pdf(found, Language(language), datetime.now(UTC)))
    if csv_ is not None:
        csv_.write_bytes(statement_csv(found, Language(language)))
    if pdf is None and csv_ is None:
        _show_statement(found, shape)


def _show_statement(found: statements.Statement, shape: str | None) -> None:
    if shape == "json":
        show_json(found)
        return
    opening = {"booked": found.from_, "what": "opening", "balance": found.opening}
    closing = {"booked": found.to, "what": "closing", "balance": found.closing}
    rows = [opening, *(_statement_row(line) for line in found.lines), closing]
    show(rows, ("booked", "value", "what", "entry", "debit", "credit", "balance"), shape)


def _owner_of(installation: Installation, phone: str) -> UUID:
    """Whose number it is. Raises NotFound."""
    index = Vault(installation.keys).phone_index(e164(phone))
    with connect_sync(installation.urls.commands, "makeba") as connection:
        row = connection.execute(PERSON, {"phone_index": index}).fetchone()
    if row is None:
        raise NotFound("There is nobody with this number.")
    found: UUID = row[0]
    return found


def _statement_row(line: StatementLine) -> dict[str, Any]:
    return {
        "booked": line.booking_date,
        "value": line.value_date,
        "what": line.kind,
        "entry": line.entry_number,
        "debit": line.amount if line.direction is Side.DEBIT else None,
        "credit": line.amount if line.direction is Side.CREDIT else None,
        "balance": line.balance,
    }


def _found(finding: Finding) -> dict[str, Any]:
    return {
        "truth": f"{finding.code} {finding.truth}",
        "held": "yes" if finding.held else "NO",
        "first bad": finding.first_bad,
    }


def day_of(given: datetime | None) -> date | None:
    """The day that an option names."""
    return None if given is None else given.date()


def today() -> date:
    """In Cape Verde."""
    return datetime.now(COUNTRY).date()


def read(question: Callable[[Reader], Awaitable[T]], command: str, *about: object) -> T:
    """Ask the read models of this installation once, and leave a note of what was asked."""
    with installed(quiet()) as installation:
        note_reading(installation, command, *about)
        return asked(installation, question)


def asked(installation: Installation, question: Callable[[Reader], Awaitable[T]]) -> T:
    """Ask the read models once."""

    async def ask() -> T:
        reader = Reader(installation.urls.queries).for_everybody
        try:
            return await question(reader)
        finally:
            await reader.close()

    return asyncio.run(ask())
