"""Signing in: number and PIN, then the second factor; or a passkey. Every way to fail costs the
same."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import NoReturn
from uuid import UUID

import msgspec
import pyotp
from uuid_utils.compat import uuid7

from commands.deciding import Outcome
from commands.identity.confirm_factor import OpenSession, SessionOpened
from commands.identity.confirm_step_up import StepUp
from commands.identity.log_in import RecordPin
from commands.identity.passkey import passkey_id_of
from commands.identity.person import Role
from commands.identity.shown import PasskeyShown, RecoveryShown, Shown, TotpShown
from commands.identity.step_up import SteppedUp
from commands.identity.tries import TryLimits
from ledger.errors import TooMany, Unauthenticated
from server.door import Door
from server.enrolment import TOTP, is_pin
from server.identities import Identities
from server.passkeys import Credential, Passkeys, credential_id_of
from server.pins import Pins
from server.primary import Credentials, Primary
from server.settings import Settings
from server.tries import Tries
from server.vault import SealBroken, Vault, token_hash

TOTP_SECONDS = 30
TOTP_DRIFT_STEPS = 1  # RFC 6238 §5.2
TOKEN_BYTES = 32
NOBODY = UUID(int=0)
CHALLENGE = "challenge"
RECOVERY = "recovery"


class _Challenge(msgspec.Struct, frozen=True, array_like=True):
    """What a challenge says, sealed: whose PIN was right, until when that counts, and the epoch of
    their sessions then: what ends all sessions ends those that are half open too."""

    user_id: UUID
    until: float
    epoch: int


class SignedIn(msgspec.Struct, frozen=True):
    """The session and the one copy of its token."""

    token: str
    session: SessionOpened
    position: int


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """A second factor as it was sent: exactly one of these."""

    totp: str | None = None
    recovery_code: str | None = None
    challenge_id: str | None = None  # of a passkey's signature
    credential: Credential | None = None


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody asks from, by which device, under which id."""

    address: str
    request_id: str
    device: str = ""


