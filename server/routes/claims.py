"""Claims: a customer says that a machine did not pay, and what others say stands beside it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from commands.withdrawal.claim import (
    AddEvidence,
    ClaimStatus,
    EvidenceAdded,
    OpenClaim,
    ReportEvidence,
    Source,
)
from ledger.errors import NotFound
from ledger.money import Money
from queries import claims
from queries.claims import Claim, Claims, OwnClaim
from server.enrolment import envelope_of
from server.routes.given import (
    TheCall,
    ThePrimary,
    TheReader,
    TheSettings,
    TheSwitch,
    TheVault,
)
from server.routes.switch import Advised, Traced, advised
from server.wire import AmountOrZero, Received, Reply, Text, reply_to

SAID = "claim"

Words = Annotated[str, Meta(min_length=1, max_length=1_000, pattern=r"^[^\x00]*$")]


class NewClaim(Received, frozen=True, kw_only=True):
    """What happened at the machine, in the customer's words, and what came out of it after all."""

    text: Words
    received: AmountOrZero | None = None


class NewEvidence(Received, frozen=True, kw_only=True):
    """What a source says was dispensed."""

    source: Source
    dispensed: AmountOrZero
    note: Text


class SwitchEvidence(Traced, frozen=True, kw_only=True):
    """The same from the machine's owner, about one of its operations."""

    source: Source
    dispensed: AmountOrZero
    note: Text


class ClaimText(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the customer wrote."""

    transaction_id: UUID
    text: str


@post("/withdrawal/{transaction_id:uuid}/claim", summary="No cash came, or not all")
async def open_claim(
    transaction_id: FromPath[UUID],
    data: JSONBody[NewClaim],
    call: TheCall,
    vault: TheVault,
    primary: ThePrimary,
    settings: TheSettings,
) -> Reply[ClaimStatus]:
    """Two people look at it, with the machine's own evidence."""
    user_id = call.caller.user_id
    profile = await primary.profile_of(user_id)
    if profile is None:
        raise NotFound
    command = OpenClaim(
        transaction_id=transaction_id,
        user_id=user_id,
        received=Money(0) if data.received is None else data.received.money,
        text_seal=envelope_of(vault, user_id, profile).seal(SAID, transaction_id, data.text),
        window_seconds=settings.claim_window_seconds,
    )
    return reply_to(await call.write(command, data))


@get("/withdrawal/{transaction_id:uuid}/claim", summary="How a claim of one's own stands")
async def read_own_claim(
    transaction_id: FromPath[UUID], call: TheCall, reader: TheReader
) -> OwnClaim:
    """Open, paid or refused."""
    return await claims.own(reader, call.caller.user_id, transaction_id)


@post("/withdrawal/{transaction_id:uuid}/evidence", summary="What a count or a journal says")
async def add_evidence(
    transaction_id: FromPath[UUID], data: JSONBody[NewEvidence], call: TheCall
) -> Reply[EvidenceAdded]:
    """It stands beside the withdrawal, claimed or not."""
    command = AddEvidence(
        transaction_id=transaction_id,
        user_id=call.caller.user_id,
        source=data.source,
        dispensed=data.dispensed.money,
        note=data.note,
    )
    return reply_to(await call.write(command, data))


@get("/claims", summary="Claims that wait for a decision")
async def read_claims(reader: TheReader) -> Claims:
    """The oldest first."""
    return await claims.open_ones(reader)


@get("/claims/{transaction_id:uuid}", summary="A claim with its evidence")
async def read_claim(transaction_id: FromPath[UUID], reader: TheReader) -> Claim:
    """All that is known of it."""
    return await claims.one(reader, transaction_id)


@get("/claims/{transaction_id:uuid}/text", summary="What the customer wrote")
async def read_claim_text(
    transaction_id: FromPath[UUID], primary: ThePrimary, vault: TheVault
) -> ClaimText:
    """It may name people, so it stands sealed apart from the log."""
    claim = await primary.claim(transaction_id)
    if claim is None or claim.profile_seal is None:
        raise NotFound
    envelope = envelope_of(vault, claim.user_id, claim.profile_seal)
    text = envelope.open(SAID, transaction_id, claim.text_seal)
    return ClaimText(transaction_id=transaction_id, text=text)


@post("/vinti4/evidence", status_code=200, summary="What a machine's count or journal says")
async def report_evidence(data: JSONBody[SwitchEvidence], from_switch: TheSwitch) -> Reply[Advised]:
    """About an operation that we approved; of any other the answer is 25."""
    from_switch.caller.require_own(data.acquirer_id)
    outcome = await from_switch.write(
        ReportEvidence(
            trace=data.trace,
            nonce_hash=from_switch.caller.nonce_hash,
            source=data.source,
            dispensed=data.dispensed.money,
            note=data.note,
        )
    )
    return reply_to(outcome, advised(outcome.fresh))


HANDLERS = (
    open_claim,
    read_own_claim,
    add_evidence,
    read_claims,
    read_claim,
    read_claim_text,
    report_evidence,
)
