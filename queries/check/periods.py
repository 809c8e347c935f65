"""I21: a closed period receives nothing, a soft-closed one only what two people approved for it."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, NamedTuple

from ledger.books import COUNTRY
from ledger.journal import written
from queries.check.reading import Chunk, Reading, Record
from queries.check.truth import Truth, Untrue

PERIODS = """
    SELECT p.soft_closed_to, p.closed_to
    FROM (SELECT) AS one
    LEFT JOIN ledger.periods AS p ON TRUE
"""

STEPS = ("period.soft_closed", "period.closed", "period.reopened")
# What accountants book on days that are over; of these, what they may book in a soft-closed month.
BOOKED_LATE = ("manual.", "year.closed")
APPROVED_FOR_ITS_DAY = ("manual.posted", "year.closed")


class Ends(NamedTuple):
    """Up to which days all is soft-closed, and closed."""

    soft_closed_to: date | None
    closed_to: date | None


class Booked(NamedTuple):
    """An entry, and the day on which it is booked."""

    number: int
    kind: str
    day: date


class ClosedStaysClosed(Truth):
    """By the log: the steps of the periods, and the entries between them, in their order; and the
    periods as they stand."""

    CODE: ClassVar[str] = "I21"
    SENTENCE: ClassVar[str] = (
        "A closed period receives nothing, a soft-closed one what two people approved for it, and"
        " the business books on the day on which it happens."
    )

    def __init__(self) -> None:
        super().__init__()
        self._ends: Ends | None = None  # None: as yet no step was seen
        # The earliest bookings since the last step: of all entries, and of those that a
        # soft-closed period does not take.
        self._earliest: Booked | None = None
        self._earliest_other: Booked | None = None

    def begin(self, reading: Reading) -> None:
        if reading.since == 0:
            self._ends = Ends(None, None)

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            if record.booking_date is not None and record.entry_number is not None:
                self._note(record, Booked(record.entry_number, record.kind, record.booking_date))
            elif record.kind in STEPS:
                self._step(record)

    def compare(self, reading: Reading) -> None:
        for row in reading.look(PERIODS):
            now = Ends(*row)
            self._require_taken(self._ends or now)
            if self._ends is not None and now != self._ends:
                raise Untrue(
                    f"All is said to be closed up to {now.closed_to}, soft-closed up to"
                    f" {now.soft_closed_to}; by the log up to {self._ends.closed_to} and"
                    f" {self._ends.soft_closed_to}."
                )

    def _note(self, record: Record, booked: Booked) -> None:
        self.looked_at["entries"] += 1
        # The zone that it is read in mostly has the same day: only then is another one looked at.
        if booked.day != record.recorded_at.date():
            self._require_its_day(record, booked)
        if self._earliest is None or booked.day < self._earliest.day:
            self._earliest = booked
        if booked.kind not in APPROVED_FOR_ITS_DAY and (
            self._earliest_other is None or booked.day < self._earliest_other.day
        ):
            self._earliest_other = booked

    def _require_its_day(self, record: Record, booked: Booked) -> None:
        today = record.recorded_at.astimezone(COUNTRY).date()
        late = booked.day < today and booked.kind.startswith(BOOKED_LATE)
        if booked.day != today and not late:
            raise Untrue(
                f"Entry {written(booked.number)} ({booked.kind}) of {today} is booked on"
                f" {booked.day}."
            )

    def _step(self, record: Record) -> None:
        self.looked_at["steps"] += 1
        said = record.payload
        before = _ends(said["was"])
        if self._ends is not None and self._ends != before:
            raise Untrue(f"The {record.kind} at position {record.position} does not follow on.")
        self._require_taken(before)
        self._ends = _ends(said)
        self._earliest = self._earliest_other = None

    def _require_taken(self, ends: Ends) -> None:
        for booked, up_to, how in (
            (self._earliest, ends.closed_to, "closed"),
            (self._earliest_other, ends.soft_closed_to, "soft-closed"),
        ):
            if booked is not None and up_to is not None and booked.day <= up_to:
                raise Untrue(
                    f"Entry {written(booked.number)} ({booked.kind}) was booked on {booked.day},"
                    f" in a period that was {how}."
                )


def _ends(said: Any) -> Ends:
    days = (said["softClosedTo"], said["closedTo"])
    return Ends(*(None if day is None else date.fromisoformat(day) for day in days))
