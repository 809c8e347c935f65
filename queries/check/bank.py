"""I29: bank statements follow one another, and what is matched is the same in books and bank."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import msgspec

from ledger import chart
from queries.check.reading import Chunk, Reading, Record
from queries.check.truth import Truth, Untrue, in_words

TRUST = chart.the(chart.TRUST_BANK)

LINES = """
    SELECT b.id, b.amount, b.state, b.entry_number, b.entry_line, l.account, l.amount
    FROM ledger.bank_line AS b
    LEFT JOIN ledger.line AS l
        ON b.entry_number = l.entry_number AND b.entry_line = l.line_number
    WHERE b.id > %(after)s
    ORDER BY b.id
    LIMIT %(rows)s
"""


class Told(msgspec.Struct):
    """What records say of a line so far; `entry` is the number and the line of an entry."""

    amount: int
    state: str = "open"
    entry: tuple[int, int] | None = None


class Ended(msgspec.Struct, frozen=True):
    """Where an account's newest statement has ended."""

    number: int
    closing: int


class BankIsOurs(Truth):
    """Every statement against the one before it and the sum of its lines; every line's row against
    its records, and a matched one against the entry that it names."""

    CODE: ClassVar[str] = "I29"
    SENTENCE: ClassVar[str] = (
        "A bank statement begins where the one before it has ended, its lines come to what it"
        " closes with, and each line that is matched is one line of an entry on the trust's"
        " account, of the same amount."
    )

    def __init__(self) -> None:
        super().__init__()
        self._ended: dict[str, Ended] = {}
        self._lines: dict[UUID, Told] = {}

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            match record.kind:
                case "bank.statement_taken_in":
                    self._take_in(record)
                case "bank.lines_matched":
                    for row in record.payload["matches"]:
                        self._tell(UUID(row[0]), "matched", (int(row[2]), int(row[3])))
                case "bank.line_explained":
                    self._tell(record.subject, "explained", None)
                case "bank.line_reopened":
                    self._tell(record.subject, "open", None)

    def compare(self, reading: Reading) -> None:
        for page in reading.pages(LINES, UUID(int=0)):
            for row in page:
                self.looked_at["bank lines"] += 1
                self._require_row(*row, full=reading.full)

    def _take_in(self, record: Record) -> None:
        facts = record.payload
        account, number = str(facts["account"]), int(facts["number"])
        before, opening = self._ended.get(account), int(facts["opening"])
        if before is not None and (number, opening) != (before.number + 1, before.closing):
            raise Untrue(
                f"Record {record.position} takes in statement {number} of {account}, which opens"
                f" with {in_words(opening)}, after statement {before.number}, which has closed with"
                f" {in_words(before.closing)}."
            )
        come_to = opening + sum(int(row[2]) for row in facts["lines"])
        if come_to != int(facts["closing"]):
            raise Untrue(
                f"The lines of statement {number} of {account} come to {in_words(come_to)}; it"
                f" closes with {in_words(int(facts['closing']))}."
            )
        self._ended[account] = Ended(number, come_to)
        for row in facts["lines"]:
            self._lines[UUID(row[0])] = Told(int(row[2]))

    def _tell(self, id_: UUID, state: str, entry: tuple[int, int] | None) -> None:
        told = self._lines.get(id_)
        if told is not None:
            told.state, told.entry = state, entry

    def _require_row(
        self,
        id_: UUID,
        amount: int,
        state: str,
        entry_number: int | None,
        entry_line: int | None,
        account: UUID | None,
        booked: int | None,
        *,
        full: bool,
    ) -> None:
        entry: Any = None if entry_number is None else (entry_number, entry_line)
        told = self._lines.get(id_)
        if told is None and full:
            raise Untrue(f"The log does not know bank line {id_}, which has a row.")
        if told is not None and (amount, state, entry) != (told.amount, told.state, told.entry):
            raise Untrue(
                f"Bank line {id_} is {state} with {in_words(amount)} by its row; by the log it is"
                f" {told.state} with {in_words(told.amount)}."
            )
        if entry is not None and (account, booked) != (TRUST, amount):
            raise Untrue(
                f"Bank line {id_} of {in_words(amount)} is matched with line {entry_line} of entry"
                f" {entry_number}, which is not that on the trust's account."
            )
