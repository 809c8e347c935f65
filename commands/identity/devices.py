"""Devices: with which ones somebody has signed in, and since when.

An app tells its own device at the second factor; one that tells nothing is a device too. Whoever
phished number, PIN and second factor still comes with a device that was not seen before.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from ledger.books import Books
from ledger.rows import Key, Row

DEVICES_MAX = 16  # one that drops out is new when it comes back


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


def note_device(books: Books, person_id: UUID, hash_: str) -> datetime | None:
    """Since when a device of this person is known; None for the first one. Notes a new one."""
    before = books.find(Devices.of(person_id))
    if before is None:
        books.put(Devices(person_id=person_id, known=(Device(hash_, books.now),)))
        return None
    for number, device in enumerate(before.known):
        if device.hash == hash_:
            return None if number == 0 else device.since
    first, *others = before.known
    kept = (first, *others[2 - DEVICES_MAX :], Device(hash_, books.now))
    books.put(msgspec.structs.replace(before, known=kept))
    return books.now
