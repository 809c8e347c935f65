"""Making somebody known: what is kept of a person, sealed or hashed before it goes anywhere."""

from __future__ import annotations

import secrets
from uuid import UUID

import msgspec
import pyotp
import segno

from server.pins import Pins
from server.vault import Vault

PROFILE = "profile"
TOTP = "totp"
ISSUER = "makeba"
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that look like others
CODE_GROUPS, GROUP_LETTERS = 4, 4  # five bits a letter: 80 bits


class Profile(msgspec.Struct, frozen=True):
    """What identifies somebody; only ever kept sealed."""

    phone: str
    name: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the database gets of whoever is known."""

    phone_index: bytes
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
            profile_seal=known.profile_seal,
            pin_hash=await self._pins.hashed(self._vault.pin_input(person_id, pin)),
            totp_seal=self._vault.seal(TOTP, person_id, totp_secret),
        )

    def known(self, person_id: UUID, profile: Profile) -> Known:
        """The same of somebody who has no PIN and no authenticator yet."""
        sealed = self._vault.seal(PROFILE, person_id, msgspec.json.encode(profile).decode())
        return Known(phone_index=self._vault.phone_index(profile.phone), profile_seal=sealed)


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
