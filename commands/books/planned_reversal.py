"""A manual entry that is taken back on a day by itself: an accrual, mostly.

A job looks for those that are due; what is decided here, under the lock, is posted once.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

import msgspec

from commands.books.journal_entry import JournalEntry
from commands.books.manual_lines import require_covered
from commands.books.periods import THE_PERIODS, count_late, day_taken
from commands.command import Answer, Command, Rounds
from ledger.accounts import Account
from ledger.books import Books
from ledger.journal import reversal
from ledger.rows import Key, Row

REVERSED, NOT_REVERSED = "manual.reversed", "manual.not_reversed"


class PlannedReversal(Row, frozen=True, kw_only=True):
    """That an entry is to be taken back on a day, or was."""

    entry_number: int
    reverse_on: date
    done: bool = False

    TABLE: ClassVar[str] = "planned_reversal"
    IDS: ClassVar[tuple[str, ...]] = ()
    LOAD: ClassVar[dict[str, str]] = {
        "entry_number": """
            SELECT version, entry_number, reverse_on, done
            FROM ledger.planned_reversal
            WHERE entry_number = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.planned_reversal AS p (entry_number, reverse_on, done, version)
            SELECT r.entry_number, r.reverse_on, r.done, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                entry_number bigint, reverse_on date, done boolean, version bigint
            )
            ON CONFLICT (entry_number) DO UPDATE SET
                done = excluded.done, version = excluded.version
            WHERE p.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('planned_reversal', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(entry_number: int) -> Key[PlannedReversal]:
        """That of an entry."""
        return (PlannedReversal, "entry_number", entry_number)

    def keys(self) -> tuple[Key[PlannedReversal], ...]:
        return ((PlannedReversal, "entry_number", self.entry_number),)


class Posted(Answer, frozen=True, kw_only=True):
    """The entry that was posted now; null: nothing was due any more."""

    entry_number: int | None


class ReverseAsPlanned(Command[Posted], frozen=True, kw_only=True):
    """Take an entry back whose day has come. It is booked on that day while its period is open,
    else today; the day is its value date either way."""

    transaction_id: UUID
    entry_number: int

    def touches(self, books: Books) -> Rounds:
        yield (
            PlannedReversal.of(self.entry_number),
            JournalEntry.by_number(self.entry_number),
            THE_PERIODS,
        )
        original = books.find(JournalEntry.by_number(self.entry_number))
        if original is not None:
            yield tuple(Account.by_id(account) for account in original.accounts)

    def decide(self, books: Books) -> Posted:
        planned = books.find(PlannedReversal.of(self.entry_number))
        if planned is None or planned.done or books.today < planned.reverse_on:
            return Posted(entry_number=None)
        original = books.get(JournalEntry.by_number(self.entry_number))
        day = day_taken(books, planned.reverse_on)
        taken_back = reversal(original.number, original.lines, planned.reverse_on)
        if original.reversed_by is None:
            require_covered(books, taken_back.lines)
        # From here on nothing is refused.
        books.put(msgspec.structs.replace(planned, done=True))
        facts = {"reverses": original.number, "on": planned.reverse_on}
        if original.reversed_by is not None:
            books.record(NOT_REVERSED, self.transaction_id, facts | {"by": original.reversed_by})
            return Posted(entry_number=None)
        number = books.record(
            REVERSED,
            self.transaction_id,
            facts,
            msgspec.structs.replace(taken_back, booking_date=day),
        )
        count_late(books, day)
        books.put(msgspec.structs.replace(original, reversed_by=number))
        return Posted(entry_number=number)
