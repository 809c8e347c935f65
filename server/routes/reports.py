"""Reports for accountants and auditors: ledger, results, ageing, agents, the trust."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from commands.treasury.safeguarding import BalanceStated, StateTrustBalance
from ledger.books import COUNTRY
from ledger.errors import InvalidRequest
from queries import (
    ageing,
    drill_down,
    financial,
    floats,
    general_ledger,
    regulator,
    safeguarding,
    trial_balance,
)
from queries.ageing import Ageing
from queries.cursor import PAGE_USUAL
from queries.drill_down import By, DrillDown
from queries.financial import BalanceSheet, IncomeStatement
from queries.floats import Floats
from queries.general_ledger import LedgerPage, LineFilters
from queries.regulator import Month, SuspiciousCase
from queries.safeguarding import History, Safeguarding
from queries.standing import Axis
from queries.trial_balance import Asked, TrialBalance
from server.routes.files import AnAxis, Position
from server.routes.given import TheCall, TheReader
from server.routes.wallet import Cursor, From, Limit, To
from server.wire import Amount, Received, Reply, Text, reply_to

AsOf = Annotated[date | None, QueryParameter(name="asOf", description="A day; today")]
Opening = Annotated[
    date | None, QueryParameter(name="from", description="What stood before is the opening")
]
Compare = Annotated[
    date | None, QueryParameter(name="compare", description="Another day, shown beside")
]
Since = Annotated[date | None, QueryParameter(name="from", description="First day on the axis")]
Until = Annotated[date | None, QueryParameter(name="to", description="Last day on the axis")]
OldestFirst = Annotated[bool, QueryParameter(name="oldestFirst")]
Code = Annotated[str, PathParameter(pattern=r"^[0-9]{4}$", description="Of the chart")]
MonthOf = Annotated[
    str, QueryParameter(name="month", pattern=r"^[0-9]{4}-[0-9]{2}$", description="2026-11")
]
EntryNumber = Annotated[
    str | None,
    QueryParameter(name="entry", pattern=r"^[0-9]{1,19}$|^[0-9]{4}/[0-9]{1,12}$"),
]
Rrn = Annotated[str | None, QueryParameter(name="rrn", pattern=r"^[0-9]{12}$")]
OfTransaction = Annotated[UUID | None, QueryParameter(name="transactionId")]


class TrustStatement(Received, frozen=True, kw_only=True):
    """What the trust bank's own statement says."""

    day: date
    balance: Amount
    reference: Text


@get("/ledger/{code:str}", summary="The lines of a code with all its accounts")
async def read_ledger(
    code: Code,
    reader: TheReader,
    since: Since = None,
    until: Until = None,
    axis: AnAxis = Axis.BOOKING,
    position: Position = None,
    oldest_first: OldestFirst = False,
    limit: Limit = PAGE_USUAL,
    cursor: Cursor = None,
) -> LedgerPage:
    """Opening, each line with the balance that it left, closing."""
    filters = LineFilters(
        from_=since, to=until, axis=axis, position=position, oldest_first=oldest_first
    )
    return await general_ledger.of_code(reader, code, filters, limit, cursor)


@get("/drill-down", summary="A transaction from any of its parts to all of them")
async def read_drill_down(
    reader: TheReader,
    transaction_id: OfTransaction = None,
    entry: EntryNumber = None,
    rrn: Rrn = None,
    position: Position = None,
) -> DrillDown:
    """The withdrawal, its entries, the switch's messages, who did what."""
    by = By(transaction_id=transaction_id, entry=entry, rrn=rrn, position=position)
    return await drill_down.of(reader, by)


@get("/reports/trial-balance", summary="The trial balance")
async def read_trial_balance(
    reader: TheReader,
    as_of: AsOf = None,
    since: Opening = None,
    axis: AnAxis = Axis.BOOKING,
    compare: Compare = None,
    position: Position = None,
) -> TrialBalance:
    """At the end of a day of booking or value, or at a position of the log. Debits equal
    credits."""
    return await trial_balance.of(reader, asked_for(as_of, axis, position, since, compare))


@get("/reports/income", summary="The income statement of a span of days")
async def read_income(
    reader: TheReader, from_: From, to: To, axis: AnAxis = Axis.BOOKING
) -> IncomeStatement:
    """What was earned and what was spent."""
    return await financial.income_statement(reader, from_, to, axis)


@get("/reports/balance-sheet", summary="The balance sheet")
async def read_balance_sheet(
    reader: TheReader,
    as_of: AsOf = None,
    axis: AnAxis = Axis.BOOKING,
    position: Position = None,
) -> BalanceSheet:
    """Assets equal liabilities, equity and result."""
    return await financial.balance_sheet(reader, asked_for(as_of, axis, position))


@get("/reports/suspense", summary="Open items by age")
async def read_suspense(reader: TheReader, as_of: AsOf = None) -> Ageing:
    """Breaks, disputes, claims, unidentified credits; what the switch and agents owe."""
    return await ageing.as_of(reader, as_of or _today())


@get("/reports/agents", summary="Floats and commission of all agents")
async def read_agent_floats(
    reader: TheReader, from_: From, to: To, limit: Limit = PAGE_USUAL, cursor: Cursor = None
) -> Floats:
    """Of days of booking, both included."""
    return await floats.page(reader, from_, to, limit, cursor)


@get("/reports/safeguarding", summary="The trust, term by term")
async def read_safeguarding(reader: TheReader, as_of: AsOf = None) -> Safeguarding:
    """What it holds and what it stands for at the end of a day."""
    return await safeguarding.on(reader, as_of or _today())


@get("/reports/safeguarding/history", summary="The trust as it was recorded, day by day")
async def read_safeguarding_history(reader: TheReader, from_: From, to: To) -> History:
    """The newest day first."""
    return await safeguarding.history(reader, from_, to)


@post(
    "/reports/safeguarding/statement",
    status_code=200,
    summary="What the trust bank says it held when a day ended",
)
async def state_trust_balance(
    data: JSONBody[TrustStatement], call: TheCall
) -> Reply[BalanceStated]:
    """The last word about a day counts. The shortfall is measured against it."""
    command = StateTrustBalance(
        day=data.day,
        balance=data.balance.money,
        reference=data.reference,
        user_id=call.caller.user_id,
    )
    return reply_to(await call.write(command, data))


@get("/reports/suspicious", summary="Cases that were opened in a month")
async def read_suspicious(reader: TheReader, month: MonthOf) -> list[SuspiciousCase]:
    """In a layout of our own."""
    return list(await regulator.suspicious(reader, month))


@get("/reports/month", summary="A month's figures for the central bank")
async def read_month(reader: TheReader, month: MonthOf) -> Month:
    """In a layout of our own."""
    return await regulator.month(reader, month)


def _today() -> date:
    return datetime.now(COUNTRY).date()


def asked_for(
    as_of: date | None,
    axis: Axis,
    position: int | None,
    since: date | None = None,
    compare: date | None = None,
) -> Asked:
    if position is not None and as_of is not None:
        raise InvalidRequest(field="position", reason="stands alone, without days")
    day = as_of if position is not None else as_of or _today()
    return Asked(to=day, from_=since, axis=axis, compare=compare, position=position)


HANDLERS = (
    read_ledger,
    read_drill_down,
    read_trial_balance,
    read_income,
    read_balance_sheet,
    read_suspense,
    read_agent_floats,
    read_safeguarding,
    read_safeguarding_history,
    state_trust_balance,
    read_suspicious,
    read_month,
)
