"""The switch's routes: signed both ways, 200 for declines too, as a decline is an answer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Meta

from commands.switch.trace import SwitchReply, TraceId
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.reverse import ReverseWithdrawal
from ledger.errors import InvalidRequest
from queries import switch_lookup
from queries.switch_lookup import SwitchOperations
from server.jose import JWE_CHARS_MAX, BadJose, IssuerKey, IssuerKeys
from server.reply_keys import PublicKey
from server.routes.given import (
    TheIssuerKeys,
    ThePrimary,
    TheReader,
    TheReplyKeys,
    TheSettings,
    TheSwitch,
    TheVault,
)
from server.routes.withdrawals import code_digests
from server.wire import (
    Amount,
    AmountOrZero,
    Phone,
    Received,
    Reply,
    SixDigits,
    Text,
    decoded,
    e164,
    reply_to,
)

Name = Annotated[str, Meta(pattern=r"^[!-~]{1,64}$")]
EncryptedCode = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+){3}$",
        max_length=JWE_CHARS_MAX,
        description="A JWE to a key of GET /vinti4/issuer-keys: code, phone, terminalId, amount",
    ),
]
Rrn = Annotated[str, Meta(pattern=r"^[0-9]{12}$", examples=["632710000042"])]
RrnInPath = Annotated[str, PathParameter(pattern=r"^[0-9]{12}$")]
LocalDate = Annotated[date, QueryParameter(name="localDate", description="The original's")]


class Traced(Received, frozen=True, kw_only=True):
    """What names the authorisation, in every message about it."""

    acquirer_id: Name
    terminal_id: Name
    stan: SixDigits
    rrn: Rrn
    local_date: date

    @property
    def trace(self) -> TraceId:
        """The same as decisions have it."""
        return TraceId(
            acquirer_id=self.acquirer_id,
            terminal_id=self.terminal_id,
            stan=self.stan,
            rrn=self.rrn,
            local_date=self.local_date,
        )


class Authorisation(Traced, frozen=True, kw_only=True):
    """May this machine pay? Phone and code are what was typed at it. The code comes in the clear,
    or encrypted by the machine to us, so that nobody between can read it: one of the two."""

    phone: Phone
    code: SixDigits | None = None
    encrypted_code: EncryptedCode | None = None
    amount: Amount
    settlement_date: date | None = None


class Typed(Received, frozen=True, kw_only=True):
    """What a machine encrypts: the code, with what it was typed for. In another message it is
    nothing."""

    code: SixDigits
    phone: Phone
    terminal_id: Name
    amount: Amount


class Completion(Traced, frozen=True, kw_only=True):
    """What the machine has really paid."""

    amount: Amount
    settlement_date: date | None = None


class Reversal(Traced, frozen=True, kw_only=True):
    """The machine has not paid, or a part only: `amount` is what it paid."""

    amount: AmountOrZero
    reason: Text
    settlement_date: date | None = None


class Answered(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an authorisation is told."""

    response_code: str
    approval_code: str | None
    transaction_id: UUID | None


