"""Signing in, seeing one's sessions, and leaving."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from commands.identity.log_out import CloseSession
from commands.identity.person import Role
from commands.identity.sign_out import SignOutEverywhere
from commands.identity.step_up import SteppedUp
from ledger.errors import InvalidRequest
from server.auth import Sessions
from server.door import Call, request_id
from server.routes.given import (
    TheCall,
    TheIdentities,
    ThePasskeys,
    TheSessions,
    TheSignIn,
)
from server.sign_in import Asker, SignedIn
from server.sign_in import Factor as Shown
from server.wire import (
    LOG_POSITION,
    ApiRequest,
    Phone,
    Received,
    Reply,
    SixDigits,
    e164,
    reply_to,
)

FACTORS = ("totp",)
NAMELESS = "nameless"  # a device of which no app has told what it is called

Pin = Annotated[str, Meta(pattern=r"^[0-9]{4,12}$", examples=["482915"])]
Secret = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="A PIN, or the password of one of our own people",
    ),
]
ChallengeId = Annotated[str, Meta(min_length=1, max_length=1024, pattern=r"^[A-Za-z0-9_=-]+$")]
RecoveryCode = Annotated[
    str, Meta(min_length=16, max_length=32, pattern=r"^[A-Za-z0-9 -]+$", description="Used once")
]
DeviceId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[!-~]+$",
        description="What the app calls its device; a new one is watched for a while",
    ),
]
CredentialJson = Annotated[
    dict[str, Any], Meta(description="What navigator.credentials has returned, as its toJSON()")
]


class LogIn(Received, frozen=True, kw_only=True):
    """The first step: a PIN, or the password that one of our own people has chosen."""

    phone: Phone
    pin: Pin | None = None
    password: Secret | None = None


class Challenge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the second step takes up."""

    challenge_id: str
    factors: tuple[str, ...]


class Factor(Received, frozen=True, kw_only=True):
    """The second step: the code of the authenticator, or one of the recovery codes."""

    challenge_id: ChallengeId
    totp: SixDigits | None = None
    recovery_code: RecoveryCode | None = None
    device_id: DeviceId | None = None


class PasskeySignature(Received, frozen=True, kw_only=True):
    """A passkey's signature over a challenge of ours."""

    challenge_id: ChallengeId
    credential: CredentialJson


class PasskeySignIn(PasskeySignature, frozen=True, kw_only=True):
    """The same instead of both steps."""

    device_id: DeviceId | None = None


class StepUpFactor(Received, frozen=True, kw_only=True):
    """The second factor again: exactly one of these."""

    totp: SixDigits | None = None
    recovery_code: RecoveryCode | None = None
    passkey: PasskeySignature | None = None


