"""I4: no account is below its floor, and nothing held was ever negative."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from ledger.accounts import DEBIT_NORMAL
from ledger.chart import HEADINGS, HELD, the
from ledger.journal import written
from queries.check.reading import Chunk, Reading
from queries.check.truth import Truth, Untrue, in_words

BY_ID = """
    SELECT id::text, code, currency, kind, floor, balance
    FROM ledger.account
    WHERE id > %(after)s::uuid
    ORDER BY id
    LIMIT %(rows)s
"""

OF_THESE = """
    SELECT id::text, code, currency, kind, floor, balance
    FROM ledger.account
    WHERE id = ANY(%(ids)s::uuid[])
    ORDER BY id
"""

HELD_ACCOUNT = str(the(HELD))


class FloorsHold(Truth):
    """Accounts as they stand now; the held account after every entry."""

    CODE: ClassVar[str] = "I4"
    SENTENCE: ClassVar[str] = (
        "No account holds less than its floor, no floor is lower than the chart's, and nothing held"
        " was ever negative."
    )

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            held = None
            for line in chunk.lines_of(record):
                self._seen.add(line.account)
                if line.account == HELD_ACCOUNT:
                    held = line
            if held is not None and held.balance > 0:
                raise Untrue(
                    f"Entry {written(held.entry_number)} takes {in_words(held.balance)} more from"
                    f" the held account {HELD} than lay there."
                )

    def compare(self, reading: Reading) -> None:
        pages = (
            reading.pages(BY_ID, str(UUID(int=0)))
            if reading.full
            else reading.look_up(OF_THESE, self._seen)
        )
        for rows in pages:
            for row in rows:
                self._require_floor(*row)

    def _require_floor(
        self, account: str, code: str, currency: str, kind: str, floor: int | None, balance: int
    ) -> None:
        self.looked_at["accounts"] += 1
        heading = HEADINGS.get(code)
        if heading is None or heading.kind != kind:
            raise Untrue(f"Account {code} {account} is of kind {kind}; the chart has it otherwise.")
        if heading.floor is not None and (floor is None or floor < heading.floor):
            written_floor = "none" if floor is None else in_words(floor, currency)
            raise Untrue(
                f"The floor of account {code} {account} is {written_floor}; the chart's is"
                f" {in_words(heading.floor, currency)}."
            )
        holds = balance if kind in DEBIT_NORMAL else -balance
        if floor is not None and holds < floor:
            raise Untrue(
                f"Account {code} {account} holds {in_words(holds, currency)}, less than its floor"
                f" of {in_words(floor, currency)}."
            )
