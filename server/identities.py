"""What the edge reads of people: where they are signed in, what they sign in with, who they are.

On the primary, and nothing is decided from it: the command that follows looks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from commands.identity.devices import Device
from commands.identity.reset import Reset, ResetState, What
from server.enrolment import Profile, opened_profile
from server.primary import Primary
from server.vault import Vault

SESSIONS = """
    SELECT
        s.id AS session_id, s.opened_at, s.expires_at, s.device, s.device_since, s.capped_until,
        coalesce(u.last_seen, s.opened_at) AS last_seen
    FROM ledger.session AS s
    INNER JOIN ledger.person AS p ON s.person_id = p.id
    LEFT JOIN ledger.session_use AS u ON s.id = u.session_id
    WHERE
        s.person_id = %(user_id)s
        AND s.revoked_at IS NULL
        AND s.epoch = p.session_epoch
        AND s.expires_at > clock_timestamp()
        AND coalesce(u.last_seen, s.opened_at) + make_interval(secs => s.idle_seconds)
        > clock_timestamp()
    ORDER BY s.opened_at DESC
    LIMIT 100
"""
DEVICES = """
    SELECT known::json AS known FROM ledger.devices WHERE person_id = %(user_id)s
"""
FACTORS = """
    SELECT
        coalesce(cardinality(f.recovery), 0) AS recovery_codes,
        coalesce(cardinality(f.passkeys), 0) AS passkeys,
        r.what, r.opened_at
    FROM ledger.person AS p
    LEFT JOIN ledger.factors AS f ON p.id = f.person_id
    LEFT JOIN ledger.reset AS r ON p.id = r.person_id AND r.state = 'open'
    WHERE p.id = %(user_id)s
"""
PASSKEYS = """
    SELECT
        p.id AS passkey_id, p.person_id, p.credential_id, p.public_key, p.name, p.added_at,
        p.used_at
    FROM ledger.factors AS f
    INNER JOIN ledger.passkey AS p ON p.id = ANY(f.passkeys)
    WHERE f.person_id = %(user_id)s
    ORDER BY p.added_at, p.id
"""
PASSKEY = """
    SELECT id AS passkey_id, person_id, credential_id, public_key, name, added_at, used_at
    FROM ledger.passkey
    WHERE id = %(id)s AND removed_at IS NULL
"""
PROFILES = """
    SELECT id, profile_seal AS seal
    FROM ledger.person
    WHERE id = ANY(%(ids)s) AND profile_seal IS NOT NULL
"""


class SessionListed(msgspec.Struct, frozen=True, kw_only=True):
    """One of somebody's sessions."""

    session_id: UUID
    opened_at: datetime
    expires_at: datetime
    device: str
    device_since: datetime | None
    capped_until: datetime | None
    last_seen: datetime


class FactorsListed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has beside PIN and authenticator; and the reset that is open, if there is."""

    recovery_codes: int
    passkeys: int
    what: What | None
    opened_at: datetime | None

    def reset_of(self, user_id: UUID) -> Reset | None:
        """The open reset, as far as its times go."""
        if self.what is None or self.opened_at is None:
            return None
        return Reset(
            person_id=user_id, what=self.what, state=ResetState.OPEN, opened_at=self.opened_at
        )


class PasskeyListed(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey that is good."""

    passkey_id: UUID
    person_id: UUID
    credential_id: bytes
    public_key: bytes
    name: str
    added_at: datetime
    used_at: datetime | None


class _Known(msgspec.Struct, frozen=True):
    known: tuple[Device, ...]


class _Sealed(msgspec.Struct, frozen=True):
    id: UUID
    seal: bytes


class Identities:
    """Reads them."""

    def __init__(self, primary: Primary, vault: Vault) -> None:
        self._primary = primary
        self._vault = vault

    async def sessions(self, user_id: UUID) -> list[SessionListed]:
        """Somebody's sessions that are good now, newest first."""
        return await self._primary.rows(SessionListed, SESSIONS, user_id=user_id)

    async def devices(self, user_id: UUID) -> tuple[Device, ...]:
        """The devices that somebody has signed in with, oldest first."""
        found = await self._primary.rows(_Known, DEVICES, user_id=user_id)
        return found[0].known if found else ()

    async def factors(self, user_id: UUID) -> FactorsListed:
        """What somebody signs in with."""
        (found,) = await self._primary.rows(FactorsListed, FACTORS, user_id=user_id)
        return found

    async def passkeys(self, user_id: UUID) -> list[PasskeyListed]:
        """Somebody's passkeys, oldest first."""
        return await self._primary.rows(PasskeyListed, PASSKEYS, user_id=user_id)

    async def passkey(self, passkey_id: UUID) -> PasskeyListed | None:
        """One of anybody's."""
        found = await self._primary.rows(PasskeyListed, PASSKEY, id=passkey_id)
        return found[0] if found else None

    async def profiles(self, ids: Sequence[UUID]) -> dict[UUID, Profile]:
        """Who these are, opened: for those whose office it is to know."""
        found = await self._primary.rows(_Sealed, PROFILES, ids=list(ids))
        return {each.id: self.profile(each.id, each.seal) for each in found}

    def profile(self, person_id: UUID, seal: bytes) -> Profile:
        """What is sealed of somebody."""
        return opened_profile(self._vault, person_id, seal)
