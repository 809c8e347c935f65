"""The inbox of four eyes: what waits for a second person, read whole before it is approved."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from commands.approval.approve import Approve
from commands.approval.proposal import ProposalStatus
from commands.approval.withdraw import Withdraw
from commands.command import Command
from commands.deciding import Outcome
from ledger.errors import Overloaded, Refusal
from queries import proposals
from queries.cursor import PAGE_USUAL
from queries.reader import Reader
from server.cookies import DESK
from server.desk.forms import Confirmation, confirm, order
from server.desk.page import Page, ThePage
from server.door import Body, Call
from server.routes.approvals import State, WhatWasRead, Why, kinds_for
from server.routes.given import TheCall, TheReader, TheSettings, TheSignIn
from server.routes.wallet import Cursor
from server.settings import Settings
from server.wire import ApiRequest


@get("/proposals")
async def show_proposals(
    page: ThePage,
    reader: TheReader,
    call: TheCall,
    in_state: State = None,
    cursor: Cursor = None,
) -> Template:
    """Newest first; an admin sees those about people."""
    kinds = kinds_for(call.caller.role)
    found = await proposals.page(reader, in_state, PAGE_USUAL, cursor, kinds)
    return page.show("proposals.html", found=found)


@get("/proposals/{proposal_id:uuid}")
async def show_proposal(
    proposal_id: FromPath[UUID], page: ThePage, reader: TheReader, call: TheCall
) -> Template:
    """What it would change, the hash of that, and the two ways to end it."""
    found = await proposals.one(reader, proposal_id, kinds_for(call.caller.role))
    return page.show("proposal.html", found=found)


@post("/proposals/{proposal_id:uuid}/approve", status_code=200)
async def approve(
    proposal_id: FromPath[UUID],
    page: ThePage,
    request: ApiRequest,
    call: TheCall,
    reader: TheReader,
    settings: TheSettings,
    sign_in: TheSignIn,
) -> Response[None] | Template:
    """Approve what stood on the page: the form has brought its hash."""
    said, confirmation = await order(request, WhatWasRead)
    command = Approve(
        proposal_id=proposal_id,
        checker_id=call.caller.user_id,
        content_hash=said.content_hash,
        session_id=call.caller.session_id,
    )
    try:
        await confirm(request, call, sign_in, confirmation)
        outcome = await _ended(call, command, said, confirmation)
    except Refusal as refusal:
        return await _refused(page, reader, call, proposal_id, refusal)
    await seen(reader, outcome.position, settings)
    return to_proposal(outcome)


@post("/proposals/{proposal_id:uuid}/withdraw", status_code=200)
async def withdraw(
    proposal_id: FromPath[UUID],
    page: ThePage,
    request: ApiRequest,
    call: TheCall,
    reader: TheReader,
    settings: TheSettings,
) -> Response[None] | Template:
    """Take it back, or turn it down."""
    said, confirmation = await order(request, Why)
    command = Withdraw(proposal_id=proposal_id, user_id=call.caller.user_id, reason=said.reason)
    try:
        outcome = await _ended(call, command, said, confirmation)
    except Refusal as refusal:
        return await _refused(page, reader, call, proposal_id, refusal)
    await seen(reader, outcome.position, settings)
    return to_proposal(outcome)


async def seen(reader: Reader, position: int, settings: Settings) -> None:
    """Wait until the next page shows what was done, whichever process draws it; not for ever."""
    try:
        await reader.wait_for(position, settings.read_wait_seconds)
    except Overloaded:
        return


def to_proposal(outcome: Outcome[ProposalStatus]) -> Response[None]:
    """On to the proposal that something was done about."""
    status = msgspec.json.decode(outcome.body, type=_Named)
    return Response(
        None, status_code=303, headers={"Location": f"{DESK}/proposals/{status.proposal_id}"}
    )


class _Named(msgspec.Struct, frozen=True, rename="camel"):
    """What the stored answer says of which proposal it is about."""

    proposal_id: UUID


async def _ended(
    call: Call, command: Command[ProposalStatus], said: Body, confirmation: Confirmation
) -> Outcome[ProposalStatus]:
    return await call.write(command, said, key=confirmation.key)


async def _refused(
    page: Page, reader: Reader, call: Call, proposal_id: UUID, refusal: Refusal
) -> Template:
    found = await proposals.one(reader, proposal_id, kinds_for(call.caller.role))
    return page.refused("proposal.html", refusal, found=found)


HANDLERS = (show_proposals, show_proposal, approve, withdraw)
