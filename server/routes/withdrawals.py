"""Cash for a customer: a code for an ATM, or a request at an agent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from uuid_utils.compat import uuid7

from commands.agent.request_cash_out import CashOutRequested, RequestCashOut
from commands.deciding import Outcome
from commands.withdrawal.cancel import Cancelled, CancelWithdrawal
from commands.withdrawal.request_code import CodeCandidate, CodeRequested, RequestCode
from ledger.errors import CodeExpired, Forbidden, NotFound
from queries import withdrawal as withdrawals
from queries.withdrawal import WithdrawalStatus
from server.door import Call
from server.errors import JSON
from server.primary import Primary
from server.routes.device_keys import for_device, wanted_key
from server.routes.given import TheCall, ThePrimary, TheReader, TheSettings, TheVault
from server.vault import Vault, new_code
from server.wire import (
    Amount,
    ApiRequest,
    Received,
    Reply,
    Text,
    reply_to,
    uuid_or_not_found,
)

CANDIDATES = 4  # with a tenth of all codes alive, all four are taken once in 10,000 requests
CODE = "withdrawal code"
PICKUP = "pick-up code"

UserId = Annotated[Text, Meta(description="The caller's own id")]


class AtmWithdrawal(Received, frozen=True, kw_only=True):
    """How much cash, for whom."""

    amount: Amount
    user_id: UserId


class CodeIssued(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The code to type at the machine, and until when."""

    code: Annotated[str, Meta(examples=["042137"])]
    expiry_time: datetime
    transaction_id: UUID


class AgentWithdrawal(Received, frozen=True, kw_only=True):
    """How much cash, for whom, at which agent."""

    amount: Amount
    user_id: UserId
    agent_id: Text


