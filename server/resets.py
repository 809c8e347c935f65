"""Using a reset: with its code and the factor that is left, somebody sets the other one anew."""

from __future__ import annotations

import base64
import time
from uuid import UUID

import msgspec

from commands.deciding import Outcome
from commands.identity.reset import IssueResetCode, ResetCodeIssued, ResetTimes, What
from commands.identity.sign_out import SignedOut
from commands.identity.use_reset import CheckReset, ResetProof, UseReset
from ledger.errors import InvalidRequest, Unauthenticated
from server.chosen import require_choosable
from server.door import Call, Door
from server.enrolment import TOTP, Authenticator, is_pin, new_letters, new_totp_secret, sealed_pin
from server.identities import Identities
from server.pins import Pins
from server.primary import Credentials, Primary
from server.settings import Settings
from server.sign_in import NOBODY, Asker, Factor, SignIn, normal, step_of
from server.tries import Tries
from server.vault import SealBroken, Vault

CODE = "reset code"
OFFER = "reset"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody sends who uses a reset."""

    phone: str
    code: str
    current: str | None = None  # the PIN, when the authenticator is reset
    new: str | None = None  # the PIN, when that is reset
    factor: Factor | None = None  # the second factor, when the PIN is


class _Offer(msgspec.Struct, frozen=True, array_like=True):
    """An authenticator that was offered for a reset, sealed with what was found right."""

    user_id: UUID
    secret: str
    code_digest: bytes
    pin_hash: str | None
    until: float


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What was set anew; or the authenticator whose first code is still wanted."""

    what: What
    outcome: Outcome[SignedOut] | None = None
    challenge_id: str | None = None
    authenticator: Authenticator | None = None


class Resets:
    """For whoever cannot sign in."""

    def __init__(
        self,
        primary: Primary,
        door: Door,
        vault: Vault,
        pins: Pins,
        settings: Settings,
        tries: Tries,
        sign_in: SignIn,
    ) -> None:
        self._primary = primary
        self._identities = Identities(primary, vault)
        self._door = door
        self._vault = vault
        self._pins = pins
        self._settings = settings
        self._tries = tries
        self._sign_in = sign_in
        self.times = ResetTimes(settings.reset_cool_off_seconds, settings.reset_open_seconds)

    async def issue(self, call: Call, user_id: UUID) -> tuple[Outcome[ResetCodeIssued], str]:
        """Give an open reset a code, which is told this once."""
        code = new_letters()
        outcome = await call.do(
            IssueResetCode(
                user_id=user_id,
                helper_id=call.caller.user_id,
                session_id=call.caller.session_id,
                code_digest=reset_digest(self._vault, user_id, code),
                times=self.times,
            )
        )
        return outcome, code

    async def use(self, asked: Asked, asker: Asker) -> Progress:
        """Set a PIN anew, or offer an authenticator. Raises Unauthenticated or TooMany, whoever it
        is; InvalidRequest and Conflict only to whoever has the code."""
        async with self._tries.one_from(asker.address):
            person, what, proof = await self._known(asked, asker.request_id)
            new_hash = await self._new_hash(person, what, asked)
            if what is not What.PIN:
                return self._offered(person, what, proof, new_hash)
            factor = asked.factor or Factor()
            shown = await self._sign_in.shown(person, factor)
            proof = msgspec.structs.replace(proof, shown=shown)
            outcome = await self._use(person.id, proof, asker.request_id, pin_hash=new_hash)
            return Progress(what=what, outcome=outcome)

    async def take(self, challenge_id: str, code: str, asker: Asker) -> Progress:
        """Take the authenticator that was offered. Raises Unauthenticated or TooMany."""
        async with self._tries.one_from(asker.address):
            offer = self._offer_of(challenge_id)
            outcome = await self._use(
                offer.user_id,
                # That the PIN was right was found when the authenticator was offered.
                ResetProof(code_digest=offer.code_digest, pin_right=True),
                asker.request_id,
                pin_hash=offer.pin_hash,
                totp_seal=self._vault.seal(TOTP, offer.user_id, offer.secret),
                step=step_of(offer.secret, code, time.time()),
            )
            what = What.TOTP if offer.pin_hash is None else What.BOTH
            return Progress(what=what, outcome=outcome)

    async def _known(self, asked: Asked, request_id: str) -> tuple[Credentials, What, ResetProof]:
        """Whose reset this is, and that its code is right. Costs the same for everybody."""
        phone_index = self._vault.phone_index(asked.phone)
        person = await self._primary.person_by_phone(phone_index)
        person_id = person.id if person else NOBODY
        kept = person.pin_hash if person else None
        pin_right = await is_pin(self._vault, self._pins, person_id, kept, asked.current or "")
        if person is None:
            await self._sign_in.refuse_stranger(phone_index)
            raise AssertionError("a stranger was refused")
        proof = ResetProof(
            code_digest=reset_digest(self._vault, person.id, asked.code), pin_right=pin_right
        )
        outcome = await self._door.submit(
            CheckReset(
                user_id=person.id, proof=proof, times=self.times, limits=self._sign_in.limits
            ),
            actor=str(person.id),
            request_id=request_id,
        )
        return person, outcome.fresh.what, proof

    async def _new_hash(self, person: Credentials, what: What, asked: Asked) -> str | None:
        """Raises InvalidRequest for a PIN that may not be chosen, or where none is to be set."""
        if what is What.TOTP:
            if asked.new is not None:
                raise InvalidRequest(field="new", reason="is not reset")
            return None
        if asked.new is None:
            raise InvalidRequest(field="new", reason="is required here")
        profile = self._identities.profile(person.id, person.profile_seal)
        require_choosable(asked.new, person.role, profile.phone, profile.name, field="new")
        return await sealed_pin(self._vault, self._pins, person.id, asked.new)

    def _offered(
        self, person: Credentials, what: What, proof: ResetProof, new_hash: str | None
    ) -> Progress:
        secret = new_totp_secret()
        until = time.time() + self._settings.challenge_ttl_seconds
        offer = _Offer(person.id, secret, proof.code_digest, new_hash, until)
        sealed = self._vault.seal(OFFER, OFFER, msgspec.json.encode(offer).decode())
        profile = self._identities.profile(person.id, person.profile_seal)
        return Progress(
            what=what,
            challenge_id=base64.urlsafe_b64encode(sealed).decode(),
            authenticator=Authenticator.of(secret, profile.phone),
        )

    def _offer_of(self, challenge_id: str) -> _Offer:
        try:
            sealed = base64.b64decode(challenge_id, altchars=b"-_", validate=True)
            opened = self._vault.open(OFFER, OFFER, sealed)
        except (SealBroken, ValueError) as error:
            raise Unauthenticated("Begin again with the code.") from error
        offer = msgspec.json.decode(opened, type=_Offer)
        if offer.until < time.time():
            raise Unauthenticated("Begin again with the code.")
        return offer

    async def _use(
        self,
        user_id: UUID,
        proof: ResetProof,
        request_id: str,
        *,
        pin_hash: str | None = None,
        totp_seal: bytes | None = None,
        step: int | None = None,
    ) -> Outcome[SignedOut]:
        return await self._door.submit(
            UseReset(
                user_id=user_id,
                proof=proof,
                times=self.times,
                pin_hash=pin_hash,
                totp_seal=totp_seal,
                step=step,
                limits=self._sign_in.limits,
            ),
            actor=str(user_id),
            request_id=request_id,
        )


def reset_digest(vault: Vault, person_id: UUID, code: str) -> bytes:
    """What is kept of a reset's code, however it is written."""
    return vault.one_time(CODE, person_id, normal(code))
