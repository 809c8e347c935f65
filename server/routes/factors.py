"""What one signs in with: seeing it, changing it, and setting it anew after a reset."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody, PathParameter
from msgspec import Meta

from commands.identity.devices import NONE, ForgetDevice
from commands.identity.log_out import CloseSession
from commands.identity.passkey import PasskeyAdded, RemovePasskey
from commands.identity.reset import Objected, ObjectToReset, What
from commands.identity.sign_out import SignedOut
from ledger.errors import CodeExpired
from server.resets import Asked, Progress
from server.routes.given import (
    TheCall,
    TheIdentities,
    TheOwnFactors,
    TheResets,
    TheSessions,
)
from server.routes.sign_in import (
    NAMELESS,
    ChallengeId,
    CredentialJson,
    Options,
    RecoveryCode,
    Secret,
    asker_of,
    require_one,
    shown_device,
)
from server.sign_in import Factor
from server.wire import (
    LOG_POSITION,
    ApiRequest,
    Phone,
    Received,
    Reply,
    SixDigits,
    Text,
    e164,
    reply_to,
)

DevicePath = Annotated[str, PathParameter(max_length=64, description="As GET /auth/devices has it")]
NewSecret = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="Six to twelve digits; of our own people eight characters or more",
        examples=["739204"],
    ),
]
ResetCode = Annotated[str, Meta(min_length=16, max_length=32, pattern=r"^[A-Za-z0-9 -]+$")]


class _Out(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What goes out."""


class PinChange(Received, frozen=True, kw_only=True):
    """The PIN or password as it is, and as it shall be."""

    current: Secret
    new: NewSecret


class TakenTotp(Received, frozen=True, kw_only=True):
    """The first code of an authenticator that was offered."""

    challenge_id: ChallengeId
    totp: SixDigits


class NewPasskey(Received, frozen=True, kw_only=True):
    """A passkey that a browser has made, and what its owner calls it."""

    challenge_id: ChallengeId
    name: Text
    credential: CredentialJson


class UsedReset(Received, frozen=True, kw_only=True):
    """A reset's code, and the factor that is left: the PIN as it is (`current`) when the
    authenticator is reset; `totp` or `recoveryCode` with a `new` PIN when that is; after an
    invitation `new` alone."""

    phone: Phone
    code: ResetCode
    new: NewSecret | None = None
    current: Secret | None = None
    totp: SixDigits | None = None
    recovery_code: RecoveryCode | None = None


class OfferedTotp(_Out, frozen=True, kw_only=True):
    """A secret that counts when its first code has come back, until the challenge is too old."""

    challenge_id: str
    totp_secret: str
    otpauth_uri: str
    qr: str


class RecoveryCodes(_Out, frozen=True, kw_only=True):
    """Shown this once: each may be used once in place of the authenticator."""

    codes: tuple[str, ...]


class OpenReset(_Out, frozen=True, kw_only=True):
    """A reset that two of our people have agreed to. Who did not ask for it objects."""

    what: What
    opened_at: datetime
    usable_at: datetime
    expires_at: datetime


class FactorList(_Out, frozen=True, kw_only=True):
    """What the caller signs in with, beside PIN and authenticator."""

    recovery_codes: int
    passkeys: int
    reset: OpenReset | None


class PasskeyView(_Out, frozen=True, kw_only=True):
    """One of the caller's passkeys."""

    passkey_id: UUID
    name: str
    added_at: datetime
    used_at: datetime | None


class PasskeyList(_Out, frozen=True, kw_only=True):
    """The caller's passkeys, oldest first."""

    items: tuple[PasskeyView, ...]


class DeviceView(_Out, frozen=True, kw_only=True):
    """A device that the caller has signed in with."""

    device_id: str
    since: datetime


class DeviceList(_Out, frozen=True, kw_only=True):
    """The caller's devices, oldest first."""

    items: tuple[DeviceView, ...]


class ResetProgress(_Out, frozen=True, kw_only=True):
    """What was set anew (`done`), or the authenticator whose first code is still wanted."""

    what: What
    done: bool
    challenge_id: str | None = None
    totp_secret: str | None = None
    otpauth_uri: str | None = None
    qr: str | None = None


@get("/auth/factors", summary="What the caller signs in with")
async def list_factors(call: TheCall, identities: TheIdentities, resets: TheResets) -> FactorList:
    """And the reset that is open, if there is one: it can be objected to."""
    found = await identities.factors(call.caller.user_id)
    reset = found.reset_of(call.caller.user_id)
    return FactorList(
        recovery_codes=found.recovery_codes,
        passkeys=found.passkeys,
        reset=None
        if reset is None
        else OpenReset(
            what=reset.what,
            opened_at=reset.opened_at,
            usable_at=reset.usable_at(resets.times),
            expires_at=reset.lapses_at(resets.times),
        ),
    )


@post("/auth/pin", status_code=200, summary="Change one's PIN or password")
async def change_pin(
    data: JSONBody[PinChange], call: TheCall, own_factors: TheOwnFactors, sessions: TheSessions
) -> Reply[SignedOut]:
    """After step-up. Everybody signed in as the caller is signed out, the caller too."""
    outcome = await own_factors.change_pin(call, data.current, data.new)
    sessions.forget_all_of(call.caller.user_id)
    return reply_to(outcome)


@post("/auth/totp", status_code=200, summary="Take another authenticator")
async def offer_totp(call: TheCall, own_factors: TheOwnFactors) -> OfferedTotp:
    """A secret as text, URI and picture. The old one counts until the new one's first code came."""
    offered = await own_factors.offer_totp(call.caller)
    return OfferedTotp(
        challenge_id=offered.challenge_id, **msgspec.structs.asdict(offered.authenticator)
    )


