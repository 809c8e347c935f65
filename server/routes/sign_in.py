"""Signing in, seeing one's sessions, and leaving."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from commands.identity.log_out import CloseSession
from commands.identity.person import Role
from commands.identity.step_up import SteppedUp
from server.auth import Sessions
from server.door import Call, request_id
from server.routes.given import TheCall, ThePrimary, TheSessions, TheSignIn
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


class LogIn(Received, frozen=True, kw_only=True):
    """The first step."""

    phone: Phone
    pin: Annotated[str, Meta(pattern=r"^[0-9]{4,12}$", examples=["482915"])]


class Challenge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the second step takes up."""

    challenge_id: str
    factors: tuple[str, ...]


class Factor(Received, frozen=True, kw_only=True):
    """The second step."""

    challenge_id: Annotated[str, Meta(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9_=-]+$")]
    totp: SixDigits
    device_id: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=128,
                pattern=r"^[!-~]+$",
                description="What the app calls its device; a new one is watched for a while",
            ),
        ]
        | None
    ) = None


class StepUpFactor(Received, frozen=True, kw_only=True):
    """The second factor again."""

    totp: SixDigits


class Access(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A session. The token is shown this once."""

    access_token: str
    expires_at: datetime
    user_id: UUID
    role: Role


class SessionView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One of the caller's sessions."""

    session_id: UUID
    opened_at: datetime
    expires_at: datetime
    last_seen: datetime
    current: bool


class SessionList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The caller's sessions, newest first."""

    items: tuple[SessionView, ...]


@post("/auth/login", status_code=200, summary="First step: number and PIN")
async def log_in(data: JSONBody[LogIn], request: ApiRequest, sign_in: TheSignIn) -> Challenge:
    """A challenge for the second factor. Whatever is wrong, the answer is the same."""
    challenge_id = await sign_in.log_in(e164(data.phone), data.pin, request_id(request))
    return Challenge(challenge_id=challenge_id, factors=FACTORS)


@post("/auth/factor", status_code=200, summary="Second step: the code of the authenticator")
async def confirm_factor(
    data: JSONBody[Factor], request: ApiRequest, sign_in: TheSignIn
) -> Reply[Access]:
    """A session. Each code is accepted once: wait for the next one after a wrong or a used one."""
    signed_in = await sign_in.confirm(
        data.challenge_id, data.totp, data.device_id or "", request_id(request)
    )
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


@post("/auth/step-up", status_code=200, summary="Confirm this session once more")
async def step_up(
    data: JSONBody[StepUpFactor], call: TheCall, request: ApiRequest, sign_in: TheSignIn
) -> Reply[SteppedUp]:
    """The code of the authenticator again, for what asks for it within the next five minutes."""
    caller = call.caller
    outcome = await sign_in.step_up(
        caller.user_id, caller.session_id, data.totp, request_id(request)
    )
    return reply_to(outcome)


@post("/auth/logout", status_code=204, summary="End this session")
async def log_out(call: TheCall, sessions: TheSessions) -> None:
    """End the caller's session. A live ATM code that it asked for ends with it."""
    await _close(call.caller.session_id, call, sessions)


@get("/auth/sessions", summary="The caller's sessions")
async def list_sessions(call: TheCall, primary: ThePrimary) -> SessionList:
    """Where the caller is signed in."""
    current = call.caller.session_id
    found = await primary.sessions(call.caller.user_id)
    return SessionList(
        items=tuple(
            SessionView(
                session_id=each.session_id,
                opened_at=each.opened_at,
                expires_at=each.expires_at,
                last_seen=each.last_seen,
                current=each.session_id == current,
            )
            for each in found
        )
    )


@delete("/auth/sessions", summary="End all sessions of the caller, this one too")
async def close_sessions(call: TheCall, primary: ThePrimary, sessions: TheSessions) -> None:
    """Sign out everywhere."""
    for each in await primary.sessions(call.caller.user_id):
        await _close(each.session_id, call, sessions)


@delete("/auth/sessions/{session_id:uuid}", summary="End one session of the caller")
async def close_session(session_id: FromPath[UUID], call: TheCall, sessions: TheSessions) -> None:
    """Sign out elsewhere."""
    await _close(session_id, call, sessions)


async def _close(session_id: UUID, call: Call, sessions: Sessions) -> None:
    await call.do(CloseSession(session_id=session_id, user_id=call.caller.user_id))
    sessions.forget(session_id)


HANDLERS = (
    log_in,
    confirm_factor,
    step_up,
    log_out,
    list_sessions,
    close_sessions,
    close_session,
)
