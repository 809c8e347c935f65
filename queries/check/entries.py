"""I2: each entry is whole and balances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar

from ledger.journal import ENTRIES_PER_YEAR_MAX, written
from queries.check.reading import Chunk, Line, Reading, Record
from queries.check.truth import Truth, Untrue, in_words

PAGE_ENTRIES = 100_000

# Between two entry numbers: a line that no record of the log knows.
ORPHAN = """
    SELECT l.entry_number, l.line_number
    FROM ledger.line AS l
    WHERE
        l.entry_number > %(after)s AND l.entry_number <= %(up_to)s
        AND NOT EXISTS (SELECT FROM ledger.log AS r WHERE r.entry_number = l.entry_number)
    ORDER BY l.entry_number, l.line_number
    LIMIT 1
"""

LAST_NUMBER = "SELECT max(entry_number) FROM ledger.line"


class BalancedEntries(Truth):
    """Every entry's lines, added up here; and no line outside of an entry."""

    CODE: ClassVar[str] = "I2"
    SENTENCE: ClassVar[str] = (
        "Each entry has two lines or more, numbered from one, and balances in each currency; each"
        " line belongs to an entry."
    )

    def __init__(self) -> None:
        super().__init__()
        self._first_number: int | None = None
        self._last_of_year: dict[int, int] = {}

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            if record.entry_number is None:
                continue
            lines = chunk.lines_of(record)
            self._require_whole(record, lines)
            self._require_balance(record, lines, chunk)
            self._note(record.entry_number)
            self.looked_at["entries"] += 1
            self.looked_at["lines"] += len(lines)

    def compare(self, reading: Reading) -> None:
        for after, up_to in self._stretches(reading):
            for entry, line in reading.look(ORPHAN, after=after, up_to=up_to):
                raise Untrue(f"Line {line} of entry {written(entry)} has no record in the log.")

    def _note(self, number: int) -> None:
        if self._first_number is None:
            self._first_number = number
        year = number // ENTRIES_PER_YEAR_MAX
        self._last_of_year[year] = max(number, self._last_of_year.get(year, 0))

    def _require_whole(self, record: Record, lines: Sequence[Line]) -> None:
        number = written(record.entry_number or 0)
        if len(lines) < 2:
            raise Untrue(f"Entry {number} has {len(lines)} lines; an entry has two or more.")
        if [line.line_number for line in lines] != list(range(1, len(lines) + 1)):
            numbers = ", ".join(str(line.line_number) for line in lines)
            raise Untrue(f"The lines of entry {number} are numbered {numbers}.")

    def _require_balance(self, record: Record, lines: Sequence[Line], chunk: Chunk) -> None:
        number = written(record.entry_number or 0)
        sums: Counter[str] = Counter()
        for line in lines:
            heading = chunk.headings.get(line.account)
            if heading is None:
                raise Untrue(
                    f"Line {line.line_number} of entry {number} is on account {line.account},"
                    " which does not exist."
                )
            sums[heading.currency] += line.amount
        for currency, difference in sums.items():
            if difference:
                more, less = ("debits", "credits") if difference > 0 else ("credits", "debits")
                raise Untrue(
                    f"Entry {number} does not balance: its {more} are"
                    f" {in_words(abs(difference), currency)} more than its {less}."
                )

    def _stretches(self, reading: Reading) -> Iterator[tuple[int, int]]:
        """All entry numbers from the first that was read: those in use page by page, and between
        the years, where there must be none, at once."""
        ((last,),) = reading.look(LAST_NUMBER)
        if last is None or (self._first_number is None and not reading.full):
            return
        after = 0 if reading.full else (self._first_number or 0) - 1
        for year, last_used in sorted(self._last_of_year.items()):
            begin = year * ENTRIES_PER_YEAR_MAX
            if begin > after:
                yield after, begin
                after = begin
            while after < last_used:
                yield after, min(after + PAGE_ENTRIES, last_used)
                after = min(after + PAGE_ENTRIES, last_used)
        yield after, max(last, after)
