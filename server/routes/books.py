"""What accountants and auditors read: accounts, their lines, the journal."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, PathParameter, QueryParameter, SkipValidation

from ledger.money import Money
from queries import accounts, general_ledger, journal
from queries.accounts import AccountsPage
from queries.cursor import PAGE_USUAL
from queries.filters import Filters
from queries.general_ledger import LedgerPage, LineFilters
from queries.journal import Entry, JournalPage
from queries.standing import Axis
from server.routes.files import AnAxis, Position
from server.routes.given import TheReader
from server.routes.wallet import Cursor, Limit

Since = Annotated[date | None, QueryParameter(name="from", description="First day on the axis")]
Until = Annotated[date | None, QueryParameter(name="to", description="Last day on the axis")]
OldestFirst = Annotated[bool, QueryParameter(name="oldestFirst")]
Code = Annotated[
    str | None,
    QueryParameter(name="code", pattern=r"^[0-9]{4}$", description="Of the chart"),
]
AccountOrCode = Annotated[
    str | None,
    QueryParameter(name="account", max_length=36, description="A code of the chart, or an id"),
]
Day = date | None
BookedFrom = Annotated[Day, QueryParameter(name="from", description="First day of booking")]
BookedTo = Annotated[Day, QueryParameter(name="to", description="Last day of booking")]
ValueFrom = Annotated[Day, QueryParameter(name="valueFrom", description="First day of value")]
ValueTo = Annotated[Day, QueryParameter(name="valueTo", description="Last day of value")]
RecordedFrom = Annotated[Day, QueryParameter(name="recordedFrom", description="First day written")]
RecordedTo = Annotated[Day, QueryParameter(name="recordedTo", description="Last day written")]
CodeFrom = Annotated[str | None, QueryParameter(name="codeFrom", pattern=r"^[0-9]{1,4}$")]
CodeTo = Annotated[str | None, QueryParameter(name="codeTo", pattern=r"^[0-9]{1,4}$")]
Transaction = Annotated[UUID | None, QueryParameter(name="transactionId")]
WalletOf = Annotated[
    UUID | None, QueryParameter(name="wallet", description="A wallet, or its owner")
]
AgentOf = Annotated[UUID | None, QueryParameter(name="agent")]
Kind = Annotated[
    str | None,
    QueryParameter(
        name="kind",
        max_length=64,
        pattern=r"^[a-z_.]+$",
        description="A kind, or its beginning with a full stop",
    ),
]
Money2 = r"^[0-9]{1,13}([.][0-9]{1,2})?$"
AmountMin = Annotated[
    str | None, QueryParameter(name="amountMin", pattern=Money2, description="Escudos")
]
AmountMax = Annotated[
    str | None, QueryParameter(name="amountMax", pattern=Money2, description="Escudos")
]
Reference = Annotated[
    str | None,
    QueryParameter(name="reference", min_length=1, max_length=128, pattern=r"^[^\x00]*$"),
]
Rrn = Annotated[str | None, QueryParameter(name="rrn", pattern=r"^[0-9]{12}$")]
Actor = Annotated[
    str | None, QueryParameter(name="actor", min_length=1, max_length=128, pattern=r"^[^\x00]*$")
]
FreeText = Annotated[
    str | None,
    QueryParameter(
        name="text",
        min_length=1,
        max_length=256,
        pattern=r"^[^\x00]*$",
        description="Whole words of what was written beside it, all of them",
    ),
]
Number = Annotated[str, PathParameter(pattern=r"^[0-9]{1,19}$", description="Number of an entry")]


def given_days(
    since: BookedFrom = None,
    until: BookedTo = None,
    value_from: ValueFrom = None,
    value_to: ValueTo = None,
    recorded_from: RecordedFrom = None,
    recorded_to: RecordedTo = None,
    position: Position = None,
) -> Filters:
    """Days on each axis."""
    return Filters(
        from_=since,
        to=until,
        value_from=value_from,
        value_to=value_to,
        recorded_from=recorded_from,
        recorded_to=recorded_to,
        position=position,
    )


def given_accounts(
    account: AccountOrCode = None,
    code_from: CodeFrom = None,
    code_to: CodeTo = None,
    wallet: WalletOf = None,
    agent: AgentOf = None,
) -> Filters:
    """Where it went."""
    return Filters(
        account=account, code_from=code_from, code_to=code_to, wallet=wallet, agent=agent
    )


def given_filters(
    days: TheDays,
    accounts_: TheAccounts,
    transaction: Transaction = None,
    kind: Kind = None,
    amount_min: AmountMin = None,
    amount_max: AmountMax = None,
    reference: Reference = None,
    rrn: Rrn = None,
    actor: Actor = None,
    text: FreeText = None,
) -> Filters:
    """All filters of the journal."""
    return merged(
        days,
        accounts_,
        Filters(
            transaction_id=transaction,
            kind=kind,
            amount_min=None if amount_min is None else Money.of(amount_min),
            amount_max=None if amount_max is None else Money.of(amount_max),
            reference=reference,
            rrn=rrn,
            actor=actor,
            text=text,
        ),
    )


def merged(*parts: Filters) -> Filters:
    """All that any of these asks for."""
    asked = {
        name: value
        for part in parts
        for name, value in msgspec.structs.asdict(part).items()
        if value is not None
    }
    return Filters(**asked)


TheDays = NamedDependency[SkipValidation[Filters]]
TheAccounts = NamedDependency[SkipValidation[Filters]]
TheFilters = NamedDependency[SkipValidation[Filters]]


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
    axis: AnAxis = Axis.BOOKING,
    position: Position = None,
    oldest_first: OldestFirst = False,
    limit: Limit = PAGE_USUAL,
    cursor: Cursor = None,
) -> LedgerPage:
    """With the balance that each line left, by booking or value dates, or as it was known."""
    filters = LineFilters(
        from_=since, to=until, axis=axis, position=position, oldest_first=oldest_first
    )
    return await general_ledger.of_account(reader, account_id, filters, limit, cursor)


@get(
    "/journal",
    summary="Entries, newest first",
    dependencies={
        "asked": Provide(given_filters, sync_to_thread=False),
        "days": Provide(given_days, sync_to_thread=False),
        "accounts_": Provide(given_accounts, sync_to_thread=False),
    },
)
async def read_journal(
    reader: TheReader, asked: TheFilters, limit: Limit = PAGE_USUAL, cursor: Cursor = None
) -> JournalPage:
    """The journal, narrowed by whatever is known. A page may have fewer items than it might, and
    still one that follows."""
    return await journal.page(reader, asked, limit, cursor)


@get("/journal/{number:str}", summary="One entry")
async def read_entry(number: Number, reader: TheReader) -> Entry:
    """An entry with its lines."""
    return await journal.one(reader, number)


HANDLERS = (read_accounts, read_lines, read_journal, read_entry)