class SignIn:
    """The two steps, and the one step of a passkey."""

    def __init__(
        self,
        primary: Primary,
        door: Door,
        vault: Vault,
        pins: Pins,
        settings: Settings,
        tries: Tries,
        passkeys: Passkeys,
    ) -> None:
        self._primary = primary
        self._identities = Identities(primary, vault)
        self._door = door
        self._vault = vault
        self._pins = pins
        self._settings = settings
        self._tries = tries
        self._passkeys = passkeys
        self.limits = TryLimits(settings.pin_tries_max, settings.pin_lock_seconds)

    async def log_in(self, phone: str, pin: str, asker: Asker) -> str:
        """A challenge for the second factor. Raises Unauthenticated or TooMany, whoever it is."""
        async with self._tries.one_from(asker.address):
            person = await self._right_pin(phone, pin, asker.request_id)
        until = time.time() + self._settings.challenge_ttl_seconds
        challenge = _Challenge(person.id, until, person.session_epoch)
        sealed = self._vault.seal(CHALLENGE, CHALLENGE, msgspec.json.encode(challenge).decode())
        return base64.urlsafe_b64encode(sealed).decode()

    async def confirm(self, challenge_id: str, factor: Factor, asker: Asker) -> SignedIn:
        """A session for whoever passed both steps. Raises Unauthenticated or TooMany."""
        async with self._tries.one_from(asker.address):
            person, epoch = await self._challenged(challenge_id)
            return await self._opened(person, await self.shown(person, factor), asker, epoch)

    async def by_passkey(self, challenge_id: str, credential: Credential, asker: Asker) -> SignedIn:
        """A session for whoever has a passkey and has shown its device that it is they: that is
        two factors. Raises Unauthenticated or TooMany."""
        async with self._tries.one_from(asker.address):
            passkey = await self._identities.passkey(passkey_id_of(credential_id_of(credential)))
            person = None if passkey is None else await self._primary.person(passkey.person_id)
            if person is None:
                raise Unauthenticated("That is not right.")
            factor = Factor(challenge_id=challenge_id, credential=credential)
            shown = await self.shown(person, factor)
            return await self._opened(person, shown, asker, person.session_epoch)

    async def step_up(
        self, user_id: UUID, session_id: UUID, factor: Factor, asker: Asker
    ) -> Outcome[SteppedUp]:
        """Confirm a session with a second factor once more. Raises Unauthenticated or TooMany."""
        async with self._tries.one_from(asker.address):
            person = await self._primary.person(user_id)
            if person is None:
                raise Unauthenticated
            return await self._door.submit(
                StepUp(
                    user_id=person.id,
                    session_id=session_id,
                    shown=await self.shown(person, factor),
                    limits=self.limits,
                ),
                actor=str(person.id),
                request_id=asker.request_id,
                session=session_id,
            )

    async def shown(self, person: Credentials, factor: Factor) -> Shown:
        """What a factor is, as decisions take it. Raises Unauthenticated for a bad signature."""
        if factor.recovery_code is not None:
            return RecoveryShown(recovery_digest(self._vault, person.id, factor.recovery_code))
        if factor.credential is not None and factor.challenge_id is not None:
            return await self._passkey_shown(person, factor.challenge_id, factor.credential)
        return TotpShown(self.step_of(person, factor.totp or ""))

    def step_of(self, person: Credentials, code: str) -> int | None:
        """The step of a code by somebody's authenticator; None without one that fits."""
        try:
            secret = self._vault.open(TOTP, person.id, person.totp_seal)
        except SealBroken:
            return None  # invited, and has none yet
        return step_of(secret, code, time.time())

    async def refuse_stranger(self, phone_index: bytes) -> NoReturn:
        """Count a wrong try on a number of nobody like one on somebody's. Raises Unauthenticated or
        TooMany."""
        wait_seconds = await self._primary.stranger_failed(
            phone_index, self.limits.tries_max, self.limits.lock_seconds
        )
        if wait_seconds is None:
            raise Unauthenticated("That is not right.")
        raise TooMany("Too many wrong tries.", retryAfterSeconds=wait_seconds)

    async def _right_pin(self, phone: str, pin: str, request_id: str) -> Credentials:
        """Whose PIN it is, as they stood when it was looked at."""
        phone_index = self._vault.phone_index(phone)
        person = await self._primary.person_by_phone(phone_index)
        person_id = person.id if person else NOBODY
        kept = person.pin_hash if person else None
        right = await is_pin(self._vault, self._pins, person_id, kept, pin)
        if person is None:
            await self.refuse_stranger(phone_index)
        await self._door.submit(
            RecordPin(user_id=person_id, right=right, limits=self.limits),
            actor=str(person_id),
            request_id=request_id,
        )
        return person

    async def _passkey_shown(
        self, person: Credentials, challenge_id: str, credential: Credential
    ) -> PasskeyShown:
        passkey = await self._identities.passkey(passkey_id_of(credential_id_of(credential)))
        if passkey is None or passkey.person_id != person.id:
            raise Unauthenticated("That is not right.")
        signed = self._passkeys.signed(challenge_id, credential, passkey.public_key)
        return PasskeyShown(passkey.passkey_id, signed.sign_count, signed.challenge_hash)

    async def _opened(
        self, person: Credentials, shown: Shown, asker: Asker, epoch: int
    ) -> SignedIn:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        outcome = await self._door.submit(
            OpenSession(
                user_id=person.id,
                session_id=uuid7(),
                token_hash=token_hash(token),
                shown=shown,
                epoch=epoch,
                idle_seconds=self._idle_seconds(person.role),
                absolute_seconds=self._settings.session_absolute_seconds,
                limits=self.limits,
                device=device_hash(asker.device),
                cool_off_seconds=self._settings.device_cool_off_seconds,
            ),
            actor=str(person.id),
            request_id=asker.request_id,
        )
        return SignedIn(token, outcome.fresh, outcome.position)

    async def _challenged(self, challenge_id: str) -> tuple[Credentials, int]:
        """Whose PIN was right, and the epoch of their sessions then."""
        try:
            sealed = base64.b64decode(challenge_id, altchars=b"-_", validate=True)
            opened = self._vault.open(CHALLENGE, CHALLENGE, sealed)
            challenge = msgspec.json.decode(opened, type=_Challenge)
        except (SealBroken, ValueError) as error:
            raise Unauthenticated("Begin again with number and PIN.") from error
        person = await self._primary.person(challenge.user_id)
        if person is None or challenge.until < time.time():
            raise Unauthenticated("Begin again with number and PIN.")
        return person, challenge.epoch

    def _idle_seconds(self, role: Role) -> int:
        customer = role is Role.CUSTOMER
        return (
            self._settings.session_idle_seconds if customer else self._settings.staff_idle_seconds
        )


def device_hash(device: str) -> str:
    """What is kept of what an app calls its device; empty when it does not say."""
    return hashlib.sha256(device.encode()).hexdigest()[:32] if device else ""


def recovery_digest(vault: Vault, person_id: UUID, code: str) -> str:
    """What is kept of a recovery code, however it is written."""
    return vault.one_time(RECOVERY, person_id, normal(code)).hex()


def normal(code: str) -> str:
    """A code of letters and digits as it was drawn, without what people put between."""
    return "".join(each for each in code.upper() if each.isalnum())


def step_of(secret: str, code: str, at: float) -> int | None:
    """The time step that a TOTP code belongs to, the latest that fits; None when none does."""
    totp = pyotp.TOTP(secret)
    now = int(at) // TOTP_SECONDS
    fitting = [
        step
        for step in range(now - TOTP_DRIFT_STEPS, now + TOTP_DRIFT_STEPS + 1)
        if secrets.compare_digest(totp.generate_otp(step), code)
    ]
    return max(fitting, default=None)