class Options(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the browser is asked; `options` is for navigator.credentials, as its JSON."""

    challenge_id: str
    options: dict[str, Any]


class Access(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A session. The token is shown this once."""

    access_token: str
    expires_at: datetime
    user_id: UUID
    role: Role


class SessionView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One of the caller's sessions. `device_since` is when its device was first seen; the
    first device of a person has no such time.
    """

    session_id: UUID
    opened_at: datetime
    expires_at: datetime
    last_seen: datetime
    device_id: str
    device_since: datetime | None
    capped_until: datetime | None
    current: bool


class SessionList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The caller's sessions, newest first."""

    items: tuple[SessionView, ...]


@post("/auth/login", status_code=200, summary="First step: number and PIN")
async def log_in(data: JSONBody[LogIn], request: ApiRequest, sign_in: TheSignIn) -> Challenge:
    """A challenge for the second factor. Whatever is wrong, the answer is the same."""
    require_one(pin=data.pin, password=data.password)
    secret = data.pin or data.password or ""
    challenge_id = await sign_in.log_in(e164(data.phone), secret, asker_of(request))
    return Challenge(challenge_id=challenge_id, factors=FACTORS)


@post("/auth/factor", status_code=200, summary="Second step: the code of the authenticator")
async def confirm_factor(
    data: JSONBody[Factor], request: ApiRequest, sign_in: TheSignIn
) -> Reply[Access]:
    """A session. Each code is accepted once: wait for the next one after a wrong or a used one."""
    require_one(totp=data.totp, recoveryCode=data.recovery_code)
    shown = Shown(totp=data.totp, recovery_code=data.recovery_code)
    asker = asker_of(request, data.device_id)
    return _access(await sign_in.confirm(data.challenge_id, shown, asker))


@post("/auth/passkey/options", status_code=200, summary="Begin to sign in by a passkey")
async def ask_for_signature(passkeys: ThePasskeys) -> Options:
    """The same for everybody: whose passkey it is, the browser says in its answer."""
    asked = passkeys.to_sign()
    return Options(challenge_id=asked.challenge_id, options=asked.options)


@post("/auth/passkey", status_code=200, summary="Sign in by a passkey")
async def sign_in_by_passkey(
    data: JSONBody[PasskeySignIn], request: ApiRequest, sign_in: TheSignIn
) -> Reply[Access]:
    """A session, in one step: the device has seen to it that its owner is there."""
    asker = asker_of(request, data.device_id)
    return _access(await sign_in.by_passkey(data.challenge_id, data.credential, asker))


@post("/auth/step-up", status_code=200, summary="Confirm this session once more")
async def step_up(
    data: JSONBody[StepUpFactor], call: TheCall, request: ApiRequest, sign_in: TheSignIn
) -> Reply[SteppedUp]:
    """The second factor again, for what asks for it within the next five minutes."""
    require_one(totp=data.totp, recoveryCode=data.recovery_code, passkey=data.passkey)
    signature = data.passkey
    shown = Shown(
        totp=data.totp,
        recovery_code=data.recovery_code,
        challenge_id=None if signature is None else signature.challenge_id,
        credential=None if signature is None else signature.credential,
    )
    caller = call.caller
    outcome = await sign_in.step_up(caller.user_id, caller.session_id, shown, asker_of(request))
    return reply_to(outcome)


@post("/auth/logout", status_code=204, summary="End this session")
async def log_out(call: TheCall, sessions: TheSessions) -> None:
    """End the caller's session. A live ATM code that it asked for ends with it."""
    await _close(call.caller.session_id, call, sessions)


@get("/auth/sessions", summary="The caller's sessions")
async def list_sessions(call: TheCall, identities: TheIdentities) -> SessionList:
    """Where the caller is signed in."""
    current = call.caller.session_id
    found = await identities.sessions(call.caller.user_id)
    return SessionList(
        items=tuple(
            SessionView(
                session_id=each.session_id,
                opened_at=each.opened_at,
                expires_at=each.expires_at,
                last_seen=each.last_seen,
                device_id=shown_device(each.device),
                device_since=each.device_since,
                capped_until=each.capped_until,
                current=each.session_id == current,
            )
            for each in found
        )
    )


@delete("/auth/sessions", summary="End all sessions of the caller, this one too")
async def close_sessions(call: TheCall, sessions: TheSessions) -> None:
    """Sign out everywhere. A live ATM code ends with it."""
    user_id = call.caller.user_id
    await call.do(SignOutEverywhere(user_id=user_id))
    sessions.forget_all_of(user_id)


@delete("/auth/sessions/{session_id:uuid}", summary="End one session of the caller")
async def close_session(session_id: FromPath[UUID], call: TheCall, sessions: TheSessions) -> None:
    """Sign out elsewhere."""
    await _close(session_id, call, sessions)


async def _close(session_id: UUID, call: Call, sessions: Sessions) -> None:
    await call.do(CloseSession(session_id=session_id, user_id=call.caller.user_id))
    sessions.forget(session_id)


def asker_of(request: ApiRequest, device: str | None = None) -> Asker:
    """Where a request comes from."""
    client = request.client
    return Asker(
        address="" if client is None else client.host,
        request_id=request_id(request),
        device=device or "",
    )


def require_one(**given: object) -> None:
    """Raises InvalidRequest unless exactly one of these was sent."""
    if sum(each is not None for each in given.values()) != 1:
        raise InvalidRequest(field=next(iter(given)), reason=f"one of {', '.join(given)} is needed")


def shown_device(hash_: str) -> str:
    """A device as its owner sees it: what the app called it was never kept."""
    return hash_ or NAMELESS


def _access(signed_in: SignedIn) -> Reply[Access]:
    session = signed_in.session
    return Reply(
        Access(
            access_token=signed_in.token,
            expires_at=session.expires_at,
            user_id=session.user_id,
            role=session.role,
        ),
        headers={LOG_POSITION: str(signed_in.position)},
    )


HANDLERS = (
    log_in,
    confirm_factor,
    ask_for_signature,
    sign_in_by_passkey,
    step_up,
    log_out,
    list_sessions,
    close_sessions,
    close_session,
)
