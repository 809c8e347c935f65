"""Who works here: invited, disabled, and helped with a reset's code. Rights take two admins."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody
from uuid_utils.compat import uuid7

from commands.identity.invite import Invited, InviteStaff
from commands.identity.person import Role
from commands.identity.reset import ResetCodeIssued, What
from commands.identity.staffing import DisablePerson, PersonDisabled
from ledger.errors import CodeExpired
from server.enrolment import Profile
from server.routes.given import TheCall, TheEnrolment, TheResets, TheSessions, TheSettings
from server.wire import Phone, Received, Reply, Text, decoded, e164, reply_to


class NewColleague(Received, frozen=True, kw_only=True):
    """Who is to work here, as what, and why."""

    phone: Phone
    name: Text
    role: Literal["accountant", "operator", "auditor", "admin"]
    reason: Text = "not given"


class Why(Received, frozen=True, kw_only=True):
    """Why somebody may not sign in any more."""

    reason: Text


class CodeToHandOver(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A reset's code, shown this once. It is of no use without the factor that is left."""

    user_id: UUID
    what: What
    code: str
    usable_at: datetime
    expires_at: datetime


@post("/people", summary="Invite somebody to work here")
async def invite(
    data: JSONBody[NewColleague], call: TheCall, enrolment: TheEnrolment, settings: TheSettings
) -> Reply[Invited]:
    """After step-up. Another admin has to approve the proposal; then a code lets them in."""
    user_id = uuid7()
    kept = enrolment.known(user_id, Profile(phone=e164(data.phone), name=data.name))
    command = InviteStaff(
        user_id=user_id,
        role=Role(data.role),
        phone_index=kept.phone_index,
        profile_seal=kept.profile_seal,
        admin_id=call.caller.user_id,
        session_id=call.caller.session_id,
        proposal_id=uuid7(),
        ttl_seconds=settings.proposal_ttl_seconds,
        reason=data.reason,
    )
    return reply_to(await call.write(command, data))


@post("/people/{user_id:uuid}/disable", status_code=200, summary="Let somebody in no more")
async def disable(
    user_id: FromPath[UUID], data: JSONBody[Why], call: TheCall, sessions: TheSessions
) -> Reply[PersonDisabled]:
    """After step-up, at once. To let them in again takes two: POST /proposals, enable_person."""
    command = DisablePerson(
        user_id=user_id,
        admin_id=call.caller.user_id,
        session_id=call.caller.session_id,
        reason=data.reason,
    )
    outcome = await call.write(command, data)
    sessions.forget_all_of(user_id)
    return reply_to(outcome)


@post("/people/{user_id:uuid}/reset-code", status_code=200, summary="The code of an open reset")
async def issue_reset_code(
    user_id: FromPath[UUID], call: TheCall, resets: TheResets
) -> Reply[CodeToHandOver]:
    """After step-up: to be handed to whoever it is for. A code that was issued before ends."""
    outcome, code = await resets.issue(call, user_id)
    if outcome.replayed:
        raise CodeExpired("The code was shown once: ask for another.")
    issued = decoded(outcome.body, ResetCodeIssued)
    shown = CodeToHandOver(
        user_id=issued.user_id,
        what=issued.what,
        code=code,
        usable_at=issued.usable_at,
        expires_at=issued.expires_at,
    )
    return reply_to(outcome, msgspec.json.encode(shown))


HANDLERS = (invite, disable, issue_reset_code)
