"""What settlement files have said of one trace so far, or should have said and did not."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

import msgspec

from ledger.rows import Key, Row


class Mention(Row, frozen=True, kw_only=True):
    """`claimed` is what files claim for it in all, in minor units, since `number` of `file_id`.

    `absences` counts the settlement dates whose files should have named it; `missing_id` is the
    mismatch that this has led to.
    """

    id: UUID  # the trace's
    file_id: UUID | None = None
    number: int | None = None
    claimed: int = 0
    absences: int = 0
    absent_on: date | None = None
    missing_id: UUID | None = None

    TABLE: ClassVar[str] = "mention"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT version, id, file_id, number, claimed, absences, absent_on, missing_id
            FROM ledger.mention
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.mention AS m (
                id, file_id, number, claimed, absences, absent_on, missing_id, version
            )
            SELECT
                r.id, r.file_id, r.number, r.claimed, r.absences, r.absent_on, r.missing_id,
                r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, file_id uuid, number integer, claimed bigint, absences smallint,
                absent_on date, missing_id uuid, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                file_id = excluded.file_id, number = excluded.number, claimed = excluded.claimed,
                absences = excluded.absences, absent_on = excluded.absent_on,
                missing_id = excluded.missing_id, version = excluded.version
            WHERE m.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('mention', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(trace_id: UUID) -> Key[Mention]:
        """That of a trace."""
        return (Mention, "id", trace_id.int)

    def keys(self) -> tuple[Key[Mention], ...]:
        return ((Mention, "id", self.id.int),)

    def absent(self, on: date) -> Mention:
        """The same when the files of this date have said nothing: a date counts once."""
        if self.absent_on is not None and on <= self.absent_on:
            return self
        return msgspec.structs.replace(self, absences=self.absences + 1, absent_on=on)
