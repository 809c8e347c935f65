"""Reading and proving the books from a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import click

from ledger.books import COUNTRY
from ledger.database import connect_sync
from ledger.errors import NotFound
from queries import journal as journals
from queries import statement as statements
from queries import trial_balance as trial_balances
from queries.answer import Side
from queries.check.run import Finding, Proof, prove
from queries.cursor import PAGE_MAX
from queries.journal import Entry, Filters
from queries.reader import Reader
from queries.rebuild import rebuild
from queries.statement import StatementLine
from server.console.given import CheckFailed, format_option, quiet
from server.console.shown import progress, show, show_json
from server.installation import Installation, installed
from server.vault import Vault
from server.wire import e164

T = TypeVar("T")

PERSON = "SELECT id FROM ledger.person WHERE phone_index = %(phone_index)s"
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
        return prove(installation.url("makeba_auditor"), full=full, progress=shown)


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
@click.option("--from", "from_", type=DAY, help="First day of booking.")
@click.option("--to", type=DAY, help="Last day of booking.")
@click.option("--account", help="A code of the chart, or an account's id.")
@click.option("--transaction", type=click.UUID, help="Entries of one transaction.")
@click.option("--kind", help="Entries of one kind.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@format_option
def journal(
    from_: datetime | None,
    to: datetime | None,
    account: str | None,
    transaction: UUID | None,
    kind: str | None,
    limit: int,
    shape: str | None,
) -> None:
    """The journal, newest entry first, a row for each line."""
    filters = Filters(
        from_=_day(from_), to=_day(to), account=account, transaction_id=transaction, kind=kind
    )
    entries = _read(lambda reader: _entries(reader, filters, limit))
    rows = [row for entry in entries for row in _rows_of(entry)]
    show(rows, ("entry", "booked", "value", "kind", "code", "account", "debit", "credit"), shape)


@click.command()
@click.option("--user", type=click.UUID, help="The customer's id.")
@click.option("--phone", help="The customer's number.")
@click.option("--from", "from_", type=DAY, help="First day of booking; the month's first.")
@click.option("--to", type=DAY, help="Last day of booking; today.")
@format_option
def statement(
    user: UUID | None,
    phone: str | None,
    from_: datetime | None,
    to: datetime | None,
    shape: str | None,
) -> None:
    """A customer's statement: opening balance, every line, closing balance."""
    if (user is None) == (phone is None):
        raise click.UsageError("Give --user or --phone.")
    today = datetime.now(COUNTRY).date()
    first, last = _day(from_) or today.replace(day=1), _day(to) or today
    with installed(quiet()) as installation:
        owner = user or _owner_of(installation, str(phone))
        found = asked(installation, lambda reader: statements.of(reader, owner, first, last))
    if shape == "json":
        show_json(found)
        return
    opening = {"booked": found.from_, "what": "opening", "balance": found.opening}
    closing = {"booked": found.to, "what": "closing", "balance": found.closing}
    rows = [opening, *(_statement_row(line) for line in found.lines), closing]
    show(rows, ("booked", "value", "what", "entry", "debit", "credit", "balance"), shape)


@click.command("trial-balance")
@click.option("--as-of", type=DAY, help="At the end of this day; today.")
@format_option
def trial_balance(as_of: datetime | None, shape: str | None) -> None:
    """The trial balance: debits equal credits."""
    day = _day(as_of) or datetime.now(COUNTRY).date()
    found = _read(lambda reader: trial_balances.as_of(reader, day))
    if shape == "json":
        show_json(found)
        return
    rows = [
        {
            "code": line.code,
            "account": line.name,
            "debits": line.debits,
            "credits": line.credits,
            "debit": line.closing if line.closing_side is Side.DEBIT else None,
            "credit": line.closing if line.closing_side is Side.CREDIT else None,
        }
        for line in found.lines
    ]
    rows += [
        {
            "account": f"Total {total.currency}",
            "debits": total.debits,
            "credits": total.credits,
            "debit": total.closing_debits,
            "credit": total.closing_credits,
        }
        for total in found.totals
    ]
    show(rows, ("code", "account", "debits", "credits", "debit", "credit"), shape)


def _owner_of(installation: Installation, phone: str) -> UUID:
    """Whose number it is. Raises NotFound."""
    index = Vault(installation.keys).phone_index(e164(phone))
    with connect_sync(installation.urls.commands, "makeba") as connection:
        row = connection.execute(PERSON, {"phone_index": index}).fetchone()
    if row is None:
        raise NotFound("There is nobody with this number.")
    found: UUID = row[0]
    return found


async def _entries(reader: Reader, filters: Filters, limit: int) -> list[Entry]:
    entries: list[Entry] = []
    cursor = None
    while len(entries) < limit:
        page = await journals.page(reader, filters, min(limit - len(entries), PAGE_MAX), cursor)
        entries += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return entries


def _rows_of(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "entry": entry.written,
            "booked": entry.booking_date,
            "value": entry.value_date,
            "kind": entry.kind,
            "code": leg.code,
            "account": leg.name,
            "debit": leg.amount if leg.direction is Side.DEBIT else None,
            "credit": leg.amount if leg.direction is Side.CREDIT else None,
        }
        for leg in entry.lines
    ]


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


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _read(question: Callable[[Reader], Awaitable[T]]) -> T:
    with installed(quiet()) as installation:
        return asked(installation, question)


def asked(installation: Installation, question: Callable[[Reader], Awaitable[T]]) -> T:
    """Ask the read models once."""

    async def ask() -> T:
        reader = Reader(installation.urls.queries)
        try:
            return await question(reader)
        finally:
            await reader.close()

    return asyncio.run(ask())
