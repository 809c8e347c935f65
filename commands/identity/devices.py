"""Devices: with which ones somebody has signed in, and since when.

An app tells its own device at the second factor; one that tells nothing is a device too. Whoever
phished number, PIN and second factor still comes with a device that was not seen before.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import STAFF, Person
from ledger.books import Books
from ledger.errors import NotFound
from ledger.rows import Key, Row

DEVICES_MAX = 16  # one that drops out is new when it comes back
NONE = "none"  # stands first where no device is the first any more; no hash is like it


class Device(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A device by the hash of what it calls itself, and when it was first seen."""

    hash: str
    since: datetime


class Devices(Row, frozen=True, kw_only=True):
    """Of one person, oldest first. The first came with the wallet and is never new."""

    person_id: UUID
    known: tuple[Device, ...]

    TABLE: ClassVar[str] = "devices"
    IDS: ClassVar[tuple[str, ...]] = ("person_id",)
    LOAD: ClassVar[dict[str, str]] = {
        "person_id": """
            SELECT version, person_id, known::json AS known
            FROM ledger.devices
            WHERE person_id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.devices AS d (person_id, known, version)
            SELECT r.person_id, r.known, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                person_id uuid, known text, version bigint
            )
            ON CONFLICT (person_id) DO UPDATE SET
                known = excluded.known, version = excluded.version
            WHERE d.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('devices', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(person_id: UUID) -> Key[Devices]:
        """Those of a person."""
        return (Devices, "person_id", person_id.int)

    def keys(self) -> tuple[Key[Devices], ...]:
        return ((Devices, "person_id", self.person_id.int),)


def note_device(books: Books, person: Person, hash_: str) -> datetime | None:
    """Since when a device of this person is known; None for the first one. A new one is noted, and
    its owner is told."""
    before = books.find(Devices.of(person.id))
    known = () if before is None else before.known
    for number, device in enumerate(known):
        if device.hash == hash_:
            return None if number == 0 else device.since
    first, others = known[:1], known[1:]
    kept = (*first, *others[2 - DEVICES_MAX :], Device(hash_, books.now))
    row = before or Devices(person_id=person.id, known=())
    books.put(msgspec.structs.replace(row, known=kept))
    kind = "staff.device_added" if person.role in STAFF else "device.added"
    facts = {"user": person.id, "role": person.role, "device": hash_, "devices": _real(kept)}
    if person.agent_id is not None:
        facts["agent"] = person.agent_id
    books.record(kind, person.id, facts)
    return books.now if first else None


def trust_none(books: Books, person_id: UUID) -> None:
    """Every device is new from now on, the first one too. Touches `Devices.of`; the caller records
    why."""
    row = books.find(Devices.of(person_id)) or Devices(person_id=person_id, known=())
    books.put(msgspec.structs.replace(row, known=(Device(NONE, books.now),)))


class DeviceForgotten(Answer, frozen=True, kw_only=True):
    """A device that is new when it comes back."""

    device_id: str


class ForgetDevice(Command[DeviceForgotten], frozen=True, kw_only=True):
    """Forget a device of one's own. The caller ends its sessions."""

    user_id: UUID
    device: str

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), Devices.of(self.user_id))

    def decide(self, books: Books) -> DeviceForgotten:
        person, row = books.get(Person.by_id(self.user_id)), books.find(Devices.of(self.user_id))
        known = () if row is None else row.known
        if row is None or self.device not in {each.hash for each in known if each.hash != NONE}:
            raise NotFound("You have no such device.")
        # From here on nothing is refused.
        # What stands first is never new: another must not move up into its place.
        first = known[0] if known[0].hash != self.device else Device(NONE, known[0].since)
        others = (each for each in known[1:] if each.hash != self.device)
        kept = (first, *others)
        books.put(msgspec.structs.replace(row, known=kept))
        facts = {"user": person.id, "role": person.role, "device": self.device}
        books.record("device.forgotten", person.id, {**facts, "devices": _real(kept)})
        return DeviceForgotten(device_id=self.device)


def _real(known: tuple[Device, ...]) -> int:
    return sum(each.hash != NONE for each in known)
