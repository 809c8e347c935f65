"""Making somebody known: what is kept of a person, sealed or hashed before it goes anywhere.

Each person has a key of their own. It stands, sealed, at the beginning of the profile, and seals
the rest of it and whatever else is personal: with the profile all of that is gone.
"""

from __future__ import annotations

import secrets
from uuid import UUID

import msgspec
import pyotp
import segno

from server.pins import Pins
from server.vault import KEY_SEAL_BYTES, Envelope, Vault

PROFILE = "profile"
TOTP = "totp"
PIN = "pin"
ISSUER = "makeba"
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that look like others
CODE_GROUPS, GROUP_LETTERS = 4, 4  # five bits a letter: 80 bits


class Profile(msgspec.Struct, frozen=True):
    """What identifies somebody; only ever kept sealed."""

    phone: str
    name: str
    document: str | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the database gets of whoever is known."""

    phone_index: bytes
    phone_index_next: bytes | None
    profile_seal: bytes


class Kept(Known, frozen=True, kw_only=True):
    """What it gets of whoever may sign in."""

    pin_hash: str
    totp_seal: bytes


class Enrolment:
    """Turns what somebody tells us into what is kept."""

    def __init__(self, vault: Vault, pins: Pins) -> None:
        self._vault = vault
        self._pins = pins

    async def kept(self, person_id: UUID, profile: Profile, pin: str, totp_secret: str) -> Kept:
        """Hash and seal. Raises Overloaded when too many PINs are being hashed."""
        known = self.known(person_id, profile)
        return Kept(
            phone_index=known.phone_index,
            phone_index_next=known.phone_index_next,
            profile_seal=known.profile_seal,
            pin_hash=await sealed_pin(self._vault, self._pins, person_id, pin),
            totp_seal=self._vault.seal(TOTP, person_id, totp_secret),
        )

    def known(self, person_id: UUID, profile: Profile) -> Known:
        """The same of somebody who has no PIN and no authenticator yet."""
        return Known(
            phone_index=self._vault.phone_index(profile.phone),
            phone_index_next=self._vault.next_phone_index(profile.phone),
            profile_seal=sealed_profile(self._vault, person_id, profile),
        )


async def sealed_pin(vault: Vault, pins: Pins, person_id: UUID, pin: str) -> str:
    """What is kept of a PIN: its hash, sealed, so that nobody guesses with the database alone.
    Raises Overloaded."""
    return vault.seal_text(PIN, person_id, await pins.hashed(vault.pin_input(person_id, pin)))


async def is_pin(vault: Vault, pins: Pins, person_id: UUID, kept: str | None, pin: str) -> bool:
    """Whether it is the PIN of which this is kept; never when nothing is, after the same work.
    Raises Overloaded."""
    hashed = vault.open_text(PIN, person_id, kept) if kept else None
    return await pins.right(hashed, vault.pin_input(person_id, pin))


def sealed_profile(vault: Vault, person_id: UUID, profile: Profile) -> bytes:
    """A profile as it is kept, with a new key of the person's own."""
    envelope, key_seal = vault.new_envelope(person_id)
    return key_seal + envelope.seal(PROFILE, person_id, msgspec.json.encode(profile).decode())


def envelope_of(vault: Vault, person_id: UUID, profile_seal: bytes) -> Envelope:
    """What seals and opens this person's things. Raises SealBroken."""
    return vault.envelope(person_id, profile_seal[:KEY_SEAL_BYTES])


def opened_profile(vault: Vault, person_id: UUID, profile_seal: bytes) -> Profile:
    """Who it is. Raises SealBroken."""
    envelope = envelope_of(vault, person_id, profile_seal)
    text = envelope.open(PROFILE, person_id, profile_seal[KEY_SEAL_BYTES:])
    return msgspec.json.decode(text, type=Profile)


def new_totp_secret() -> str:
    """160 random bits in base32 (RFC 4226 §4)."""
    return pyotp.random_base32()


class Authenticator(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A secret as an authenticator takes it up: typed, as a URI, or from a picture of that (SVG, as
    the address of an image)."""

    totp_secret: str
    otpauth_uri: str
    qr: str

    @classmethod
    def of(cls, secret: str, phone: str) -> Authenticator:
        """That of somebody with this number."""
        uri = otpauth_uri(secret, phone)
        return cls(totp_secret=secret, otpauth_uri=uri, qr=segno.make(uri).svg_data_uri(scale=4))


def otpauth_uri(secret: str, phone: str) -> str:
    """As authenticators read it: Key Uri Format, RFC 6238 with its usual six digits in 30 s."""
    return pyotp.TOTP(secret).provisioning_uri(name=phone, issuer_name=ISSUER)


def new_letters() -> str:
    """A code to be written down: four groups of letters and digits."""
    groups = (
        "".join(secrets.choice(CODE_LETTERS) for _ in range(GROUP_LETTERS))
        for _ in range(CODE_GROUPS)
    )
    return "-".join(groups)
