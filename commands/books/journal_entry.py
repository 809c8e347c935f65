"""An entry of the journal as a decision sees it: what it moved, and whether it was reversed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from ledger.journal import Line
from ledger.rows import Key, Row

NUMBER_MAX = 2**63 - 1


class JournalEntry(Row, frozen=True, kw_only=True):
    """A posted entry. It is read under the lock each time: what the log says of it is the truth.

    So it is never kept between batches, and there is nothing to save; a decision that reverses it
    puts it back only to tell the later decisions of its batch.
    """

    number: int
    kind: str  # of the record that made it
    subject: UUID
    recorded_at: datetime
    payload: Mapping[str, Any]  # as JSON has it: ids and dates are text
    accounts: tuple[UUID, ...]
    amounts: tuple[int, ...]
    reversed_by: int | None

    TABLE: ClassVar[str] = "journal_entry"
    INSERT_ONLY: ClassVar[bool] = True
    LOAD: ClassVar[dict[str, str]] = {
        "number": """
            SELECT
                0 AS version,
                l.entry_number AS number,
                l.kind,
                l.subject,
                l.recorded_at,
                l.payload,
                ARRAY(
                    SELECT i.account
                    FROM ledger.line AS i
                    WHERE i.entry_number = l.entry_number
                    ORDER BY i.line_number
                ) AS accounts,
                ARRAY(
                    SELECT i.amount
                    FROM ledger.line AS i
                    WHERE i.entry_number = l.entry_number
                    ORDER BY i.line_number
                ) AS amounts,
                (SELECT r.entry_number FROM ledger.log AS r WHERE r.reverses = l.entry_number)
                    AS reversed_by
            FROM ledger.log AS l
            WHERE l.entry_number = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = "SELECT 1"

    @staticmethod
    def by_number(number: int) -> Key[JournalEntry]:
        """The entry with this number, which must be between 1 and NUMBER_MAX."""
        return (JournalEntry, "number", number)

    def keys(self) -> tuple[Key[JournalEntry], ...]:
        return ((JournalEntry, "number", self.number),)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its lines, in their order."""
        return tuple(map(Line, self.accounts, self.amounts))
