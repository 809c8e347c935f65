"""Who has signed in with a device: an app that calls itself the same is one, whoever holds it.

Families share a telephone. A device by which a dozen wallets are moved belongs to whoever keeps
the wallets of others, or has stolen them: a fraud rule looks at how many there are.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from ledger.books import Books
from ledger.rows import Key, Row

PEOPLE_MAX = 32  # the oldest drops out; rules ask for fewer


class DeviceUse(Row, frozen=True, kw_only=True):
    """Of one device, by the hash of what it calls itself: people, in the order in which they
    came."""

    device: str
    people: tuple[UUID, ...]

    TABLE: ClassVar[str] = "device_use"
    IDS: ClassVar[tuple[str, ...]] = ()  # a hash is no id
    LOAD: ClassVar[dict[str, str]] = {
        "device": """
            SELECT version, device, people
            FROM ledger.device_use
            WHERE device = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.device_use AS d (device, people, version)
            SELECT r.device, r.people, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (device text, people uuid[], version bigint)
            ON CONFLICT (device) DO UPDATE SET
                people = excluded.people, version = excluded.version
            WHERE d.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('device_use', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(device: str) -> Key[DeviceUse]:
        """That of a device."""
        return (DeviceUse, "device", device)

    def keys(self) -> tuple[Key[DeviceUse], ...]:
        return ((DeviceUse, "device", self.device),)


def use_keys(device: str) -> tuple[Key[DeviceUse], ...]:
    """What `note_use` touches."""
    return (DeviceUse.of(device),) if device else ()


def note_use(books: Books, device: str, person_id: UUID) -> int:
    """How many people a device has been used by, this one among them; below the line.

    One that says nothing of itself is nobody's. The caller records the sign-in.
    """
    if not device:
        return 1
    use = books.find(DeviceUse.of(device)) or DeviceUse(device=device, people=())
    if person_id not in use.people:
        people = (*use.people, person_id)[-PEOPLE_MAX:]
        use = msgspec.structs.replace(use, people=people)
        books.put(use)
    return len(use.people)
