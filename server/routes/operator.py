"""What our own people do: open wallets, report bank credits, settle doubts by four eyes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody, PathParameter
from msgspec import Meta
from uuid_utils.compat import uuid7

from commands.account.credit_from_bank import BankCredited, CreditFromBank
from commands.account.freeze import SetWalletStatus, WalletStatusSet
from commands.account.open_wallet import OpenWallet, WalletOpened
from commands.account.reverse_entry import EntryReversed, ReverseEntry
from commands.identity.person import Role
from commands.switch.dispute import Resolution
from commands.switch.resolve_dispute import ApproveResolution, DisputeStatus, ProposeResolution
from commands.tier import Tier
from commands.withdrawal.release import ApproveRelease, ProposeRelease, ReleaseStatus
from ledger.accounts import Status
from ledger.errors import CodeExpired, InvalidRequest
from ledger.money import Money
from server.chosen import require_choosable
from server.enrolment import TOTP, Authenticator, Profile, new_totp_secret
from server.routes.given import TheCall, TheEnrolment, ThePrimary, TheSettings, TheVault
from server.wire import (
    Amount,
    Phone,
    Received,
    Reply,
    Text,
    decoded,
    e164,
    reply_to,
    uuid_or_not_found,
)

Settable = Literal["open", "debits_frozen", "frozen", "closed"]
NO_AGENT = "There is no such agent."

EntryNumber = Annotated[str, PathParameter(pattern=r"^[0-9]{1,18}$")]


class NewCustomer(Received, frozen=True, kw_only=True):
    """Who they are. The PIN is typed by the customer."""

    phone: Phone
    name: Text
    pin: Annotated[str, Meta(pattern=r"^[0-9]{6,12}$", examples=["482915"])]
    tier: Tier = Tier.BASIC
    document: (
        Annotated[Text, Meta(description="Kind and number of what identifies them")] | None
    ) = None


class NewWallet(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The new wallet, and what the customer's authenticator needs to know."""

    user_id: UUID
    wallet_id: UUID
    totp_secret: str
    otpauth_uri: str
    qr: str


class BankCredit(Received, frozen=True, kw_only=True):
    """A credit on the trust account, and for whom: a customer, an agent, or nobody knows."""

    reference: Text
    amount: Amount
    value_date: date
    phone: Phone | None = None
    agent_id: Text | None = None


class NewStatus(Received, frozen=True, kw_only=True):
    """What a wallet shall be."""

    status: Settable
    reason: Text = "not given"


class Evidence(Received, frozen=True, kw_only=True):
    """Why we believe that it was not paid."""

    evidence: Text


class Proposal(Received, frozen=True, kw_only=True):
    """Who shall bear it, and why."""

    resolution: Resolution
    evidence: Text


ContentHash = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{64}$",
        examples=["0" * 64],
        description="`contentHash` as the proposal told it; given, it must be that of what waits",
    ),
]


class WhatWaits(Received, frozen=True, kw_only=True):
    """What is approved."""

    content_hash: ContentHash | None = None


class Approval(Received, frozen=True, kw_only=True):
    """What is approved."""

    resolution: Resolution
    content_hash: ContentHash | None = None


class Reason(Received, frozen=True, kw_only=True):
    """Why an entry was wrong."""

    reason: Text


@post("/wallets", summary="Open a wallet")
async def open_wallet(
    data: JSONBody[NewCustomer],
    call: TheCall,
    enrolment: TheEnrolment,
    vault: TheVault,
    primary: ThePrimary,
) -> Reply[NewWallet]:
    """A replay shows the secret of the authenticator until the customer has first signed in."""
    user_id = uuid7()
    secret = new_totp_secret()
    profile = Profile(phone=e164(data.phone), name=data.name, document=data.document)
    require_choosable(data.pin, Role.CUSTOMER, profile.phone, profile.name)
    kept = await enrolment.kept(user_id, profile, data.pin, secret)
    outcome = await call.write(
        OpenWallet(
            user_id=user_id,
            wallet_id=uuid7(),
            phone_index=kept.phone_index,
            phone_index_next=kept.phone_index_next,
            profile_seal=kept.profile_seal,
            pin_hash=kept.pin_hash,
            totp_seal=kept.totp_seal,
            tier=data.tier,
        ),
        data,
    )
    opened = decoded(outcome.body, WalletOpened)
    if outcome.replayed:
        seal = await primary.unused_totp_seal(opened.user_id)
        if seal is None:
            raise CodeExpired("The customer has signed in since.", userId=str(opened.user_id))
        secret = vault.open(TOTP, opened.user_id, seal)
    wallet = NewWallet(
        user_id=opened.user_id,
        wallet_id=opened.wallet_id,
        **msgspec.structs.asdict(Authenticator.of(secret, profile.phone)),
    )
    return reply_to(outcome, msgspec.json.encode(wallet))


