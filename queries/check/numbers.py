"""I6: positions and entry numbers have no gap, and the head is the end of the log."""

from __future__ import annotations

from typing import ClassVar

from ledger.journal import ENTRIES_PER_YEAR_MAX, written
from queries.check.reading import Chunk, Reading, Record
from queries.check.truth import Truth, Untrue

# One row, also where the head is missing.
HEAD = """
    SELECT h.position, h.hash, h.recorded_at, h.last_entries
    FROM (SELECT) AS one
    LEFT JOIN ledger.head AS h ON TRUE
"""


class NoGaps(Truth):
    """Every record in order, each year's entries in order, and the head against the last."""

    CODE: ClassVar[str] = "I6"
    SENTENCE: ClassVar[str] = (
        "Positions and each year's entry numbers have no gap, an entry stands in its booking date's"
        " year, and the head names the newest record."
    )

    def __init__(self) -> None:
        super().__init__()
        self._since = 0
        self._last: Record | None = None
        self._last_of_year: dict[int, int] = {}

    def begin(self, reading: Reading) -> None:
        self._since = reading.since

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            self._require_next(record)
            if record.entry_number is not None:
                self._require_next_entry(record, record.entry_number)
            self._last = record
        self.looked_at["records"] += len(chunk.records)

    def compare(self, reading: Reading) -> None:
        for position, hash_, recorded_at, last_entries in reading.look(HEAD):
            if position is None:
                raise Untrue("The head of the log is missing.")
            last = self._last
            if last is None and reading.since != position:
                raise Untrue(f"The head is at position {position}; there is no such record.")
            if last and (position, hash_) != (last.position, last.hash):
                raise Untrue(
                    f"The head is at position {position} with hash {bytes(hash_).hex()[:16]}…, the"
                    f" newest record is {last.position} with hash {last.hash.hex()[:16]}…."
                )
            if last and recorded_at != last.recorded_at:
                raise Untrue(f"The head is of {recorded_at}, the newest record {last.recorded_at}.")
            self._require_last_entries(last_entries, full=reading.full)

    def _require_next(self, record: Record) -> None:
        expected = (self._last.position if self._last else self._since) + 1
        if record.position != expected:
            raise Untrue(
                f"Position {expected} is missing from the log: the next record is"
                f" {record.position} ({record.kind})."
            )

    def _require_next_entry(self, record: Record, number: int) -> None:
        year, sequence = divmod(number, ENTRIES_PER_YEAR_MAX)
        last = self._last_of_year.get(year)
        # Where the reading begins in the middle, so may a year.
        expected = sequence if last is None and self._since else (last or 0) + 1
        if sequence != expected:
            raise Untrue(
                f"Entry {year}/{expected} is missing: record {record.position} has number"
                f" {written(number)}."
            )
        if record.booking_date is None or record.booking_date.year != year:
            raise Untrue(f"Entry {written(number)} is booked on {record.booking_date}.")
        self._last_of_year[year] = sequence
        self.looked_at["entries"] += 1

    def _require_last_entries(self, last_entries: dict[str, int], *, full: bool) -> None:
        by_year = {str(year): last for year, last in self._last_of_year.items()}
        for year in sorted(by_year.keys() | (last_entries.keys() if full else set())):
            if last_entries.get(year) != by_year.get(year):
                raise Untrue(
                    f"The head says that the last entry of {year} is number"
                    f" {last_entries.get(year)}; in the log it is {by_year.get(year)}."
                )
