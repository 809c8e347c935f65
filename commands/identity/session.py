"""Sessions: somebody is signed in on one device, until they leave or idle out."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from commands.identity.person import Person, Role
from ledger.rows import Key, Row


class Session(Row, frozen=True, kw_only=True):
    """One sign-in. The token itself is nowhere; here is its SHA-256.

    When it was last used stands in ledger.session_use, outside the log: no decision asks for it.
    `device_since` is when its device was first seen, or None for the first device of the person;
    until `capped_until` little money goes out by it. `device_people` is how many had used it when
    the session was opened.
    """

    id: UUID
    token_hash: bytes
    person_id: UUID
    role: Role
    opened_at: datetime
    expires_at: datetime
    idle_seconds: int
    revoked_at: datetime | None = None
    stepped_up_at: datetime | None = None
    device_since: datetime | None = None
    device: str = ""  # hash of what the app calls it
    device_people: int = 1
    capped_until: datetime | None = None
    epoch: int = 0

    TABLE: ClassVar[str] = "session"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, token_hash, person_id, role, opened_at, expires_at, idle_seconds,
                revoked_at, stepped_up_at, device_since, device, device_people, capped_until,
                epoch
            FROM ledger.session
            WHERE id = ANY(%(values)s)
        """,
        "token_hash": """
            SELECT
                version, id, token_hash, person_id, role, opened_at, expires_at, idle_seconds,
                revoked_at, stepped_up_at, device_since, device, device_people, capped_until,
                epoch
            FROM ledger.session
            WHERE token_hash = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.session AS s (
                id, token_hash, person_id, role, opened_at, expires_at, idle_seconds, revoked_at,
                stepped_up_at, device_since, device, device_people, capped_until, epoch, version
            )
            SELECT
                r.id, decode(r.token_hash, 'base64'), r.person_id, r.role, r.opened_at,
                r.expires_at, r.idle_seconds, r.revoked_at, r.stepped_up_at, r.device_since,
                r.device, r.device_people, r.capped_until, r.epoch, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, token_hash text, person_id uuid, role text, opened_at timestamptz,
                expires_at timestamptz, idle_seconds integer, revoked_at timestamptz,
                stepped_up_at timestamptz, device_since timestamptz, device text,
                device_people integer, capped_until timestamptz, epoch integer, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                revoked_at = excluded.revoked_at, stepped_up_at = excluded.stepped_up_at,
                version = excluded.version
            WHERE s.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('session', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(session_id: UUID) -> Key[Session]:
        """The session with this id."""
        return (Session, "id", session_id.int)

    @staticmethod
    def by_token_hash(token_hash: bytes) -> Key[Session]:
        """The session whose token has this SHA-256."""
        return (Session, "token_hash", token_hash)

    def keys(self) -> tuple[Key[Session], ...]:
        return ((Session, "id", self.id.int), (Session, "token_hash", self.token_hash))

    @property
    def revoked(self) -> bool:
        """Whether it was ended before its time."""
        return self.revoked_at is not None

    def good_for(self, person: Person) -> bool:
        """Whether it is this person's, and was not ended, alone or together with all others."""
        return (
            self.person_id == person.id and not self.revoked and self.epoch == person.session_epoch
        )
