"""The reconciliation workbench: the switch's files, breaks with three legs, and what is done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Template
from uuid_utils.compat import uuid7

from commands.approval.propose import Propose
from commands.reconciliation.resolve_mismatch import MismatchEnd, ResolveMismatch
from commands.treasury.own_money import Said
from ledger.errors import Refusal
from queries import settlement_breaks, settlement_files
from queries.cursor import PAGE_USUAL
from queries.reader import Reader
from queries.settlement_breaks import BreakFilters
from queries.settlement_files import FileFilters
from server.desk.forms import confirm, order
from server.desk.page import Page, ThePage
from server.desk.proposals import seen, to_proposal
from server.routes.given import TheCall, TheReader, TheSettings, TheSignIn
from server.routes.settlement import Kind, OfOutcome, Since, State, Transaction, Until
from server.routes.wallet import Cursor
from server.wire import ApiRequest, Received

FILES_SHOWN = 12


class End(Received, frozen=True, kw_only=True):
    """What is proposed to become of a break."""

    end: MismatchEnd
    evidence: Said


@get("/reconciliation")
async def show_workbench(
    page: ThePage,
    reader: TheReader,
    kind: Kind = None,
    in_state: State = None,
    transaction: Transaction = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
) -> Template:
    """Files, breaks, and what is still in doubt."""
    filters = BreakFilters(
        kind=kind, state=in_state, transaction_id=transaction, from_=since, to=until
    )
    return await _workbench(page, reader, filters, cursor)


@get("/reconciliation/files/{file_id:uuid}")
async def show_file(
    file_id: FromPath[UUID],
    page: ThePage,
    reader: TheReader,
    outcome: OfOutcome = None,
    cursor: Cursor = None,
) -> Template:
    """One file: its totals, outcomes, breaks and items."""
    file = await settlement_files.file(reader, file_id)
    items = await settlement_files.items(reader, file_id, outcome, PAGE_USUAL, cursor)
    return page.show("file.html", file=file, found=items)


@post("/reconciliation/breaks/{mismatch_id:uuid}", status_code=200)
async def propose_end(
    mismatch_id: FromPath[UUID],
    page: ThePage,
    request: ApiRequest,
    call: TheCall,
    reader: TheReader,
    settings: TheSettings,
    sign_in: TheSignIn,
) -> Response[None] | Template:
    """Propose to book a break or to dismiss it. Somebody else approves."""
    said, confirmation = await order(request, End)
    change = ResolveMismatch(mismatch_id=mismatch_id, end=said.end, evidence=said.evidence)
    command = Propose(
        proposal_id=uuid7(),
        maker_id=call.caller.user_id,
        change=change,
        ttl_seconds=settings.proposal_ttl_seconds,
        session_id=call.caller.session_id,
    )
    try:
        await confirm(request, call, sign_in, confirmation)
        outcome = await call.write(command, change, key=confirmation.key)
    except Refusal as refusal:
        return await _workbench(page, reader, BreakFilters(state="open"), None, refusal)
    await seen(reader, outcome.position, settings)
    return to_proposal(outcome)


async def _workbench(
    page: Page,
    reader: Reader,
    filters: BreakFilters,
    cursor: str | None,
    refusal: Refusal | None = None,
) -> Template:
    found: dict[str, Any] = {
        "files": await settlement_files.files(reader, FileFilters(), FILES_SHOWN),
        "found": await settlement_breaks.breaks(reader, filters, PAGE_USUAL, cursor),
        "doubts": await settlement_breaks.doubts(reader),
    }
    if refusal is not None:
        return page.refused("reconciliation.html", refusal, **found)
    return page.show("reconciliation.html", **found)


HANDLERS = (show_workbench, show_file, propose_end)
