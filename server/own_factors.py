"""Changing what one signs in with: PIN, authenticator, recovery codes, passkeys, after step-up."""

from __future__ import annotations

import base64
import time

import msgspec

from commands.deciding import Outcome
from commands.identity.change_pin import ChangePin
from commands.identity.change_totp import ChangeTotp, hash_of_seal
from commands.identity.factors import RECOVERY_CODES
from commands.identity.passkey import AddPasskey, PasskeyAdded
from commands.identity.recovery import MakeRecoveryCodes, RecoveryCodesMade
from commands.identity.sign_out import SignedOut
from ledger.errors import InvalidRequest, Unauthenticated
from server.auth import Caller
from server.chosen import require_choosable
from server.door import Call
from server.enrolment import TOTP, Authenticator, is_pin, new_letters, new_totp_secret, sealed_pin
from server.identities import Identities
from server.passkeys import Asked, Credential, Passkeys
from server.pins import Pins
from server.primary import Credentials, Primary
from server.settings import Settings
from server.sign_in import SignIn, recovery_digest, step_of
from server.vault import SealBroken, Vault

OFFER = "offered authenticator"


class _Offer(msgspec.Struct, frozen=True, array_like=True):
    """A secret that was offered, sealed: what it replaces, and until when it may be taken."""

    secret: str
    replaces: bytes
    until: float


class Offered(msgspec.Struct, frozen=True):
    """A new authenticator, and the id that comes back with its first code."""

    challenge_id: str
    authenticator: Authenticator


class OwnFactors:
    """For whoever is signed in."""

    def __init__(
        self,
        primary: Primary,
        vault: Vault,
        pins: Pins,
        settings: Settings,
        sign_in: SignIn,
        passkeys: Passkeys,
    ) -> None:
        self._primary = primary
        self._vault = vault
        self._pins = pins
        self._settings = settings
        self._sign_in = sign_in
        self._passkeys = passkeys
        self._identities = Identities(primary, vault)

    async def change_pin(self, call: Call, current: str, new: str) -> Outcome[SignedOut]:
        """Take a new PIN. Raises InvalidRequest for one that may not be chosen."""
        caller = call.caller
        person = await self._person(caller)
        profile = self._identities.profile(person.id, person.profile_seal)
        require_choosable(new, person.role, profile.phone, profile.name, field="new")
        if new == current:
            raise InvalidRequest(field="new", reason="is the old one")
        right = await is_pin(self._vault, self._pins, person.id, person.pin_hash, current)
        new_hash = await sealed_pin(self._vault, self._pins, person.id, new)
        return await call.do(
            ChangePin(
                user_id=person.id,
                session_id=caller.session_id,
                right=right,
                pin_hash=new_hash,
                limits=self._sign_in.limits,
            )
        )

    async def offer_totp(self, caller: Caller) -> Offered:
        """A new secret, which counts when its first code has come back."""
        person = await self._person(caller)
        secret = new_totp_secret()
        until = time.time() + self._settings.challenge_ttl_seconds
        offer = _Offer(secret, hash_of_seal(person.totp_seal), until)
        sealed = self._vault.seal(OFFER, person.id, msgspec.json.encode(offer).decode())
        phone = self._identities.profile(person.id, person.profile_seal).phone
        challenge_id = base64.urlsafe_b64encode(sealed).decode()
        return Offered(challenge_id, Authenticator.of(secret, phone))

    async def take_totp(self, call: Call, challenge_id: str, code: str) -> Outcome[SignedOut]:
        """Take the secret that was offered."""
        caller = call.caller
        try:
            sealed = base64.b64decode(challenge_id, altchars=b"-_", validate=True)
            opened = self._vault.open(OFFER, caller.user_id, sealed)
        except (SealBroken, ValueError) as error:
            raise InvalidRequest(field="challengeId", reason="is not one of ours") from error
        offer = msgspec.json.decode(opened, type=_Offer)
        if offer.until < time.time():
            raise InvalidRequest(field="challengeId", reason="is too old")
        return await call.do(
            ChangeTotp(
                user_id=caller.user_id,
                session_id=caller.session_id,
                totp_seal=self._vault.seal(TOTP, caller.user_id, offer.secret),
                replaces=offer.replaces,
                step=step_of(offer.secret, code, time.time()),
                limits=self._sign_in.limits,
            )
        )

    async def new_recovery_codes(
        self, call: Call
    ) -> tuple[Outcome[RecoveryCodesMade], tuple[str, ...]]:
        """New codes, shown this once."""
        caller = call.caller
        codes = tuple(new_letters() for _ in range(RECOVERY_CODES))
        outcome = await call.do(
            MakeRecoveryCodes(
                user_id=caller.user_id,
                session_id=caller.session_id,
                digests=tuple(recovery_digest(self._vault, caller.user_id, code) for code in codes),
            )
        )
        return outcome, codes

    async def ask_for_passkey(self, caller: Caller) -> Asked:
        """What a browser is asked to make a passkey."""
        known = await self._identities.passkeys(caller.user_id)
        label = f"{caller.role} {str(caller.user_id)[-8:]}"
        return self._passkeys.to_register(
            caller.user_id, label, [each.credential_id for each in known]
        )

    async def add_passkey(
        self, call: Call, challenge_id: str, name: str, credential: Credential
    ) -> Outcome[PasskeyAdded]:
        """Keep what the browser has made. Raises InvalidRequest."""
        caller = call.caller
        made = self._passkeys.registered(caller.user_id, challenge_id, credential)
        return await call.do(
            AddPasskey(
                user_id=caller.user_id,
                session_id=caller.session_id,
                credential_id=made.credential_id,
                public_key=made.public_key,
                sign_count=made.sign_count,
                name=name,
                challenge_hash=made.challenge_hash,
            )
        )

    async def _person(self, caller: Caller) -> Credentials:
        person = await self._primary.person(caller.user_id)
        if person is None:
            raise Unauthenticated
        return person