class PickupCode(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the customer tells the agent at the counter, and nobody before."""

    transaction_id: UUID
    pickup_code: str
    expiry_time: datetime


class _Stored(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The stored answer to a request, its values as they were written."""

    expiry_time: msgspec.Raw
    transaction_id: msgspec.Raw


class _Issued(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The same with the code."""

    code: str
    expiry_time: msgspec.Raw
    transaction_id: msgspec.Raw


@post("/withdrawal/atm", summary="A code for cash at an ATM")
async def request_code(
    data: JSONBody[AtmWithdrawal],
    request: ApiRequest,
    call: TheCall,
    vault: TheVault,
    primary: ThePrimary,
    settings: TheSettings,
) -> Reply[CodeIssued]:
    """Set the amount and its fee aside and give a code that lives for fifteen minutes.

    With an Idempotency-Key a second request is answered the same, as long as the code lives. With
    `Accept: application/jose` the reply is encrypted to a key of the caller's device.
    """
    require_own(data.user_id, call)
    key = await wanted_key(request, call.caller.user_id, primary)
    transaction_id = uuid7()
    outcome = await call.write(
        RequestCode(
            transaction_id=transaction_id,
            user_id=call.caller.user_id,
            session_id=call.caller.session_id,
            amount=data.amount.money,
            candidates=tuple(_candidate(vault, transaction_id) for _ in range(CANDIDATES)),
            ttl_seconds=settings.code_ttl_seconds,
        ),
        data,
        key_required=False,
    )
    stored = msgspec.json.decode(outcome.body, type=_Stored)
    code = await _code(outcome, stored, call, vault, primary)
    issued = _Issued(
        code=code, expiry_time=stored.expiry_time, transaction_id=stored.transaction_id
    )
    content = msgspec.json.encode(issued)
    return for_device(reply_to(outcome, content), key, content)


@post("/withdrawal/agent", summary="Cash at an agent")
async def request_cash_out(
    data: JSONBody[AgentWithdrawal], call: TheCall, vault: TheVault, settings: TheSettings
) -> Reply[CashOutRequested]:
    """Set the amount and its fee aside and let the agent know."""
    require_own(data.user_id, call)
    transaction_id = uuid7()
    code = new_code()
    outcome = await call.write(
        RequestCashOut(
            transaction_id=transaction_id,
            user_id=call.caller.user_id,
            session_id=call.caller.session_id,
            agent_id=uuid_or_not_found(data.agent_id, "There is no such agent."),
            amount=data.amount.money,
            pickup_digest=pickup_digest(vault, transaction_id, code),
            pickup_seal=vault.seal(PICKUP, transaction_id, code),
            ttl_seconds=settings.request_ttl_seconds,
        ),
        data,
        key_required=False,
    )
    return reply_to(outcome)


@get("/withdrawal/{transaction_id:uuid}", summary="What has become of a withdrawal")
async def withdrawal_status(
    transaction_id: FromPath[UUID], call: TheCall, reader: TheReader
) -> WithdrawalStatus:
    """The status of a withdrawal at an ATM or an agent."""
    return await withdrawals.status(reader, call.caller.user_id, transaction_id)


@post("/withdrawal/{transaction_id:uuid}/cancel", status_code=200, summary="Give it up")
async def cancel_withdrawal(transaction_id: FromPath[UUID], call: TheCall) -> Reply[Cancelled]:
    """Cancel a code or a request that was not used yet: what was set aside comes back."""
    command = CancelWithdrawal(transaction_id=transaction_id, user_id=call.caller.user_id)
    return reply_to(await call.write(command, key_required=False))


@get("/withdrawal/{transaction_id:uuid}/pickup-code", summary="The code for the agent's counter")
async def pickup_code(
    transaction_id: FromPath[UUID],
    request: ApiRequest,
    call: TheCall,
    vault: TheVault,
    primary: ThePrimary,
) -> Reply[PickupCode]:
    """Shown to its owner only, as long as the request waits; encrypted, where that is asked for."""
    key = await wanted_key(request, call.caller.user_id, primary)
    found = await primary.pickup_seal(transaction_id, call.caller.user_id)
    if found is None:
        raise NotFound
    if found.seal is None:
        raise CodeExpired
    code = vault.open(PICKUP, transaction_id, found.seal)
    shown = PickupCode(
        transaction_id=transaction_id, pickup_code=code, expiry_time=found.expires_at
    )
    content = msgspec.json.encode(shown)
    return for_device(Reply(content, media_type=JSON), key, content)


def require_own(user_id: str, call: Call) -> None:
    """Raises Forbidden when somebody names another person (OWASP API1)."""
    if user_id != str(call.caller.user_id):
        raise Forbidden


def pickup_digest(vault: Vault, transaction_id: UUID, code: str) -> bytes:
    """Keyed hash of a pick-up code, for one request."""
    return vault.code_digest(f"{PICKUP} {transaction_id}", code)


def pickup_digests(vault: Vault, transaction_id: UUID, code: str) -> tuple[bytes, ...]:
    """The same under every pepper, the active one first."""
    return vault.code_digests(f"{PICKUP} {transaction_id}", code)


def code_digests(vault: Vault, code: str) -> tuple[bytes, ...]:
    """Keyed hashes of an ATM code: the same for all, as no two live ones may be equal."""
    return vault.code_digests(CODE, code)


def _candidate(vault: Vault, transaction_id: UUID) -> CodeCandidate:
    code = new_code()
    digest, *older = code_digests(vault, code)
    return CodeCandidate(
        digest=digest, older=tuple(older), seal=vault.seal(CODE, transaction_id, code)
    )


async def _code(
    outcome: Outcome[CodeRequested], stored: _Stored, call: Call, vault: Vault, primary: Primary
) -> str:
    """The code of a fresh answer, or of one that is replayed while the code lives."""
    transaction_id = msgspec.json.decode(stored.transaction_id, type=UUID)
    if outcome.answer is not None:
        seal: bytes | None = outcome.answer.seal
    else:
        seal = await primary.code_seal(transaction_id, call.caller.user_id)
    if seal is None:
        raise CodeExpired(transactionId=str(transaction_id))
    return vault.open(CODE, transaction_id, seal)


HANDLERS = (request_code, request_cash_out, withdrawal_status, cancel_withdrawal, pickup_code)
