"""Accountants book what no command of the business does: one proposes an entry with its reason and
document, another approves it, and it is posted as it was read.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from commands.approval.change import Change
from commands.books.manual_lines import (
    ManualLine,
    line_keys,
    posted,
    require_covered,
    require_lines,
    require_value_date,
)
from commands.books.periods import THE_PERIODS, count_late, require_taken
from commands.books.planned_reversal import PlannedReversal
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.treasury.own_money import Said
from ledger.books import Books
from ledger.errors import InvalidRequest
from ledger.journal import Entry

POSTED = "manual.posted"
REVERSE_DAYS_MAX = 366  # from the day of booking


class PostManualEntry(Change, frozen=True, kw_only=True):
    """One entry of these lines. Without `bookingDate` it is booked on the day of its approval;
    `valueDate` may be another day. With `reverseOn` it is taken back by itself on that day."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT,)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT,)

    lines: tuple[ManualLine, ...]
    document: Said
    booking_date: date | None = None
    value_date: date | None = None
    reverse_on: date | None = None

    def touches(self, books: Books) -> Rounds:
        yield (THE_PERIODS, *line_keys(self.lines))

    def require_possible(self, books: Books, maker: Person) -> None:
        if not self.reason.strip():
            raise InvalidRequest(field="reason", reason="says why it is booked")
        require_lines(self.lines)
        day = self.booking_date or books.today
        require_taken(books, POSTED, day)
        require_value_date(self.value_date, day)
        self._require_reversible(day)
        require_covered(books, posted(self.lines))

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        day = self.booking_date or books.today
        number = books.record(
            POSTED,
            proposal_id,
            {
                "document": self.document,
                "reason": self.reason,
                "checker": checker.id,
                "reverseOn": self.reverse_on,
            },
            Entry(posted(self.lines), booking_date=day, value_date=self.value_date),
        )
        assert number is not None, "it is an entry"
        count_late(books, day)
        if self.reverse_on is not None:
            books.put(PlannedReversal(entry_number=number, reverse_on=self.reverse_on))
        return {"entry": number}

    def _require_reversible(self, day: date) -> None:
        if self.reverse_on is None:
            return
        if not 0 < (self.reverse_on - day).days <= REVERSE_DAYS_MAX:
            raise InvalidRequest(
                field="reverseOn", reason=f"is within {REVERSE_DAYS_MAX} days after the booking"
            )