class Advised(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an advice is told."""

    response_code: str
    transaction_id: UUID | None


class Echo(Received, frozen=True, kw_only=True):
    """Is anybody there?"""

    acquirer_id: Name


class Echoed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Yes."""

    response_code: str
    timestamp: datetime


class IssuerKeySet(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that machines encrypt to."""

    keys: tuple[IssuerKey, ...]


class PublicKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that our replies are checked with."""

    keys: tuple[PublicKey, ...]


@post("/vinti4/authorisations", status_code=200, summary="May this machine pay?")
async def authorise(
    data: JSONBody[Authorisation],
    from_switch: TheSwitch,
    vault: TheVault,
    issuer_keys: TheIssuerKeys,
    settings: TheSettings,
) -> Reply[Answered]:
    """Approve or decline, once for each trace: a repeat hears the same and does nothing."""
    from_switch.caller.require_own(data.acquirer_id)
    digest, *older = code_digests(vault, typed_code(data, issuer_keys))
    outcome = await from_switch.write(
        AuthoriseWithdrawal(
            trace=data.trace,
            nonce_hash=from_switch.caller.nonce_hash,
            phone_index=vault.phone_index(_typed(data.phone)),
            code_digest=digest,
            older_digests=tuple(older),
            amount=data.amount.money,
            settlement_date=data.settlement_date,
            doubt_seconds=settings.doubt_seconds,
            cutoff=settings.cutoff_time,
        )
    )
    reply: SwitchReply = outcome.fresh
    answered = Answered(
        response_code=reply.response_code,
        approval_code=reply.approval_code,
        transaction_id=reply.transaction_id,
    )
    return reply_to(outcome, msgspec.json.encode(answered))


@post("/vinti4/completions", status_code=200, summary="The machine has paid")
async def complete(data: JSONBody[Completion], from_switch: TheSwitch) -> Reply[Advised]:
    """An advice: always accepted, also late, also for an original that we never saw."""
    from_switch.caller.require_own(data.acquirer_id)
    outcome = await from_switch.write(
        CompleteWithdrawal(
            trace=data.trace,
            nonce_hash=from_switch.caller.nonce_hash,
            amount=data.amount.money,
            settlement_date=data.settlement_date,
        )
    )
    return reply_to(outcome, advised(outcome.fresh))


@post("/vinti4/reversals", status_code=200, summary="The machine has not paid, or a part only")
async def reverse(data: JSONBody[Reversal], from_switch: TheSwitch) -> Reply[Advised]:
    """An advice: always accepted. It beats an original that comes later."""
    from_switch.caller.require_own(data.acquirer_id)
    outcome = await from_switch.write(
        ReverseWithdrawal(
            trace=data.trace,
            nonce_hash=from_switch.caller.nonce_hash,
            amount=data.amount.money,
            reason=data.reason,
        )
    )
    return reply_to(outcome, advised(outcome.fresh))


@post("/vinti4/echo", status_code=200, summary="Is anybody there?")
async def echo(data: JSONBody[Echo], from_switch: TheSwitch) -> Echoed:
    """Answers, signed."""
    from_switch.caller.require_own(data.acquirer_id)
    return Echoed(response_code="00", timestamp=datetime.now(UTC))


@get("/vinti4/transactions/{rrn:str}", summary="What became of an authorisation")
async def look_up(
    rrn: RrnInPath,
    local_date: LocalDate,
    from_switch: TheSwitch,
    reader: TheReader,
    primary: ThePrimary,
    settings: TheSettings,
) -> SwitchOperations:
    """By its RRN and local date, for the own acquirer only, as of all that is committed by now."""
    await reader.wait_for(await primary.position(), settings.read_wait_seconds)
    return await switch_lookup.by_rrn(reader, from_switch.caller.acquirer_id, rrn, local_date)


@get("/vinti4/keys", summary="The keys that our replies are signed with")
async def read_keys(reply_keys: TheReplyKeys) -> PublicKeys:
    """Ed25519, as raw bytes in base64. The first signs now; look again when you meet another."""
    return PublicKeys(keys=reply_keys.published())


@get("/vinti4/issuer-keys", summary="The keys to which machines encrypt codes")
async def read_issuer_keys(issuer_keys: TheIssuerKeys) -> IssuerKeySet:
    """A JWK set (RFC 7517). Encrypt to the first (ECDH-ES, A256GCM), and look again every hour."""
    return IssuerKeySet(keys=issuer_keys.published())


def typed_code(data: Authorisation, issuer_keys: IssuerKeys) -> str:
    """The code that was typed at the machine. Raises InvalidRequest."""
    if (data.code is None) == (data.encrypted_code is None):
        raise InvalidRequest(field="code", reason="either this or encryptedCode")
    if data.code is not None:
        return data.code
    assert data.encrypted_code is not None, "one of the two is there"
    try:
        typed = decoded(issuer_keys.open(data.encrypted_code), Typed)
    except BadJose as error:
        raise InvalidRequest(field="encryptedCode", reason=str(error)) from error
    except InvalidRequest as error:
        # What is wrong inside would be told to whoever stands between.
        raise InvalidRequest(field="encryptedCode", reason="holds something else") from error
    told = (data.phone, data.terminal_id, data.amount.money)
    if (typed.phone, typed.terminal_id, typed.amount.money) != told:
        raise InvalidRequest(field="encryptedCode", reason="was typed for something else")
    return typed.code


def advised(reply: SwitchReply) -> bytes:
    """The body of the answer to an advice."""
    answer = Advised(response_code=reply.response_code, transaction_id=reply.transaction_id)
    return msgspec.json.encode(answer)


def _typed(phone: str) -> str:
    """A number as it was typed at a machine. One that cannot exist belongs to nobody."""
    try:
        return e164(phone)
    except InvalidRequest:
        return phone


HANDLERS = (authorise, complete, reverse, echo, look_up, read_keys, read_issuer_keys)
