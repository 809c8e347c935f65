"""A soft-closed month is closed by two people, on a checklist that both have read.

What the list needs of the read models the server has looked up when the close was proposed; what
the ledger's own rows say is looked at again under the lock. Open items are listed and carried
forward: only what is unexplained stops a close.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.books.periods import (
    THE_PERIODS,
    Month,
    MonthName,
    Periods,
    PeriodState,
    move,
    periods_now,
    require_over,
)
from commands.command import Rounds
from commands.identity.person import Person, Role
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, PeriodNotReady

# What stops a close when it is not in order. All else on the list is carried forward.
MUST_HOLD = (
    "projections_at_the_head",
    "trial_balance_equal",
    "sub_ledgers_equal_control_accounts",
    "held_explained",
    "suspense_explained",
    "safeguarding_explained",
)
LINES_MAX = 64


class CheckedLine(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """One line of the checklist: what was found. `figure` is in minor units, and is what differs
    where something must hold, what is carried forward elsewhere; `oldestDays` is the age of the
    oldest that is carried."""

    name: str
    ok: bool
    figure: int | None = None
    count: int | None = None
    oldest_days: int | None = None


class ClosePeriod(Change, frozen=True, kw_only=True):
    """Close a month. `late` is how many entries had been booked for days that were over, `readTo`
    how far the log had been read, when the lines were found."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT,)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT,)

    month: MonthName
    late: int
    read_to: int
    lines: tuple[CheckedLine, ...]

    def touches(self, books: Books) -> Rounds:
        yield (THE_PERIODS,)

    def require_possible(self, books: Books, maker: Person) -> None:
        month, now = Month.named(self.month), periods_now(books)
        standing = unmet(books, now, month)
        if standing:
            raise PeriodNotReady(month=str(month), missing=", ".join(standing))
        if len(self.lines) > LINES_MAX:
            raise InvalidRequest(field="lines", reason=f"are {LINES_MAX} at most")
        wrong = not_in_order(self.lines)
        if wrong:
            raise PeriodNotReady(month=str(month), missing=", ".join(wrong))
        if self.late != now.late:
            raise Conflict(
                "Something was booked for a day that is over since this list was made.",
                month=str(month),
            )

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        month, now = Month.named(self.month), periods_now(books)
        after = msgspec.structs.replace(now, closed_to=month.last)
        move(
            books,
            "period.closed",
            month,
            after,
            by=checker.id,
            proposal=proposal_id,
            readTo=self.read_to,
            lines=msgspec.to_builtins(self.lines),
        )
        return {"month": str(month)}


def unmet(books: Books, now: Periods, month: Month) -> list[str]:
    """What the ledger's own rows say against a close; nothing when it may go on. Raises Conflict
    while the month runs."""
    require_over(books, month)
    return [name for name, ok in standing_of(now, month, books.last_entries) if not ok]


def standing_of(
    now: Periods, month: Month, last_entries: dict[int, int]
) -> Iterable[tuple[str, bool]]:
    """The lines that the ledger's own rows decide, each with whether it is in order."""
    yield "month_soft_closed", now.state_of(month) is PeriodState.SOFT_CLOSED
    yield "months_before_closed", now.closed_to is None or now.closed_to >= month.before.last
    if month.number == 12:
        yield "year_closed", year_is_closed(now, month.year, last_entries)


def year_is_closed(now: Periods, year: int, last_entries: dict[int, int]) -> bool:
    """Whether a year's result was carried over, and nothing was booked in it since."""
    return now.years.get(str(year)) == last_entries.get(year, 0)


def not_in_order(lines: Iterable[CheckedLine]) -> list[str]:
    """What must hold and does not, or was not looked at."""
    good = {line.name for line in lines if line.ok}
    return [name for name in MUST_HOLD if name not in good]
