"""Settlement files come in, and the workbench shows what was made of them.

What is done about a break takes two people: see `resolve_mismatch` of POST /proposals.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, QueryParameter

from commands.reconciliation.judge import Outcome
from commands.reconciliation.mismatch import MismatchKind, MismatchState
from ledger.errors import Unauthenticated
from queries import settlement_breaks, settlement_files
from queries.cursor import PAGE_USUAL
from queries.settlement_breaks import BreakFilters, Doubts, FoundBreaks
from queries.settlement_files import FileDetail, FileFilters, FileItems, Files, NewestFile
from server.door import request_id
from server.routes.given import TheCall, TheClearing, TheReader, TheSettings, TheSwitch
from server.routes.wallet import Cursor, Limit
from server.settlement.taking_in import Bearer, spooled
from server.wire import ApiRequest

Acquirer = Annotated[str | None, QueryParameter(name="acquirerId", pattern=r"^[!-~]{1,64}$")]
Since = Annotated[date | None, QueryParameter(name="from", description="First settlement date")]
Until = Annotated[date | None, QueryParameter(name="to", description="Last settlement date")]
FileState = Annotated[Literal["matching", "matched"] | None, QueryParameter(name="state")]
OfOutcome = Annotated[Outcome | None, QueryParameter(name="outcome")]
Kind = Annotated[MismatchKind | None, QueryParameter(name="kind")]
State = Annotated[MismatchState | None, QueryParameter(name="state")]
OfFile = Annotated[UUID | None, QueryParameter(name="fileId")]
Transaction = Annotated[UUID | None, QueryParameter(name="transactionId")]


@post(
    "/settlement/files",
    status_code=200,
    summary="Take a settlement file in",
    request_max_body_size=None,  # it is a stream, with a limit of its own
)
async def bring_file(
    request: ApiRequest, call: TheCall, clearing: TheClearing, settings: TheSettings
) -> FileDetail:
    """The body is the file. All of it is proven before anything is posted; the answer comes when
    all of it is matched. The file's number is the key: once more, it is refused."""
    bearer = Bearer(
        actor=str(call.caller.user_id),
        request_id=request_id(request),
        user_id=call.caller.user_id,
    )
    async with spooled(request.stream(), settings.settlement_bytes_max) as received:
        return await clearing.take_in(received.file, bearer)


@post(
    "/vinti4/files",
    status_code=200,
    summary="The switch brings its settlement file",
    request_max_body_size=None,
)
async def bring_file_from_switch(
    request: ApiRequest, from_switch: TheSwitch, clearing: TheClearing, settings: TheSettings
) -> FileDetail:
    """The same; the message's own digest must be that of the file."""
    caller = from_switch.caller
    bearer = Bearer(
        actor=f"switch:{caller.acquirer_id}",
        request_id=request_id(request),
        acquirer_id=caller.acquirer_id,
        nonce_hash=caller.nonce_hash,
    )
    async with spooled(request.stream(), settings.settlement_bytes_max) as received:
        if request.headers.get("content-digest") != received.content_digest:
            raise Unauthenticated("The signature is not valid.")
        return await clearing.take_in(received.file, bearer)


@get("/vinti4/files/newest", summary="The last file that we have of this acquirer")
async def read_newest(from_switch: TheSwitch, reader: TheReader) -> NewestFile:
    """From it the switch knows the number of the next one."""
    return await settlement_files.newest(reader, from_switch.caller.acquirer_id)


@get("/settlement/files", summary="Settlement files, newest first")
async def read_files(
    reader: TheReader,
    acquirer: Acquirer = None,
    since: Since = None,
    until: Until = None,
    in_state: FileState = None,
    limit: Limit = PAGE_USUAL,
    cursor: Cursor = None,
) -> Files:
    """Narrowed by acquirer, settlement dates and state."""
    filters = FileFilters(acquirer_id=acquirer, from_=since, to=until, state=in_state)
    return await settlement_files.files(reader, filters, limit, cursor)


@get("/settlement/files/{file_id:uuid}", summary="One file, and what was made of it")
async def read_file(file_id: FromPath[UUID], reader: TheReader) -> FileDetail:
    """Outcomes of its items, breaks, and what may be paid for its date."""
    return await settlement_files.file(reader, file_id)


@get("/settlement/files/{file_id:uuid}/items", summary="The items of a file, in its order")
async def read_items(
    file_id: FromPath[UUID],
    reader: TheReader,
    outcome: OfOutcome = None,
    limit: Limit = PAGE_USUAL,
    cursor: Cursor = None,
) -> FileItems:
    """As they stand there, with the withdrawals that they are about."""
    return await settlement_files.items(reader, file_id, outcome, limit, cursor)


@get("/settlement/breaks", summary="Breaks that matching has found, newest first")
async def read_breaks(
    reader: TheReader,
    kind: Kind = None,
    in_state: State = None,
    of_file: OfFile = None,
    transaction: Transaction = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = PAGE_USUAL,
    cursor: Cursor = None,
) -> FoundBreaks:
    """File, books and machine beside each other, and what booking would post."""
    filters = BreakFilters(
        kind=kind,
        state=in_state,
        file_id=of_file,
        transaction_id=transaction,
        from_=since,
        to=until,
    )
    return await settlement_breaks.breaks(reader, filters, limit, cursor)


@get("/settlement/doubts", summary="Withdrawals in doubt, and how often no file has named them")
async def read_doubts(reader: TheReader) -> Doubts:
    """The oldest settlement date first."""
    return await settlement_breaks.doubts(reader)


HANDLERS = (
    bring_file,
    bring_file_from_switch,
    read_newest,
    read_files,
    read_file,
    read_items,
    read_breaks,
    read_doubts,
)
