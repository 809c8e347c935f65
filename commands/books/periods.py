"""Periods are months of the booking date: open, soft-closed, closed. The one that runs is open.

A month is closed only after its last day, and after all months before it, so two days say it all.
Soft-closed, it takes only what two people have approved for it; closed, it takes nothing.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec
from msgspec import Meta

from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, NotFound, PeriodClosed
from ledger.rows import Key, Row

DAY = timedelta(days=1)
FIRST_YEAR = 2000  # nothing is booked before it

# The kinds of entry that a soft-closed month takes: each was approved for that very day.
# The trigger of schema/0001_books.sql names them too.
TAKEN_SOFT_CLOSED = ("manual.posted", "year.closed")

MonthName = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}$", examples=["2026-11"])]


class PeriodState(StrEnum):
    """What a month takes: everything, what two people approved, nothing."""

    OPEN = "open"
    SOFT_CLOSED = "soft_closed"
    CLOSED = "closed"


class Month(msgspec.Struct, frozen=True, order=True):
    """A month of the calendar."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Self:
        """The one that a day lies in."""
        return cls(day.year, day.month)

    @classmethod
    def named(cls, name: str) -> Self:
        """The one that is written 2026-11. Raises InvalidRequest."""
        year, _, number = name.partition("-")
        if not (len(name) == 7 and year.isdecimal() and number.isdecimal()):
            raise InvalidRequest(field="month", reason="is not written like 2026-11")
        month = cls(int(year), int(number))
        if not (FIRST_YEAR <= month.year < date.max.year and 1 <= month.number <= 12):
            raise InvalidRequest(field="month", reason="is not a month that books have")
        return month

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.year, self.number, monthrange(self.year, self.number)[1])

    @property
    def before(self) -> Month:
        """The month before it."""
        return Month.of(self.first - DAY)

    @property
    def id(self) -> UUID:
        """Under which its records are filed."""
        return uuid5(NAMESPACE_OID, f"makeba period {self}")

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02d}"


class Periods(Row, frozen=True, kw_only=True):
    """Up to which days months are soft-closed and closed; None: none is. There is one such row.

    `late` counts the entries that were booked for days that were over: what was found out about
    closed days is still true while it stands. `years` has, for each year whose result was carried
    over, the sequence number of its last entry then.
    """

    kind: str = "periods"
    soft_closed_to: date | None = None
    closed_to: date | None = None
    late: int = 0
    years: Mapping[str, int] = msgspec.field(default_factory=dict)

    TABLE: ClassVar[str] = "periods"
    LOAD: ClassVar[dict[str, str]] = {
        "kind": """
            SELECT version, kind, soft_closed_to, closed_to, late, years
            FROM ledger.periods
            WHERE kind = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.periods AS p (
                kind, soft_closed_to, closed_to, late, years, version
            )
            SELECT r.kind, r.soft_closed_to, r.closed_to, r.late, r.years, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                kind text, soft_closed_to date, closed_to date, late bigint, years jsonb,
                version bigint
            )
            ON CONFLICT (kind) DO UPDATE SET
                soft_closed_to = excluded.soft_closed_to, closed_to = excluded.closed_to,
                late = excluded.late, years = excluded.years, version = excluded.version
            WHERE p.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('periods', (SELECT count(*) FROM saved), %(count)s)
    """

    def keys(self) -> tuple[Key[Periods], ...]:
        return ((Periods, "kind", self.kind),)

    def state_on(self, day: date) -> PeriodState:
        """What the month of a day takes."""
        if self.closed_to is not None and day <= self.closed_to:
            return PeriodState.CLOSED
        if self.soft_closed_to is not None and day <= self.soft_closed_to:
            return PeriodState.SOFT_CLOSED
        return PeriodState.OPEN

    def state_of(self, month: Month) -> PeriodState:
        """What a month takes."""
        return self.state_on(month.first)

    def ends(self) -> dict[str, date | None]:
        """How far all is closed, as records tell it."""
        return {"softClosedTo": self.soft_closed_to, "closedTo": self.closed_to}


THE_PERIODS: Key[Periods] = (Periods, "kind", "periods")


def periods_now(books: Books) -> Periods:
    """How far all is closed. Touches THE_PERIODS."""
    return books.find(THE_PERIODS) or Periods()


def move(books: Books, kind: str, month: Month, after: Periods, **facts: Any) -> None:
    """Put the periods as they are now, and record from where to where they came."""
    was = periods_now(books).ends()
    books.put(after)
    books.record(
        kind,
        month.id,
        {"month": str(month), "state": after.state_of(month), "was": was, **after.ends(), **facts},
    )


def require_come(month: Month, today: date) -> None:
    """Raises NotFound for a month that has not begun."""
    if month.first > today:
        raise NotFound("This month is still to come.")


def require_over(books: Books, month: Month) -> None:
    """Raises Conflict while a month runs: a close never stops what happens today."""
    if month.last >= books.today:
        raise Conflict("This month is not over yet.", month=str(month))


def require_taken(books: Books, kind: str, day: date) -> None:
    """Raises Conflict unless an entry of this kind may be booked on a day. Touches THE_PERIODS."""
    if day > books.today:
        raise InvalidRequest(field="bookingDate", reason="is still to come")
    if day.year < FIRST_YEAR:
        raise InvalidRequest(field="bookingDate", reason="is before all books")
    state = periods_now(books).state_on(day)
    if state is PeriodState.CLOSED or (
        state is PeriodState.SOFT_CLOSED and kind not in TAKEN_SOFT_CLOSED
    ):
        raise PeriodClosed(month=str(Month.of(day)), state=state)


def day_taken(books: Books, due: date) -> date:
    """The day on which a job books what was due on another: on that one while its period is open,
    else today. Touches THE_PERIODS."""
    return due if periods_now(books).state_on(due) is PeriodState.OPEN else books.today


def count_late(books: Books, day: date) -> None:
    """Note that an entry was booked on a day that was over. Touches THE_PERIODS."""
    if day < books.today:
        now = periods_now(books)
        books.put(msgspec.structs.replace(now, late=now.late + 1))
