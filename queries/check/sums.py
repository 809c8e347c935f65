"""I1: the lines of the whole journal sum to zero."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from ledger.journal import written
from queries.check.reading import Chunk, Reading
from queries.check.truth import Truth, Untrue, in_words

PAGE_LINES = 100_000

# All lines, whether or not a record of the log knows them; a page of them, with its last line.
SUMS = """
    SELECT a.currency, sum(l.amount), count(*), max(ARRAY[l.entry_number, l.line_number])
    FROM (
        SELECT entry_number, line_number, account, amount
        FROM ledger.line
        WHERE (entry_number, line_number) > (%(entry)s, %(line)s)
        ORDER BY entry_number, line_number
        LIMIT %(rows)s
    ) AS l
    LEFT JOIN ledger.account AS a ON l.account = a.id
    GROUP BY a.currency
"""

BALANCES = """
    SELECT currency, sum(balance), count(*)
    FROM ledger.account
    GROUP BY currency
    ORDER BY currency
"""

FIRST_WITHOUT_BALANCE = """
    SELECT l.entry_number
    FROM ledger.line AS l
    LEFT JOIN ledger.account AS a ON l.account = a.id
    WHERE l.entry_number >= %(entry)s
    GROUP BY l.entry_number, a.currency
    HAVING sum(l.amount) <> 0
    ORDER BY l.entry_number
    LIMIT 1
"""


class ZeroSum(Truth):
    """All lines in the database, added up there; and all balances, which is cheap at any size."""

    CODE: ClassVar[str] = "I1"
    SENTENCE: ClassVar[str] = "The lines of the whole journal sum to zero in each currency."

    def __init__(self) -> None:
        super().__init__()
        self._first_entry: int | None = None  # of those that are read

    def see(self, chunk: Chunk) -> None:
        numbers = [r.entry_number for r in chunk.records if r.entry_number is not None]
        if numbers:
            self._first_entry = min(numbers[0], self._first_entry or numbers[0])

    def compare(self, reading: Reading) -> None:
        first = 0 if reading.full else self._first_entry
        if first is not None:
            for currency, total in self._sums(reading, first).items():
                if total:
                    entry = _first_without_balance(reading, first)
                    raise Untrue(
                        f"The journal's lines in {currency} sum to {in_words(total, currency)}, not"
                        f" to zero; the first entry that does not balance is {entry}."
                    )
        for currency, total, accounts in reading.look(BALANCES):
            self.looked_at["accounts"] += accounts
            if total:
                raise Untrue(
                    f"The balances of all accounts in {currency} sum to"
                    f" {in_words(int(total), currency)}, not to zero."
                )

    def _sums(self, reading: Reading, first: int) -> Counter[str | None]:
        sums: Counter[str | None] = Counter()
        entry, line = first, -1
        while True:
            page = reading.look(SUMS, entry=entry, line=line, rows=PAGE_LINES)
            for currency, total, lines, (last_entry, last_line) in page:
                sums[currency] += int(total)
                self.looked_at["lines"] += lines
                entry, line = max((entry, line), (last_entry, last_line))
            if sum(lines for _, _, lines, _ in page) < PAGE_LINES:
                return sums


def _first_without_balance(reading: Reading, first: int) -> str:
    rows = reading.look(FIRST_WITHOUT_BALANCE, entry=first)
    return written(rows[0][0]) if rows else "not to be found"