@post("/deposit/bank", summary="The trust bank was credited")
async def credit_from_bank(
    data: JSONBody[BankCredit], call: TheCall, vault: TheVault
) -> Reply[BankCredited]:
    """Each reference counts once. What names nobody whom we know is kept as unidentified."""
    if data.phone is not None and data.agent_id is not None:
        raise InvalidRequest(field="agentId", reason="cannot stand beside phone")
    agent_id = data.agent_id
    command = CreditFromBank(
        transaction_id=uuid7(),
        reference=data.reference,
        amount=data.amount.money,
        value_date=data.value_date,
        phone_index=None if data.phone is None else vault.phone_index(e164(data.phone)),
        agent_id=None if agent_id is None else uuid_or_not_found(agent_id, NO_AGENT),
        session_id=call.caller.session_id,
    )
    return reply_to(await call.write(command, data))


@post("/wallets/{user_id:uuid}/status", status_code=200, summary="Freeze, open or close a wallet")
async def set_wallet_status(
    user_id: FromPath[UUID], data: JSONBody[NewStatus], call: TheCall
) -> Reply[WalletStatusSet]:
    """Only an empty wallet with nothing held can be closed, and then it stays so."""
    command = SetWalletStatus(user_id=user_id, status=Status(data.status), reason=data.reason)
    return reply_to(await call.write(command, data))


@post("/withdrawal/{transaction_id:uuid}/release", status_code=200, summary="Propose a release")
async def propose_release(
    transaction_id: FromPath[UUID], data: JSONBody[Evidence], call: TheCall, settings: TheSettings
) -> Reply[ReleaseStatus]:
    """A withdrawal in doubt was not paid: somebody else has to approve, before `expiresAt`."""
    command = ProposeRelease(
        transaction_id=transaction_id,
        maker_id=call.caller.user_id,
        session_id=call.caller.session_id,
        evidence=data.evidence,
        absences_min=settings.release_absences_min,
        ttl_seconds=settings.proposal_ttl_seconds,
    )
    return reply_to(await call.write(command, data))


@post(
    "/withdrawal/{transaction_id:uuid}/release/approve",
    status_code=200,
    summary="Approve a release that somebody else has proposed",
)
async def approve_release(
    transaction_id: FromPath[UUID],
    call: TheCall,
    settings: TheSettings,
    data: JSONBody[WhatWaits | None] = None,
) -> Reply[ReleaseStatus]:
    """The whole hold goes back to the customer. A body may name what was read; it is optional."""
    command = ApproveRelease(
        transaction_id=transaction_id,
        checker_id=call.caller.user_id,
        session_id=call.caller.session_id,
        absences_min=settings.release_absences_min,
        content_hash=None if data is None else data.content_hash,
        ttl_seconds=settings.proposal_ttl_seconds,
    )
    return reply_to(await call.write(command, data))


@post("/disputes/{dispute_id:uuid}/resolution", status_code=200, summary="Propose who bears it")
async def propose_resolution(
    dispute_id: FromPath[UUID], data: JSONBody[Proposal], call: TheCall, settings: TheSettings
) -> Reply[DisputeStatus]:
    """Cash that no hold covers: somebody else has to approve, before `expiresAt`."""
    command = ProposeResolution(
        dispute_id=dispute_id,
        resolution=data.resolution,
        evidence=data.evidence,
        maker_id=call.caller.user_id,
        session_id=call.caller.session_id,
        ttl_seconds=settings.proposal_ttl_seconds,
    )
    return reply_to(await call.write(command, data))


@post(
    "/disputes/{dispute_id:uuid}/resolution/approve",
    status_code=200,
    summary="Approve what somebody else has proposed, naming it",
)
async def approve_resolution(
    dispute_id: FromPath[UUID], data: JSONBody[Approval], call: TheCall, settings: TheSettings
) -> Reply[DisputeStatus]:
    """What is approved is what is booked; `contentHash` binds evidence and amount too."""
    command = ApproveResolution(
        dispute_id=dispute_id,
        resolution=data.resolution,
        checker_id=call.caller.user_id,
        session_id=call.caller.session_id,
        content_hash=data.content_hash,
        ttl_seconds=settings.proposal_ttl_seconds,
    )
    return reply_to(await call.write(command, data))


@post("/journal/{number:str}/reversal", summary="Take an entry back by another one")
async def reverse_entry(
    number: EntryNumber, data: JSONBody[Reason], call: TheCall, settings: TheSettings
) -> Reply[EntryReversed]:
    """Once; both stay in the journal, linked. A large one takes two people: POST /proposals."""
    command = ReverseEntry(
        transaction_id=uuid7(),
        entry_number=int(number),
        reason=data.reason,
        user_id=call.caller.user_id,
        session_id=call.caller.session_id,
        alone_max=Money.of(settings.reversal_alone_max_escudos),
    )
    return reply_to(await call.write(command, data))


HANDLERS = (
    open_wallet,
    set_wallet_status,
    credit_from_bank,
    propose_release,
    approve_release,
    propose_resolution,
    approve_resolution,
    reverse_entry,
)
