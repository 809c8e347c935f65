"""Statements of the trust's bank come in, and books and bank are held side by side.

What is done about a line that only the bank has takes two people: what it was is booked with the
bank's reference, and then it matches; see also `resolve_bank_line` of POST /proposals.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, QueryParameter

from queries import bank
from queries.bank import Reconciliation, StatementDetail, Statements
from queries.cursor import PAGE_USUAL
from server.bank.file import BYTES_MAX
from server.bank.taking_in import DryRun, Matched
from server.door import Call, request_id
from server.routes.given import TheBankDesk, TheCall, TheReader
from server.routes.wallet import Cursor, Limit
from server.settlement.taking_in import Bearer, spooled
from server.wire import ApiRequest

OnlyTry = Annotated[
    bool,
    QueryParameter(name="dryRun", description="Tell what the rules would make of it, and no more"),
]


@post(
    "/bank/statements",
    status_code=200,
    summary="Take a bank statement in, or see what would become of it",
    request_max_body_size=None,  # it is a stream, with a limit of its own
)
async def bring_statement(
    request: ApiRequest, call: TheCall, bank_desk: TheBankDesk, dry_run: OnlyTry = False
) -> StatementDetail | DryRun:
    """The body is the file: CAMT.053, or CSV as docs/bank.md has it. All of it is proven before
    anything is kept; what came in and is in no book yet is credited; all that can be is matched.
    The statement's number is the key: the same file again goes on where it was interrupted."""
    async with spooled(request.stream(), BYTES_MAX) as received:
        if dry_run:
            return await bank_desk.dry_run(received.file)
        return await bank_desk.take_in(received.file, _bearer(request, call))


@get("/bank/statements", summary="Bank statements, newest first")
async def read_statements(
    reader: TheReader, limit: Limit = PAGE_USUAL, cursor: Cursor = None
) -> Statements:
    """With how many of their lines are in our books nowhere."""
    return await bank.statements(reader, limit, cursor)


@get("/bank/statements/{statement_id:uuid}", summary="One bank statement, line by line")
async def read_statement(statement_id: FromPath[UUID], reader: TheReader) -> StatementDetail:
    """What became of each of its lines."""
    return await bank.statement(reader, statement_id)


@post("/bank/matching", status_code=200, summary="Match what waits once more")
async def match_again(request: ApiRequest, call: TheCall, bank_desk: TheBankDesk) -> Matched:
    """After what was missing has been booked. Each new statement does the same."""
    return await bank_desk.match(_bearer(request, call))


@get("/bank/reconciliation", summary="Our books and the trust's bank, side by side")
async def read_reconciliation(reader: TheReader) -> Reconciliation:
    """What only one of the two has; `difference` must be nothing."""
    return await bank.reconciliation(reader)


def _bearer(request: ApiRequest, call: Call) -> Bearer:
    return Bearer(
        actor=str(call.caller.user_id),
        request_id=request_id(request),
        user_id=call.caller.user_id,
    )


HANDLERS = (bring_statement, read_statements, read_statement, match_again, read_reconciliation)
