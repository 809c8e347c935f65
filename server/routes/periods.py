"""Periods over HTTP: what each month takes, its checklist, and how it is closed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, PathParameter
from msgspec import Meta
from uuid_utils.compat import uuid7

from commands.approval.change import Change
from commands.approval.proposal import ProposalStatus
from commands.approval.propose import Propose
from commands.books.periods import Month
from commands.books.soft_close import PeriodStatus, SoftClose
from ledger.books import COUNTRY
from queries import periods
from queries.periods import Period, Periods
from server.closing import Checklist
from server.routes.given import TheCall, TheClosing, TheReader, TheSettings
from server.wire import Received, Reply, reply_to

MonthOf = Annotated[
    str, PathParameter(pattern=r"^[0-9]{4}-[0-9]{2}$", description="A month: 2026-11")
]


class Remark(Received, frozen=True, kw_only=True):
    """What the checker should know; the month and its figures are added by the server."""

    reason: Annotated[
        str, Meta(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$", examples=["November is done"])
    ] = ""


class YearRemark(Remark, frozen=True, kw_only=True):
    """Which fiscal year; its figures are added by the server."""

    year: Annotated[int, Meta(ge=2000, le=9998, examples=[2026])]


@get("/books/periods", summary="Every month of the books, and what it takes")
async def read_periods(reader: TheReader) -> Periods:
    """The newest first, with the steps that each has come by."""
    return await periods.all_of_them(reader, _today())


@get("/books/periods/{month:str}", summary="One month")
async def read_period(month: MonthOf, reader: TheReader) -> Period:
    """Its state, its steps, and the checklist on which it was closed."""
    return await periods.one(reader, Month.named(month).first, _today())


@get("/books/periods/{month:str}/checklist", summary="Whether a month can be closed")
async def read_checklist(month: MonthOf, closing: TheClosing) -> Checklist:
    """What must hold, line by line, and the open items that are carried forward."""
    return await closing.checklist(month)


@post(
    "/books/periods/{month:str}/soft-close",
    status_code=200,
    summary="Close a month to all but what two people approve for it",
)
async def soft_close(month: MonthOf, call: TheCall) -> Reply[PeriodStatus]:
    """After its last day. One accountant does it."""
    caller = call.caller
    command = SoftClose(month=month, user_id=caller.user_id, session_id=caller.session_id)
    return reply_to(await call.write(command))


@post("/books/periods/{month:str}/close", summary="Propose to close a soft-closed month")
async def propose_close(
    month: MonthOf,
    data: JSONBody[Remark],
    call: TheCall,
    closing: TheClosing,
    settings: TheSettings,
) -> Reply[ProposalStatus]:
    """With its checklist as it is now; another accountant approves it like any proposal."""
    change = await closing.close_of(month, data.reason)
    return await _propose(change, data, call, settings)


@post("/books/year-close", summary="Propose to carry a year's result over")
async def propose_year_close(
    data: JSONBody[YearRemark], call: TheCall, closing: TheClosing, settings: TheSettings
) -> Reply[ProposalStatus]:
    """Income and expense as they stand on its last day go to retained earnings in one entry."""
    change = await closing.year_of(data.year, data.reason)
    return await _propose(change, data, call, settings)


async def _propose(
    change: Change, data: Remark, call: TheCall, settings: TheSettings
) -> Reply[ProposalStatus]:
    command = Propose(
        proposal_id=uuid7(),
        maker_id=call.caller.user_id,
        change=change,
        ttl_seconds=settings.proposal_ttl_seconds,
        session_id=call.caller.session_id,
    )
    return reply_to(await call.write(command, data))


def _today() -> date:
    return datetime.now(COUNTRY).date()


HANDLERS = (
    read_periods,
    read_period,
    read_checklist,
    soft_close,
    propose_close,
    propose_year_close,
)
