"""I26: what is owed to the switch is owed for a date, and no date is paid with another's money."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import ClassVar

from ledger.chart import SWITCH_PAYABLE, the
from queries.check.reading import Chunk, Reading
from queries.check.truth import Truth, Untrue, in_words

# What is open of each date, and (of no date) what the account holds: in one snapshot.
OPEN = """
    SELECT s.settlement_date, s.owed - s.paid
    FROM ledger.settlement AS s
    UNION ALL
    SELECT NULL, -a.balance
    FROM ledger.account AS a
    WHERE a.id = %(payable)s
"""

PAYABLE = str(the(SWITCH_PAYABLE))


class DatesAreOwed(Truth):
    """The dates' rows against the account; and, from the first record on, each against its lines:
    an entry towards the switch has the settlement date as its value date."""

    CODE: ClassVar[str] = "I26"
    SENTENCE: ClassVar[str] = (
        "What is owed to the switch is the sum of what is open of its settlement dates, and of none"
        " of them was more paid than was owed."
    )

    def __init__(self) -> None:
        super().__init__()
        self._by_lines: Counter[date] = Counter()

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            for line in chunk.lines_of(record):
                if line.account == PAYABLE and record.value_date is not None:
                    self._by_lines[record.value_date] -= line.amount

    def compare(self, reading: Reading) -> None:
        rows = reading.look(OPEN, payable=PAYABLE)
        by_rows: dict[date, int] = {on: open_ for on, open_ in rows if on is not None}
        holds: int = sum(balance for on, balance in rows if on is None)
        self.looked_at["settlement dates"] += len(by_rows)
        for on, open_ in sorted(by_rows.items()):
            if open_ < 0:
                raise Untrue(f"For {on}, {in_words(-open_)} more were paid than were owed.")
        if sum(by_rows.values()) != holds:
            raise Untrue(
                f"Account {SWITCH_PAYABLE} holds {in_words(holds)}; of all settlement dates"
                f" {in_words(sum(by_rows.values()))} are open."
            )
        if reading.full:
            self._require_lines(by_rows)

    def _require_lines(self, by_rows: dict[date, int]) -> None:
        for on in sorted(by_rows.keys() | self._by_lines.keys()):
            if by_rows.get(on, 0) != self._by_lines[on]:
                raise Untrue(
                    f"Of {on}, {in_words(by_rows.get(on, 0))} are open by its row; the lines of"
                    f" that date sum to {in_words(self._by_lines[on])}."
                )
