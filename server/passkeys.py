"""Passkeys at the edge (W3C WebAuthn): what a browser is asked, and whether its answer is good.

A challenge is sealed and goes with the question: any process takes the answer. It counts once; that
is decided under the log's lock.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ledger.errors import InvalidRequest, Unauthenticated
from server.settings import Settings
from server.vault import SealBroken, Vault

CHALLENGE = "passkey challenge"
CHALLENGE_BYTES = 32
ANYBODY = "anybody"
NAME = "makeba"
# Ours to decide whether a count has grown: it changes under the log's lock.
ANY_COUNT = 0

Credential = Mapping[str, Any]


class _Challenge(msgspec.Struct, frozen=True, array_like=True):
    challenge: bytes
    until: float


class Asked(msgspec.Struct, frozen=True):
    """What the browser is asked, and the id that comes back with its answer."""

    challenge_id: str
    options: dict[str, Any]


class Registered(msgspec.Struct, frozen=True):
    """A new credential."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    challenge_hash: bytes


class Signed(msgspec.Struct, frozen=True):
    """A signature that is good."""

    sign_count: int
    challenge_hash: bytes


class Passkeys:
    """Asks and looks. Nothing is kept here."""

    def __init__(self, vault: Vault, settings: Settings) -> None:
        self._vault = vault
        self._settings = settings

    def to_register(self, user_id: UUID, label: str, known: Sequence[bytes]) -> Asked:
        """Ask for a new passkey of somebody, on a device that has none of theirs yet."""
        challenge_id, challenge = self._new_challenge(str(user_id))
        options = webauthn.generate_registration_options(
            rp_id=self._settings.passkey_domain,
            rp_name=NAME,
            user_id=user_id.bytes,
            user_name=label,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        )
        return Asked(challenge_id, json.loads(webauthn.options_to_json(options)))

    def registered(self, user_id: UUID, challenge_id: str, credential: Credential) -> Registered:
        """The credential that a browser has made. Raises InvalidRequest."""
        try:
            challenge = self._challenge(str(user_id), challenge_id)
            found = webauthn.verify_registration_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._settings.passkey_domain,
                expected_origin=self._settings.passkey_origin,
                require_user_verification=True,
            )
        except (WebAuthnException, SealBroken, ValueError, KeyError, TypeError) as error:
            raise InvalidRequest(field="credential", reason="is not a passkey for us") from error
        return Registered(
            credential_id=found.credential_id,
            public_key=found.credential_public_key,
            sign_count=found.sign_count,
            challenge_hash=hash_of(challenge),
        )

    def to_sign(self) -> Asked:
        """Ask for a signature by any passkey that is ours: whose it is, the browser says."""
        challenge_id, challenge = self._new_challenge(ANYBODY)
        options = webauthn.generate_authentication_options(
            rp_id=self._settings.passkey_domain,
            challenge=challenge,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return Asked(challenge_id, json.loads(webauthn.options_to_json(options)))

    def signed(self, challenge_id: str, credential: Credential, public_key: bytes) -> Signed:
        """A signature by this key. Raises Unauthenticated."""
        try:
            challenge = self._challenge(ANYBODY, challenge_id)
            found = webauthn.verify_authentication_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._settings.passkey_domain,
                expected_origin=self._settings.passkey_origin,
                credential_public_key=public_key,
                credential_current_sign_count=ANY_COUNT,
                require_user_verification=True,
            )
        except (WebAuthnException, SealBroken, ValueError, KeyError, TypeError) as error:
            raise Unauthenticated("That is not right.") from error
        return Signed(sign_count=found.new_sign_count, challenge_hash=hash_of(challenge))

    def _new_challenge(self, whose: str) -> tuple[str, bytes]:
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        until = time.time() + self._settings.challenge_ttl_seconds
        text = msgspec.json.encode(_Challenge(challenge, until)).decode()
        sealed = self._vault.seal(CHALLENGE, whose, text)
        return base64.urlsafe_b64encode(sealed).decode(), challenge

    def _challenge(self, whose: str, challenge_id: str) -> bytes:
        """Raises SealBroken or ValueError."""
        sealed = base64.b64decode(challenge_id, altchars=b"-_", validate=True)
        opened = self._vault.open(CHALLENGE, whose, sealed)
        challenge = msgspec.json.decode(opened, type=_Challenge)
        if challenge.until < time.time():
            raise ValueError("too old")
        return challenge.challenge


def credential_id_of(credential: Credential) -> bytes:
    """The id that a browser's answer names; of no use by itself. Raises Unauthenticated."""
    named = credential.get("id")
    try:
        assert isinstance(named, str)
        return base64.urlsafe_b64decode(named + "=" * (-len(named) % 4))
    except (AssertionError, ValueError) as error:
        raise Unauthenticated("That is not right.") from error


def hash_of(challenge: bytes) -> bytes:
    """Under what a challenge is noted as used."""
    return hashlib.sha256(b"passkey" + challenge).digest()
