"""What accountants and auditors read: accounts, the journal, the trial balance."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromPath, PathParameter, QueryParameter

from ledger.books import COUNTRY
from queries import accounts, journal, trial_balance
from queries.accounts import AccountLinesPage, AccountsPage, LineFilters
from queries.cursor import PAGE_USUAL
from queries.journal import Entry, Filters, JournalPage
from queries.trial_balance import TrialBalance
from server.routes.given import TheReader
from server.routes.wallet import Cursor, Limit

Since = Annotated[date | None, QueryParameter(name="from", description="First day of booking")]
Until = Annotated[date | None, QueryParameter(name="to", description="Last day of booking")]
Code = Annotated[
    str | None,
    QueryParameter(name="code", pattern=r"^[0-9]{4}$", description="Of the chart"),
]
AccountOrCode = Annotated[
    str | None,
    QueryParameter(name="account", max_length=36, description="A code of the chart, or an id"),
]
Transaction = Annotated[UUID | None, QueryParameter(name="transactionId")]
Kind = Annotated[str | None, QueryParameter(name="kind", max_length=64, pattern=r"^[a-z_.]+$")]
Number = Annotated[str, PathParameter(pattern=r"^[0-9]{1,19}$", description="Number of an entry")]
AsOf = Annotated[date | None, QueryParameter(name="asOf", description="A day; today")]


@get("/accounts", summary="All accounts, or those of one code")
async def read_accounts(
    reader: TheReader, code: Code = None, limit: Limit = PAGE_USUAL, cursor: Cursor = None
) -> AccountsPage:
    """In the order of codes, with their balances."""
    return await accounts.page(reader, code, limit, cursor)


@get("/accounts/{account_id:uuid}/lines", summary="The lines of an account, newest first")
async def read_lines(
    account_id: FromPath[UUID],
    reader: TheReader,
    since: Since = None,
    until: Until = None,
    limit: Limit = PAGE_USUAL,
    cursor: Cursor = None,
) -> AccountLinesPage:
    """With the balance that each line left."""
    filters = LineFilters(from_=since, to=until)
    return await accounts.lines(reader, account_id, filters, limit, cursor)


@get("/journal", summary="Entries, newest first")
async def read_journal(
    reader: TheReader,
    since: Since = None,
    until: Until = None,
    account: AccountOrCode = None,
    transaction: Transaction = None,
    kind: Kind = None,
    limit: Limit = PAGE_USUAL,
    cursor: Cursor = None,
) -> JournalPage:
    """The journal, narrowed by days, account, transaction and kind."""
    filters = Filters(from_=since, to=until, account=account, transaction_id=transaction, kind=kind)
    return await journal.page(reader, filters, limit, cursor)


@get("/journal/{number:str}", summary="One entry")
async def read_entry(number: Number, reader: TheReader) -> Entry:
    """An entry with its lines."""
    return await journal.one(reader, number)


@get("/reports/trial-balance", summary="The trial balance at the end of a day")
async def read_trial_balance(reader: TheReader, as_of: AsOf = None) -> TrialBalance:
    """Debits equal credits."""
    return await trial_balance.as_of(reader, as_of or datetime.now(COUNTRY).date())


HANDLERS = (read_accounts, read_lines, read_journal, read_entry, read_trial_balance)
