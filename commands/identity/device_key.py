"""Public keys of customers' devices: a code can be encrypted so that one of them alone reads it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role, require_customer
from commands.identity.session import Session
from commands.identity.step_up import require_own_stepped_up
from ledger.books import Books
from ledger.errors import Forbidden, NotFound
from ledger.rows import Key, Row

KEYS_MAX = 8  # of one person; the oldest makes room


class DeviceKey(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A public key as JSON (RFC 7517), under its thumbprint (RFC 7638)."""

    kid: str
    jwk: str
    enrolled_at: datetime


class DeviceKeys(Row, frozen=True, kw_only=True):
    """Those of one person, oldest first."""

    person_id: UUID
    known: tuple[DeviceKey, ...] = ()

    TABLE: ClassVar[str] = "device_keys"
    IDS: ClassVar[tuple[str, ...]] = ("person_id",)
    LOAD: ClassVar[dict[str, str]] = {
        "person_id": """
            SELECT version, person_id, known::json AS known
            FROM ledger.device_keys
            WHERE person_id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.device_keys AS d (person_id, known, version)
            SELECT r.person_id, r.known, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                person_id uuid, known jsonb, version bigint
            )
            ON CONFLICT (person_id) DO UPDATE SET
                known = excluded.known, version = excluded.version
            WHERE d.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('device_keys', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(person_id: UUID) -> Key[DeviceKeys]:
        """Those of a person."""
        return (DeviceKeys, "person_id", person_id.int)

    def keys(self) -> tuple[Key[DeviceKeys], ...]:
        return ((DeviceKeys, "person_id", self.person_id.int),)


class DeviceKeyEnrolled(Answer, frozen=True, kw_only=True):
    """The key's name, which a reply that was encrypted to it has in its header."""

    kid: str
    timestamp: datetime


class EnrolDeviceKey(Command[DeviceKeyEnrolled], frozen=True, kw_only=True):
    """Take in a public key, with a second factor of the last five minutes. The same again changes
    nothing."""

    user_id: UUID
    session_id: UUID
    kid: str
    jwk: str

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Session.by_id(self.session_id),
            DeviceKeys.of(self.user_id),
        )

    def decide(self, books: Books) -> DeviceKeyEnrolled:
        person = require_own_stepped_up(books, self.user_id, self.session_id)
        if person.role is not Role.CUSTOMER:
            raise Forbidden
        # From here on nothing is refused.
        before = keys_of(books, person.id)
        known = next((each for each in before.known if each.kid == self.kid), None)
        if known is None:
            known = DeviceKey(kid=self.kid, jwk=self.jwk, enrolled_at=books.now)
            kept = (*before.known[1 - KEYS_MAX :], known)
            books.put(msgspec.structs.replace(before, known=kept))
            books.record("device.key_enrolled", person.id, {"user": person.id, "kid": self.kid})
        return DeviceKeyEnrolled(kid=known.kid, timestamp=known.enrolled_at)


class DeviceKeyRemoved(Answer, frozen=True, kw_only=True):
    """Nothing is encrypted to it any more."""

    kid: str


class RemoveDeviceKey(Command[DeviceKeyRemoved], frozen=True, kw_only=True):
    """Forget a public key: the device is lost, or has another one."""

    user_id: UUID
    kid: str

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), DeviceKeys.of(self.user_id))

    def decide(self, books: Books) -> DeviceKeyRemoved:
        person = require_customer(books, self.user_id)
        before = keys_of(books, person.id)
        kept = tuple(each for each in before.known if each.kid != self.kid)
        if len(kept) == len(before.known):
            raise NotFound("There is no such key.")
        # From here on nothing is refused.
        books.put(msgspec.structs.replace(before, known=kept))
        books.record("device.key_removed", person.id, {"user": person.id, "kid": self.kid})
        return DeviceKeyRemoved(kid=self.kid)


def keys_of(books: Books, person_id: UUID) -> DeviceKeys:
    """The keys of a person's devices, none or some."""
    return books.find(DeviceKeys.of(person_id)) or DeviceKeys(person_id=person_id)
