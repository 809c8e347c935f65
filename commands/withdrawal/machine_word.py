"""What machines' own counts and journals say was paid for a withdrawal, as decisions need it."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from ledger.books import Books
from ledger.rows import Key, Row


class MachineWord(Row, frozen=True, kw_only=True):
    """The most that any count or journal says was dispensed, in minor units."""

    withdrawal_id: UUID
    dispensed: int

    TABLE: ClassVar[str] = "machine_word"
    IDS: ClassVar[tuple[str, ...]] = ("withdrawal_id",)
    LOAD: ClassVar[dict[str, str]] = {
        "withdrawal_id": """
            SELECT version, withdrawal_id, dispensed
            FROM ledger.machine_word
            WHERE withdrawal_id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.machine_word AS w (withdrawal_id, dispensed, version)
            SELECT r.withdrawal_id, r.dispensed, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                withdrawal_id uuid, dispensed bigint, version bigint
            )
            ON CONFLICT (withdrawal_id) DO UPDATE SET
                dispensed = excluded.dispensed, version = excluded.version
            WHERE w.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('machine_word', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(withdrawal_id: UUID) -> Key[MachineWord]:
        """That about a withdrawal."""
        return (MachineWord, "withdrawal_id", withdrawal_id.int)

    def keys(self) -> tuple[Key[MachineWord], ...]:
        return ((MachineWord, "withdrawal_id", self.withdrawal_id.int),)


def heard(books: Books, withdrawal_id: UUID, dispensed: int) -> None:
    """A machine says so; the caller records it."""
    before = books.find(MachineWord.of(withdrawal_id))
    if before is None:
        books.put(MachineWord(withdrawal_id=withdrawal_id, dispensed=dispensed))
    else:
        books.put(msgspec.structs.replace(before, dispensed=max(before.dispensed, dispensed)))
