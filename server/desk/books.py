"""The books at the desk: Diário, Razão, Balancete, results and balance sheet, drilling down."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from litestar import get
from litestar.di import Provide
from litestar.params import FromPath
from litestar.response import Template

from queries import (
    accounts,
    drill_down,
    financial,
    general_ledger,
    journal,
    safeguarding,
    trial_balance,
)
from queries.cursor import PAGE_USUAL
from queries.drill_down import By
from queries.general_ledger import LineFilters
from queries.standing import Axis
from queries.trial_balance import Asked
from server.desk.page import ThePage, today
from server.routes.books import Code as ChartCode
from server.routes.books import (
    Since,
    TheFilters,
    Until,
    given_accounts,
    given_days,
    given_filters,
)
from server.routes.files import AnAxis, Position
from server.routes.given import TheReader
from server.routes.reports import (
    AsOf,
    Code,
    Compare,
    EntryNumber,
    OfTransaction,
    OldestFirst,
    Opening,
    Rrn,
    asked_for,
)
from server.routes.wallet import Cursor, Limit


@get(
    "/journal",
    dependencies={
        "asked": Provide(given_filters, sync_to_thread=False),
        "days": Provide(given_days, sync_to_thread=False),
        "accounts_": Provide(given_accounts, sync_to_thread=False),
    },
)
async def show_journal(
    page: ThePage,
    reader: TheReader,
    asked: TheFilters,
    limit: Limit = PAGE_USUAL,
    cursor: Cursor = None,
) -> Template:
    """Entries with their lines, newest first, narrowed by whatever is known."""
    found = await journal.page(reader, asked, limit, cursor)
    return page.show("journal.html", found=found)


@get("/drill-down")
async def show_drill_down(
    page: ThePage,
    reader: TheReader,
    transaction_id: OfTransaction = None,
    entry: EntryNumber = None,
    rrn: Rrn = None,
    position: Position = None,
) -> Template:
    """The withdrawal, its entries, the switch's messages, the records of the log."""
    by = By(transaction_id=transaction_id, entry=entry, rrn=rrn, position=position)
    return page.show("drill_down.html", found=await drill_down.of(reader, by))


@get("/ledger")
async def show_chart(page: ThePage, reader: TheReader) -> Template:
    """The chart of accounts with what stands under each code today."""
    found = await trial_balance.of(reader, Asked(to=today()))
    return page.show("chart.html", found=found)


@get("/ledger/{code:str}")
async def show_ledger(
    code: Code,
    page: ThePage,
    reader: TheReader,
    since: Since = None,
    until: Until = None,
    axis: AnAxis = Axis.BOOKING,
    position: Position = None,
    oldest_first: OldestFirst = False,
    cursor: Cursor = None,
) -> Template:
    """The lines of a code with all its accounts, each with the balance that it left."""
    filters = LineFilters(
        from_=since, to=until, axis=axis, position=position, oldest_first=oldest_first
    )
    found = await general_ledger.of_code(reader, code, filters, PAGE_USUAL, cursor)
    return page.show("ledger.html", found=found)


@get("/accounts")
async def show_accounts(
    page: ThePage, reader: TheReader, code: ChartCode = None, cursor: Cursor = None
) -> Template:
    """The accounts of a code, or all, with their balances."""
    found = await accounts.page(reader, code, PAGE_USUAL, cursor)
    return page.show("accounts.html", found=found, code=code)


@get("/accounts/{account_id:uuid}")
async def show_account(
    account_id: FromPath[UUID],
    page: ThePage,
    reader: TheReader,
    since: Since = None,
    until: Until = None,
    axis: AnAxis = Axis.BOOKING,
    position: Position = None,
    oldest_first: OldestFirst = False,
    cursor: Cursor = None,
) -> Template:
    """The lines of one account."""
    filters = LineFilters(
        from_=since, to=until, axis=axis, position=position, oldest_first=oldest_first
    )
    found = await general_ledger.of_account(reader, account_id, filters, PAGE_USUAL, cursor)
    return page.show("ledger.html", found=found)


@get("/trial-balance")
async def show_trial_balance(
    page: ThePage,
    reader: TheReader,
    as_of: AsOf = None,
    since: Opening = None,
    axis: AnAxis = Axis.BOOKING,
    compare: Compare = None,
    position: Position = None,
) -> Template:
    """Opening, debits, credits, closing; another day beside them."""
    asked = asked_for(as_of, axis, position, since, compare)
    return page.show("trial_balance.html", found=await trial_balance.of(reader, asked))


@get("/income")
async def show_income(
    page: ThePage,
    reader: TheReader,
    since: Since = None,
    until: Until = None,
    axis: AnAxis = Axis.BOOKING,
) -> Template:
    """The income statement: of this month, when no days are named."""
    last = until or today()
    first = since or first_of_month(last)
    found = await financial.income_statement(reader, first, last, axis)
    return page.show("income.html", found=found)


@get("/balance-sheet")
async def show_balance_sheet(
    page: ThePage,
    reader: TheReader,
    as_of: AsOf = None,
    axis: AnAxis = Axis.BOOKING,
    position: Position = None,
) -> Template:
    """Assets equal liabilities, equity and result."""
    asked = asked_for(as_of, axis, position)
    found = await financial.balance_sheet(reader, asked)
    return page.show("balance_sheet.html", found=found)


@get("/safeguarding")
async def show_safeguarding(page: ThePage, reader: TheReader, as_of: AsOf = None) -> Template:
    """The trust against what it stands for, term by term, each with its ledgers."""
    found = await safeguarding.on(reader, as_of or today())
    return page.show("safeguarding.html", found=found)


def first_of_month(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


HANDLERS = (
    show_journal,
    show_drill_down,
    show_chart,
    show_ledger,
    show_accounts,
    show_account,
    show_trial_balance,
    show_income,
    show_balance_sheet,
    show_safeguarding,
)
