"""Trial balance and reports on a terminal, as CSV in a pipe."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import click
import msgspec

from ledger.errors import InvalidRequest
from queries import ageing, financial, floats, regulator, safeguarding
from queries import trial_balance as trial_balances
from queries.cursor import PAGE_MAX
from queries.financial import Heading
from queries.reader import Reader
from queries.standing import Axis
from queries.trial_balance import Asked, TrialBalance
from server.console.books import DAY, day_of, read, today
from server.console.given import format_option
from server.console.journal import sides
from server.console.shown import show, show_json

AXIS = click.option(
    "--axis", type=click.Choice([each.value for each in Axis]), default="booking", show_default=True
)
AS_OF = click.option("--as-of", type=DAY, help="At the end of this day; today.")
MONTH = click.option("--month", required=True, help="2026-11")


@click.command("trial-balance")
@AS_OF
@click.option("--from", "from_", type=DAY, help="What stood before this day is the opening.")
@click.option("--compare", type=DAY, help="Another day, shown beside.")
@click.option("--by-class", is_flag=True, help="A row for each kind of account.")
@click.option("--position", type=click.IntRange(0), help="As the log stood there.")
@AXIS
@format_option
def trial_balance(
    as_of: datetime | None,
    from_: datetime | None,
    compare: datetime | None,
    position: int | None,
    axis: str,
    shape: str | None,
    *,
    by_class: bool,
) -> None:
    """The trial balance: debits equal credits."""
    asked = _asked(as_of, axis, position, day_of(from_), day_of(compare))
    found = read(lambda reader: trial_balances.of(reader, asked), "trial-balance")
    if shape == "json":
        show_json(found)
        return
    columns = ["code", "account", "debits", "credits", "debit", "credit"]
    if from_ is not None:
        columns[2:2] = ["opening debit", "opening credit"]
    if compare is not None:
        columns += ["compared debit", "compared credit"]
    rows = [_row(each, str(each.kind)) for each in found.classes] if by_class else _lines(found)
    show([*rows, *_totals(found)], columns, shape)


def _lines(found: TrialBalance) -> list[dict[str, Any]]:
    rows = []
    for line in found.lines:
        row = {"code": line.code, **_row(line, line.name)}
        if line.compared is not None and line.compared_side is not None:
            row |= _under("compared ", sides(line.compared, line.compared_side))
        rows.append(row)
    return rows


def _row(line: Any, name: str) -> dict[str, Any]:
    return {
        "account": name,
        **_under("opening ", sides(line.opening, line.opening_side)),
        "debits": line.debits,
        "credits": line.credits,
        **sides(line.closing, line.closing_side),
    }


def _totals(found: TrialBalance) -> Iterable[dict[str, Any]]:
    for total in found.totals:
        yield {
            "account": f"Total {total.currency}",
            "opening debit": total.opening_debits,
            "opening credit": total.opening_credits,
            "debits": total.debits,
            "credits": total.credits,
            "debit": total.closing_debits,
            "credit": total.closing_credits,
        }


def _under(prefix: str, cells: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}{name}": cell for name, cell in cells.items()}


@click.group()
def report() -> None:
    """Reports for accountants, auditors and the central bank."""


@report.command()
@click.option("--from", "from_", type=DAY, help="First day; the year's first.")
@click.option("--to", type=DAY, help="Last day; today.")
@AXIS
@format_option
def income(from_: datetime | None, to: datetime | None, axis: str, shape: str | None) -> None:
    """The income statement: what was earned and spent."""
    last = day_of(to) or today()
    first = day_of(from_) or last.replace(month=1, day=1)
    found = read(
        lambda reader: financial.income_statement(reader, first, last, Axis(axis)), "report income"
    )
    if shape == "json":
        show_json(found)
        return
    rows = [
        *_section("income", found.income),
        {"name": "Total income", "amount": found.total_income},
        *_section("expense", found.expenses),
        {"name": "Total expenses", "amount": found.total_expenses},
        {"name": "Result", "amount": found.result},
    ]
    show(rows, ("class", "code", "name", "amount"), shape)


@report.command("balance-sheet")
@AS_OF
@click.option("--position", type=click.IntRange(0), help="As the log stood there.")
@AXIS
@format_option
def balance_sheet(
    as_of: datetime | None, position: int | None, axis: str, shape: str | None
) -> None:
    """The balance sheet: assets equal liabilities, equity and result."""
    asked = _asked(as_of, axis, position)
    found = read(lambda reader: financial.balance_sheet(reader, asked), "report balance-sheet")
    if shape == "json":
        show_json(found)
        return
    rows = [
        *_section("asset", found.assets),
        {"name": "Total assets", "amount": found.total_assets},
        *_section("liability", found.liabilities),
        {"name": "Total liabilities", "amount": found.total_liabilities},
        *_section("equity", found.equity),
        {"name": "Result", "amount": found.result},
        {"name": "Total equity and result", "amount": found.total_equity + found.result},
    ]
    show(rows, ("class", "code", "name", "amount"), shape)


def _section(name: str, headings: Iterable[Heading]) -> list[dict[str, Any]]:
    return [
        {"class": name, "code": each.code, "name": each.name, "amount": each.amount}
        for each in headings
    ]


@report.command()
@AS_OF
@click.option("--items", is_flag=True, help="A row for each open item.")
@format_option
def suspense(as_of: datetime | None, shape: str | None, *, items: bool) -> None:
    """Open items by age."""
    day = day_of(as_of) or today()
    found = read(lambda reader: ageing.as_of(reader, day), "report suspense")
    if shape == "json":
        show_json(found)
        return
    if items:
        rows = [
            {"code": code.code, **msgspec.structs.asdict(item)}
            for code in found.codes
            for item in code.items
        ]
        show(rows, ("code", "opened_on", "days", "kind", "item", "entry_number", "amount"), shape)
        return
    bands = ("to 7 days", "to 30 days", "to 90 days", "older")
    show(
        [
            {
                "code": each.code,
                "account": each.name,
                "balance": each.balance,
                **dict(zip(bands, each.bands, strict=True)),
                "items": each.items_count or None,
                "unexplained": each.unexplained,
            }
            for each in found.codes
        ],
        ("code", "account", "balance", *bands, "items", "unexplained"),
        shape,
    )


@report.command()
@click.option("--from", "from_", type=DAY, help="First day; the month's first.")
@click.option("--to", type=DAY, help="Last day; today.")
@format_option
def agents(from_: datetime | None, to: datetime | None, shape: str | None) -> None:
    """Float and commission of every agent."""
    last = day_of(to) or today()
    first = day_of(from_) or last.replace(day=1)
    found = read(lambda reader: _all_floats(reader, first, last), "report agents")
    if shape == "json":
        show_json(found)
        return
    operations = ("cash_in", "cash_out", "top_ups", "redemptions", "other")
    rows = [
        {
            "agent": each.agent_id,
            "name": each.name,
            "opening": each.float_opening,
            **{name: getattr(each, name).amount for name in operations},
            "commission": each.commission,
            "closing": each.float_closing,
        }
        for each in found
    ]
    show(rows, ("agent", "name", "opening", *operations, "commission", "closing"), shape)


async def _all_floats(reader: Reader, first: date, last: date) -> list[floats.AgentFloat]:
    found: list[floats.AgentFloat] = []
    cursor = None
    while True:
        page = await floats.page(reader, first, last, PAGE_MAX, cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


@report.command("safeguarding")
@AS_OF
@format_option
def safeguarding_report(as_of: datetime | None, shape: str | None) -> None:
    """The trust: what it holds and what it stands for, term by term."""
    day = day_of(as_of) or today()
    found = read(lambda reader: safeguarding.on(reader, day), "report safeguarding")
    if shape == "json":
        show_json(found)
        return
    rows: list[dict[str, Any]] = [
        {
            "side": side,
            "term": term.name,
            "codes": " ".join(term.codes),
            "sign": "+" if term.sign > 0 else "-",
            "amount": term.amount,
        }
        for side, terms in (("holds", found.holds), ("stands for", found.stands_for))
        for term in terms
    ]
    rows += [
        {"term": name, "amount": getattr(found, name)}
        for name in (
            "total_held", "total_stood_for", "difference", "owed", "statement", "shortfall",
        )
    ]  # fmt: skip
    show(rows, ("side", "term", "codes", "sign", "amount"), shape)


@report.command()
@MONTH
@format_option
def suspicious(month: str, shape: str | None) -> None:
    """Suspicious activity: cases that were opened in a month."""
    found = read(lambda reader: regulator.suspicious(reader, month), "report suspicious")
    names = regulator.SuspiciousCase.__struct_fields__
    show([msgspec.structs.asdict(each) for each in found], names, shape)


@report.command("month")
@MONTH
@format_option
def month_report(month: str, shape: str | None) -> None:
    """A month's figures for the central bank."""
    found = read(lambda reader: regulator.month(reader, month), "report month")
    if shape == "json":
        show_json(found)
        return
    rows = [{"month": found.month, **msgspec.structs.asdict(each)} for each in found.figures]
    show(rows, ("month", "section", "figure", "count", "amount"), shape)


def _asked(
    as_of: datetime | None,
    axis: str,
    position: int | None,
    from_: date | None = None,
    compare: date | None = None,
) -> Asked:
    if position is not None and as_of is not None:
        raise InvalidRequest("--position stands alone, without days.")
    day = day_of(as_of)
    return Asked(
        to=day if position is not None else day or today(),
        from_=from_,
        axis=Axis(axis),
        compare=compare,
        position=position,
    )
