"""Making somebody known: what is kept of a person, sealed or hashed before it goes anywhere."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pyotp

from server.pins import Pins
from server.vault import Vault

PROFILE = "profile"
TOTP = "totp"


class Profile(msgspec.Struct, frozen=True):
    """What identifies somebody; only ever kept sealed."""

    phone: str
    name: str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the database gets of a person."""

    phone_index: bytes
    profile_seal: bytes
    pin_hash: str
    totp_seal: bytes


class Enrolment:
    """Turns what somebody tells us into what is kept."""

    def __init__(self, vault: Vault, pins: Pins) -> None:
        self._vault = vault
        self._pins = pins

    async def kept(self, person_id: UUID, profile: Profile, pin: str, totp_secret: str) -> Kept:
        """Hash and seal. Raises Overloaded when too many PINs are being hashed."""
        return Kept(
            phone_index=self._vault.phone_index(profile.phone),
            profile_seal=self._vault.seal(
                PROFILE, person_id, msgspec.json.encode(profile).decode()
            ),
            pin_hash=await self._pins.hashed(self._vault.pin_input(person_id, pin)),
            totp_seal=self._vault.seal(TOTP, person_id, totp_secret),
        )


def new_totp_secret() -> str:
    """160 random bits in base32 (RFC 4226 §4)."""
    return pyotp.random_base32()
