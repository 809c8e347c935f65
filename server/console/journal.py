"""The journal and the ledger on a terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from ledger.money import Money
from queries import drill_down as drilling
from queries import general_ledger
from queries import journal as journals
from queries.answer import Side
from queries.cursor import PAGE_MAX
from queries.filters import Filters
from queries.general_ledger import AccountLine, LedgerPage, LineFilters
from queries.journal import Entry
from queries.reader import Reader
from queries.standing import Axis
from server.console.books import DAY, day_of, read
from server.console.given import format_option
from server.console.shown import show, show_json

LIMIT = click.IntRange(1, 100_000)


class Escudos(click.ParamType[Money]):
    """An amount of escudos."""

    name = "escudos"

    def convert(self, value: Any, param: Any, ctx: Any) -> Money:
        """Raises InvalidRequest, which ends a command with one line."""
        try:
            return Money.of(str(value))
        except ArithmeticError:
            self.fail(f"{value!r} is not an amount.", param, ctx)


@click.command()
@click.option("--from", "from_", type=DAY, help="First day of booking.")
@click.option("--to", type=DAY, help="Last day of booking.")
@click.option("--value-from", type=DAY, help="First day of value.")
@click.option("--value-to", type=DAY, help="Last day of value.")
@click.option("--recorded-from", type=DAY, help="First day on which it was written.")
@click.option("--recorded-to", type=DAY, help="Last day on which it was written.")
@click.option("--account", help="A code of the chart, or an account's id.")
@click.option("--code-from", help="First code of a range of accounts.")
@click.option("--code-to", help="Last code of a range of accounts.")
@click.option("--wallet", type=click.UUID, help="A wallet, or its owner.")
@click.option("--agent", type=click.UUID, help="An agent's id.")
@click.option("--transaction", type=click.UUID, help="Entries of one transaction.")
@click.option("--kind", help="A kind, or its beginning with a full stop.")
@click.option("--amount-min", type=Escudos(), help="Least amount.")
@click.option("--amount-max", type=Escudos(), help="Largest amount.")
@click.option("--reference", help="What a bank, a switch or a document calls it.")
@click.option("--rrn", help="The switch's number of a withdrawal.")
@click.option("--actor", help="Who caused it.")
@click.option("--text", help="Whole words of what was written beside it.")
@click.option("--position", type=click.IntRange(0), help="Nothing written after it.")
@click.option("--limit", default=50, show_default=True, type=LIMIT)
@format_option
def journal(limit: int, shape: str | None, transaction: UUID | None, **given: Any) -> None:
    """The journal, newest entry first, a row for each line."""
    days = {name: day_of(value) for name, value in given.items() if isinstance(value, datetime)}
    filters = Filters(transaction_id=transaction, **{**given, **days})
    whom = (transaction, filters.wallet, filters.agent, filters.account)
    entries = read(lambda reader: _entries(reader, filters, limit), "journal", *whom)
    rows = [row for entry in entries for row in _rows_of(entry)]
    show(rows, ("entry", "booked", "value", "kind", "code", "account", "debit", "credit"), shape)


@click.command()
@click.argument("code", required=False)
@click.option("--account", type=click.UUID, help="One account, by its id.")
@click.option("--from", "from_", type=DAY, help="First day.")
@click.option("--to", type=DAY, help="Last day.")
@click.option(
    "--axis", type=click.Choice([each.value for each in Axis]), default="booking", show_default=True
)
@click.option("--position", type=click.IntRange(0), help="As the log stood there.")
@click.option("--newest-first", is_flag=True, help="Begin with what came last.")
@click.option("--limit", default=1_000, show_default=True, type=LIMIT)
@format_option
def ledger(
    code: str | None,
    account: UUID | None,
    from_: datetime | None,
    to: datetime | None,
    axis: str,
    position: int | None,
    limit: int,
    shape: str | None,
    *,
    newest_first: bool,
) -> None:
    """The ledger of a CODE, or of one account: opening, lines with their balances, closing."""
    if (code is None) == (account is None):
        raise click.UsageError("Give a code of the chart, or --account.")
    filters = LineFilters(
        from_=day_of(from_),
        to=day_of(to),
        axis=Axis(axis),
        position=position,
        oldest_first=not newest_first,
    )

    def page(reader: Reader, size: int, cursor: str | None) -> Awaitable[LedgerPage]:
        if account is not None:
            return general_ledger.of_account(reader, account, filters, size, cursor)
        return general_ledger.of_code(reader, str(code), filters, size, cursor)

    first, lines = read(lambda reader: _lines(reader, page, limit), "ledger", account or code)
    if shape == "json":
        show_json({"ledger": first, "lines": lines})
        return
    opening = {"kind": "opening", "balance": first.opening}
    closing = {
        "kind": "closing",
        "debit": first.debits,
        "credit": first.credits,
        "balance": first.closing,
    }
    rows = [opening, *(_row_of(line) for line in lines), closing]
    if newest_first:
        rows.reverse()
    show(rows, ("entry", "booked", "value", "kind", "account", "debit", "credit", "balance"), shape)


@click.command("drill-down")
@click.option("--transaction", type=click.UUID, help="A transaction's id.")
@click.option("--entry", help="An entry: 2026/17.")
@click.option("--rrn", help="The switch's number.")
@click.option("--position", type=click.IntRange(1), help="A position of the log.")
@format_option
def drill_down(
    transaction: UUID | None,
    entry: str | None,
    rrn: str | None,
    position: int | None,
    shape: str | None,
) -> None:
    """A transaction from any of its parts: entries, messages of the switch, who did what."""
    by = drilling.By(transaction_id=transaction, entry=entry, rrn=rrn, position=position)
    found = read(
        lambda reader: drilling.of(reader, by), "drill-down", transaction, entry, rrn, position
    )
    if shape == "json":
        show_json(found)
        return
    rows: list[dict[str, Any]] = [
        {
            "position": record.position,
            "what": record.kind,
            "entry": record.entry,
            "actor": record.actor,
            "when": record.recorded_at.isoformat(timespec="seconds"),
        }
        for record in found.records
    ]
    rows += [
        {
            "what": f"switch {message.response_code or '-'} {message.rrn} {message.terminal_id}",
            "amount": message.amount,
            "when": message.first_at.isoformat(timespec="seconds"),
        }
        for message in found.messages
    ]
    rows += [
        {"what": f"{leg.code} {leg.direction}", "entry": each.written, "amount": leg.amount}
        for each in found.entries
        for leg in each.lines
    ]
    show(rows, ("position", "what", "entry", "amount", "actor", "when"), shape)


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


async def _lines(
    reader: Reader, page: Callable[[Reader, int, str | None], Awaitable[LedgerPage]], limit: int
) -> tuple[LedgerPage, list[AccountLine]]:
    first = found = await page(reader, min(limit, PAGE_MAX), None)
    lines = list(found.items)
    while found.next_cursor is not None and len(lines) < limit:
        found = await page(reader, min(limit - len(lines), PAGE_MAX), found.next_cursor)
        lines += found.items
    return first, lines


def _rows_of(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "entry": entry.written,
            "booked": entry.booking_date,
            "value": entry.value_date,
            "kind": entry.kind,
            "code": leg.code,
            "account": leg.name,
            **sides(leg.amount, leg.direction),
        }
        for leg in entry.lines
    ]


def _row_of(line: AccountLine) -> dict[str, Any]:
    return {
        "entry": line.written,
        "booked": line.booking_date,
        "value": line.value_date,
        "kind": line.kind,
        "account": line.account_id,
        **sides(line.amount, line.direction),
        "balance": line.balance_after,
    }


def sides(amount: Money, side: Side) -> dict[str, Money | None]:
    """An amount under the side on which it stands."""
    debit = side is Side.DEBIT
    return {"debit": amount if debit else None, "credit": None if debit else amount}
