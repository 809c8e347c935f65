"""Passkeys (W3C WebAuthn): one that is added, one that is removed. For staff only."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.factors import PASSKEYS_MAX, Factors, factors_of
from commands.identity.person import STAFF, Person
from commands.identity.session import Session
from commands.identity.step_up import require_own, require_own_stepped_up, require_stepped_up
from commands.switch.trace import nonce_keys, use_nonce
from ledger.books import Books
from ledger.errors import Conflict, Forbidden, NotFound
from ledger.rows import Key, Row


class Passkey(Row, frozen=True, kw_only=True):
    """A public key and how often its authenticator says it was used. Removed ones stay as they
    were, so that nobody registers the same credential again."""

    id: UUID
    person_id: UUID
    credential_id: bytes
    public_key: bytes  # as COSE (RFC 9052)
    sign_count: int
    name: str
    added_at: datetime
    used_at: datetime | None = None
    removed_at: datetime | None = None

    TABLE: ClassVar[str] = "passkey"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, person_id, credential_id, public_key, sign_count, name, added_at,
                used_at, removed_at
            FROM ledger.passkey
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.passkey AS p (
                id, person_id, credential_id, public_key, sign_count, name, added_at, used_at,
                removed_at, version
            )
            SELECT
                r.id, r.person_id, decode(r.credential_id, 'base64'),
                decode(r.public_key, 'base64'), r.sign_count, r.name, r.added_at, r.used_at,
                r.removed_at, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, person_id uuid, credential_id text, public_key text, sign_count bigint,
                name text, added_at timestamptz, used_at timestamptz, removed_at timestamptz,
                version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                sign_count = excluded.sign_count, used_at = excluded.used_at,
                removed_at = excluded.removed_at, version = excluded.version
            WHERE p.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('passkey', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(passkey_id: UUID) -> Key[Passkey]:
        """The passkey with this id."""
        return (Passkey, "id", passkey_id.int)

    def keys(self) -> tuple[Key[Passkey], ...]:
        return ((Passkey, "id", self.id.int),)


def passkey_id_of(credential_id: bytes) -> UUID:
    """Our id for a credential: the same for the same one, so that it is registered once."""
    return UUID(bytes=hashlib.sha256(credential_id).digest()[:16])


class PasskeyAdded(Answer, frozen=True, kw_only=True):
    """The new passkey."""

    passkey_id: UUID
    name: str
    added_at: datetime


class AddPasskey(Command[PasskeyAdded], frozen=True, kw_only=True):
    """Keep a passkey whose attestation was found good at the edge. A challenge counts once."""

    user_id: UUID
    session_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    challenge_hash: bytes

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Session.by_id(self.session_id),
            Factors.of(self.user_id),
            Passkey.by_id(passkey_id_of(self.credential_id)),
            *nonce_keys(self.challenge_hash),
        )

    def decide(self, books: Books) -> PasskeyAdded:
        person = require_own_stepped_up(books, self.user_id, self.session_id)
        if person.role not in STAFF:
            raise Forbidden
        factors = factors_of(books, person.id)
        passkey_id = passkey_id_of(self.credential_id)
        if books.find(Passkey.by_id(passkey_id)) is not None:
            raise Conflict("This passkey was registered before.")
        if len(factors.passkeys) >= PASSKEYS_MAX:
            raise Conflict("You have as many passkeys as you may.", most=PASSKEYS_MAX)
        use_nonce(books, self.challenge_hash)
        # From here on nothing is refused.
        passkey = Passkey(
            id=passkey_id,
            person_id=person.id,
            credential_id=self.credential_id,
            public_key=self.public_key,
            sign_count=self.sign_count,
            name=self.name,
            added_at=books.now,
        )
        books.put(passkey)
        passkeys = (*factors.passkeys, passkey_id)
        books.put(msgspec.structs.replace(factors, passkeys=passkeys))
        _record(books, "passkey.added", person, passkey_id, len(passkeys))
        return PasskeyAdded(passkey_id=passkey_id, name=self.name, added_at=books.now)


class PasskeyRemoved(Answer, frozen=True, kw_only=True):
    """It signs in nobody any more."""

    passkey_id: UUID


class RemovePasskey(Command[PasskeyRemoved], frozen=True, kw_only=True):
    """Remove a passkey of one's own."""

    user_id: UUID
    session_id: UUID
    passkey_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Session.by_id(self.session_id),
            Factors.of(self.user_id),
            Passkey.by_id(self.passkey_id),
        )

    def decide(self, books: Books) -> PasskeyRemoved:
        person = require_own(books, self.user_id, self.session_id)
        factors = factors_of(books, person.id)
        if self.passkey_id not in factors.passkeys:
            raise NotFound("You have no such passkey.")
        require_stepped_up(books, self.session_id)
        # From here on nothing is refused.
        passkey = books.get(Passkey.by_id(self.passkey_id))
        books.put(msgspec.structs.replace(passkey, removed_at=books.now))
        left = tuple(each for each in factors.passkeys if each != self.passkey_id)
        books.put(msgspec.structs.replace(factors, passkeys=left))
        _record(books, "passkey.removed", person, self.passkey_id, len(left))
        return PasskeyRemoved(passkey_id=self.passkey_id)


def _record(books: Books, kind: str, person: Person, passkey_id: UUID, count: int) -> None:
    """The name is the owner's own words: it stands in no record."""
    facts = {"user": person.id, "role": person.role, "passkey": passkey_id, "passkeys": count}
    books.record(kind, person.id, facts)