@post("/auth/totp/confirm", status_code=200, summary="The first code of the new authenticator")
async def take_totp(
    data: JSONBody[TakenTotp], call: TheCall, own_factors: TheOwnFactors, sessions: TheSessions
) -> Reply[SignedOut]:
    """After step-up. Everybody signed in as the caller is signed out, the caller too."""
    outcome = await own_factors.take_totp(call, data.challenge_id, data.totp)
    sessions.forget_all_of(call.caller.user_id)
    return reply_to(outcome)


@post("/auth/recovery-codes", status_code=200, summary="New recovery codes")
async def make_recovery_codes(call: TheCall, own_factors: TheOwnFactors) -> Reply[RecoveryCodes]:
    """After step-up. The old ones are no longer good."""
    outcome, codes = await own_factors.new_recovery_codes(call)
    if outcome.replayed:
        raise CodeExpired("The codes were shown once: ask for others.")
    return reply_to(outcome, msgspec.json.encode(RecoveryCodes(codes=codes)))


@post("/auth/passkeys/options", status_code=200, summary="Begin to add a passkey")
async def ask_for_passkey(call: TheCall, own_factors: TheOwnFactors) -> Options:
    """What the browser is asked."""
    asked = await own_factors.ask_for_passkey(call.caller)
    return Options(challenge_id=asked.challenge_id, options=asked.options)


@post("/auth/passkeys", summary="Add a passkey")
async def add_passkey(
    data: JSONBody[NewPasskey], call: TheCall, own_factors: TheOwnFactors
) -> Reply[PasskeyAdded]:
    """After step-up."""
    return reply_to(
        await own_factors.add_passkey(call, data.challenge_id, data.name, data.credential)
    )


@get("/auth/passkeys", summary="The caller's passkeys")
async def list_passkeys(call: TheCall, identities: TheIdentities) -> PasskeyList:
    """Oldest first."""
    found = await identities.passkeys(call.caller.user_id)
    return PasskeyList(
        items=tuple(
            PasskeyView(
                passkey_id=each.passkey_id,
                name=each.name,
                added_at=each.added_at,
                used_at=each.used_at,
            )
            for each in found
        )
    )


@delete("/auth/passkeys/{passkey_id:uuid}", summary="Remove a passkey")
async def remove_passkey(passkey_id: FromPath[UUID], call: TheCall) -> None:
    """After step-up. It signs in nobody any more."""
    caller = call.caller
    await call.do(
        RemovePasskey(user_id=caller.user_id, session_id=caller.session_id, passkey_id=passkey_id)
    )


@get("/auth/devices", summary="The caller's devices")
async def list_devices(call: TheCall, identities: TheIdentities) -> DeviceList:
    """With which ones the caller has signed in, and since when."""
    known = await identities.devices(call.caller.user_id)
    return DeviceList(
        items=tuple(
            DeviceView(device_id=shown_device(each.hash), since=each.since)
            for each in known
            if each.hash != NONE
        )
    )


@delete("/auth/devices/{device_id:str}", summary="Forget a device")
async def forget_device(
    device_id: DevicePath, call: TheCall, identities: TheIdentities, sessions: TheSessions
) -> None:
    """It is signed out, with a live ATM code that it asked for, and is new when it comes back."""
    user_id = call.caller.user_id
    device = "" if device_id == NAMELESS else device_id
    await call.do(ForgetDevice(user_id=user_id, device=device))
    for each in await identities.sessions(user_id):
        if each.device == device:
            await call.do(CloseSession(session_id=each.session_id, user_id=user_id))
            sessions.forget(each.session_id)


@delete("/auth/reset", status_code=200, summary="Object to a reset")
async def object_to_reset(call: TheCall, resets: TheResets) -> Reply[Objected]:
    """Whoever can sign in needs none: perhaps somebody else has asked for it."""
    return reply_to(await call.do(ObjectToReset(user_id=call.caller.user_id, times=resets.times)))


@post("/auth/reset", status_code=200, summary="Use a reset, or an invitation")
async def use_reset(
    data: JSONBody[UsedReset], request: ApiRequest, resets: TheResets
) -> Reply[ResetProgress]:
    """Sets a PIN anew; or offers an authenticator, whose first code is wanted then. Whatever is
    wrong, the answer is the same."""
    if data.totp is not None and data.recovery_code is not None:
        require_one(totp=data.totp, recoveryCode=data.recovery_code)
    asked = Asked(
        phone=e164(data.phone),
        code=data.code,
        current=data.current,
        new=data.new,
        factor=Factor(totp=data.totp, recovery_code=data.recovery_code),
    )
    return _progress(await resets.use(asked, asker_of(request)))


@post("/auth/reset/confirm", status_code=200, summary="The first code after a reset")
async def take_reset(
    data: JSONBody[TakenTotp], request: ApiRequest, resets: TheResets
) -> Reply[ResetProgress]:
    """Of the authenticator that was offered."""
    return _progress(await resets.take(data.challenge_id, data.totp, asker_of(request)))


def _progress(progress: Progress) -> Reply[ResetProgress]:
    outcome, offered = progress.outcome, progress.authenticator
    body: dict[str, Any] = {} if offered is None else msgspec.structs.asdict(offered)
    return Reply(
        ResetProgress(
            what=progress.what,
            done=outcome is not None,
            challenge_id=progress.challenge_id,
            **body,
        ),
        headers={} if outcome is None else {LOG_POSITION: str(outcome.position)},
    )


HANDLERS = (
    list_factors,
    change_pin,
    offer_totp,
    take_totp,
    make_recovery_codes,
    ask_for_passkey,
    add_passkey,
    list_passkeys,
    remove_passkey,
    list_devices,
    forget_device,
    object_to_reset,
    use_reset,
    take_reset,
)
