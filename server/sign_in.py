"""Signing in: number and PIN, then the second factor. Every way to fail costs the same."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from uuid import UUID

import msgspec
import pyotp
from uuid_utils.compat import uuid7

from commands.deciding import Outcome
from commands.identity.confirm_factor import OpenSession, SessionOpened
from commands.identity.log_in import RecordPin
from commands.identity.person import Role
from commands.identity.step_up import SteppedUp, StepUp
from commands.identity.tries import TryLimits
from ledger.errors import TooMany, Unauthenticated
from server.door import Door
from server.enrolment import TOTP
from server.pins import Pins
from server.primary import Credentials, Primary
from server.settings import Settings
from server.vault import SealBroken, Vault, token_hash

TOTP_SECONDS = 30
TOTP_DRIFT_STEPS = 1  # RFC 6238 §5.2
TOKEN_BYTES = 32
NOBODY = UUID(int=0)
CHALLENGE = "challenge"


class _Challenge(msgspec.Struct, frozen=True, array_like=True):
    """What a challenge says, sealed: whose PIN was right, and until when that counts."""

    user_id: UUID
    until: float


class SignedIn(msgspec.Struct, frozen=True):
    """The session and the one copy of its token."""

    token: str
    session: SessionOpened
    position: int


class SignIn:
    """The two steps."""

    def __init__(
        self, primary: Primary, door: Door, vault: Vault, pins: Pins, settings: Settings
    ) -> None:
        self._primary = primary
        self._door = door
        self._vault = vault
        self._pins = pins
        self._settings = settings
        self._limits = TryLimits(settings.pin_tries_max, settings.pin_lock_seconds)

    async def log_in(self, phone: str, pin: str, request_id: str) -> str:
        """A challenge for the second factor. Raises Unauthenticated or TooMany, whoever it is."""
        phone_index = self._vault.phone_index(phone)
        person = await self._primary.person_by_phone(phone_index)
        person_id = person.id if person else NOBODY
        right = await self._pins.right(
            person.pin_hash if person else None, self._vault.pin_input(person_id, pin)
        )
        if person is None:
            await self._refuse_stranger(phone_index)
        await self._door.submit(
            RecordPin(user_id=person_id, right=right, limits=self._limits),
            actor=str(person_id),
            request_id=request_id,
        )
        challenge = _Challenge(person_id, time.time() + self._settings.challenge_ttl_seconds)
        sealed = self._vault.seal(CHALLENGE, CHALLENGE, msgspec.json.encode(challenge).decode())
        return base64.urlsafe_b64encode(sealed).decode()

    async def confirm(self, challenge_id: str, code: str, device: str, request_id: str) -> SignedIn:
        """A session for whoever passed both steps. Raises Unauthenticated or TooMany."""
        person = await self._challenged(challenge_id)
        secret = self._vault.open(TOTP, person.id, person.totp_seal)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        outcome = await self._door.submit(
            OpenSession(
                user_id=person.id,
                session_id=uuid7(),
                token_hash=token_hash(token),
                totp_step=step_of(secret, code, time.time()),
                idle_seconds=self._idle_seconds(person.role),
                absolute_seconds=self._settings.session_absolute_seconds,
                limits=self._limits,
                device=device_hash(device),
            ),
            actor=str(person.id),
            request_id=request_id,
        )
        return SignedIn(token, outcome.fresh, outcome.position)

    async def step_up(
        self, user_id: UUID, session_id: UUID, code: str, request_id: str
    ) -> Outcome[SteppedUp]:
        """Confirm a session with a second factor once more. Raises Unauthenticated or TooMany."""
        person = await self._primary.person(user_id)
        if person is None:
            raise Unauthenticated
        secret = self._vault.open(TOTP, person.id, person.totp_seal)
        return await self._door.submit(
            StepUp(
                user_id=person.id,
                session_id=session_id,
                totp_step=step_of(secret, code, time.time()),
                limits=self._limits,
            ),
            actor=str(person.id),
            request_id=request_id,
        )

    async def _challenged(self, challenge_id: str) -> Credentials:
        try:
            sealed = base64.b64decode(challenge_id, altchars=b"-_", validate=True)
            opened = self._vault.open(CHALLENGE, CHALLENGE, sealed)
            challenge = msgspec.json.decode(opened, type=_Challenge)
        except (SealBroken, ValueError) as error:
            raise Unauthenticated("Begin again with number and PIN.") from error
        person = await self._primary.person(challenge.user_id)
        if person is None or challenge.until < time.time():
            raise Unauthenticated("Begin again with number and PIN.")
        return person

    async def _refuse_stranger(self, phone_index: bytes) -> None:
        wait_seconds = await self._primary.stranger_failed(
            phone_index, self._limits.tries_max, self._limits.lock_seconds
        )
        if wait_seconds is None:
            raise Unauthenticated("That is not right.")
        raise TooMany("Too many wrong tries.", retryAfterSeconds=wait_seconds)

    def _idle_seconds(self, role: Role) -> int:
        customer = role is Role.CUSTOMER
        return (
            self._settings.session_idle_seconds if customer else self._settings.staff_idle_seconds
        )


def device_hash(device: str) -> str:
    """What is kept of what an app calls its device; empty when it does not say."""
    return hashlib.sha256(device.encode()).hexdigest()[:32] if device else ""


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
