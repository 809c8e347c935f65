"""Four eyes: one person proposes a change, another approves it as it was read."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta
from uuid_utils.compat import uuid7

from commands.approval.approve import Approve
from commands.approval.changes import ABOUT_PEOPLE, ABOUT_THE_LINK, Proposable
from commands.approval.proposal import ProposalStatus
from commands.approval.propose import Propose
from commands.approval.withdraw import Withdraw
from commands.identity.person import Role
from queries import proposals
from queries.cursor import PAGE_USUAL
from queries.proposals import Proposal, Proposals
from server.routes.given import TheCall, TheReader, TheSettings
from server.routes.wallet import Cursor, Limit
from server.wire import Received, Reply, Text, reply_to

State = Annotated[
    Literal["proposed", "applied", "withdrawn", "lapsed"] | None,
    QueryParameter(name="state", description="Only these"),
]


class WhatWasRead(Received, frozen=True, kw_only=True):
    """The SHA-256 of the content that is approved, as the proposal told it."""

    content_hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", examples=["0" * 64])]


class Why(Received, frozen=True, kw_only=True):
    """Why it is not to be."""

    reason: Text


@post("/proposals", summary="Propose a change that takes two people")
async def propose(
    data: JSONBody[Proposable], call: TheCall, settings: TheSettings
) -> Reply[ProposalStatus]:
    """`kind` says which; what cannot be applied now is refused at once."""
    command = Propose(
        proposal_id=uuid7(),
        maker_id=call.caller.user_id,
        change=data,
        ttl_seconds=settings.proposal_ttl_seconds,
        session_id=call.caller.session_id,
    )
    return reply_to(await call.write(command, data))


@get("/proposals", summary="Proposals, newest first")
async def read_proposals(
    reader: TheReader,
    call: TheCall,
    in_state: State = None,
    limit: Limit = PAGE_USUAL,
    cursor: Cursor = None,
) -> Proposals:
    """With what they would change. An admin sees those about people."""
    return await proposals.page(reader, in_state, limit, cursor, kinds_for(call.caller.role))


@get("/proposals/{proposal_id:uuid}", summary="One proposal")
async def read_proposal(proposal_id: FromPath[UUID], reader: TheReader, call: TheCall) -> Proposal:
    """What it would change, and the hash by which it is approved."""
    return await proposals.one(reader, proposal_id, kinds_for(call.caller.role))


@post(
    "/proposals/{proposal_id:uuid}/approve",
    status_code=200,
    summary="Approve what somebody else has proposed, naming its content",
)
async def approve(
    proposal_id: FromPath[UUID], data: JSONBody[WhatWasRead], call: TheCall
) -> Reply[ProposalStatus]:
    """It is applied at once."""
    command = Approve(
        proposal_id=proposal_id,
        checker_id=call.caller.user_id,
        content_hash=data.content_hash,
        session_id=call.caller.session_id,
    )
    return reply_to(await call.write(command, data))


@post(
    "/proposals/{proposal_id:uuid}/withdraw",
    status_code=200,
    summary="Take a proposal back, or turn somebody else's down",
)
async def withdraw(
    proposal_id: FromPath[UUID], data: JSONBody[Why], call: TheCall
) -> Reply[ProposalStatus]:
    """Nothing is changed."""
    command = Withdraw(proposal_id=proposal_id, user_id=call.caller.user_id, reason=data.reason)
    return reply_to(await call.write(command, data))


def kinds_for(role: Role) -> tuple[str, ...] | None:
    """The kinds of change that a role may see; None: all. Admins have nothing to do with money."""
    return ABOUT_PEOPLE + ABOUT_THE_LINK if role is Role.ADMIN else None


HANDLERS = (propose, read_proposals, read_proposal, approve, withdraw)
