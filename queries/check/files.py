"""I28: settlement files are taken in once and in their turn, and each item of them counts once."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from queries.check.reading import Chunk, Reading, Record
from queries.check.truth import Truth, Untrue, in_words

FILES = """
    SELECT f.id, f.acquirer_id, f.number, f.records, f.matched, f.state
    FROM ledger.settlement_file AS f
    WHERE f.id > %(after)s
    ORDER BY f.id
    LIMIT %(rows)s
"""

MENTIONS = """
    SELECT m.id, m.claimed
    FROM ledger.mention AS m
    WHERE m.id > %(after)s
    ORDER BY m.id
    LIMIT %(rows)s
"""

# Numbers of an acquirer that are missing between its first and its last.
GAPS = """
    SELECT f.acquirer_id, f.number
    FROM (
        SELECT
            acquirer_id, number,
            lag(number) OVER (PARTITION BY acquirer_id ORDER BY number) AS before
        FROM ledger.settlement_file
    ) AS f
    WHERE f.number <> f.before + 1
    ORDER BY f.acquirer_id, f.number
    LIMIT 1
"""

CAPTURED, TAKEN_BACK = "CAP", "TBK"


class Told(msgspec.Struct, rename="camel"):
    """What records say of a file so far."""

    records: int
    matched: int = 0
    state: str = "matching"


class FilesCountOnce(Truth):
    """Every file's records against its row; every item once and in order; and what files claim of a
    trace against the items that claim it."""

    CODE: ClassVar[str] = "I28"
    SENTENCE: ClassVar[str] = (
        "A settlement file is taken in once and in its turn, each of its items is matched once, and"
        " what files claim of an operation is the sum of what their items claim."
    )

    def __init__(self) -> None:
        super().__init__()
        self._files: dict[UUID, Told] = {}
        self._claimed: Counter[UUID] = Counter()

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            match record.kind:
                case "settlement.file_taken_in":
                    self._take_in(record)
                case "settlement.items_matched":
                    self._match(record)
                case "settlement.file_matched":
                    self._close(record)

    def compare(self, reading: Reading) -> None:
        for acquirer, number in reading.look(GAPS):
            raise Untrue(f"The file before file {number} of {acquirer} is missing.")
        for page in reading.pages(FILES, UUID(int=0)):
            self.looked_at["files"] += len(page)
            for row in page:
                self._require_row(*row, full=reading.full)
        if reading.full:
            pages = reading.pages(MENTIONS, UUID(int=0))
            self._require_claims(row for page in pages for row in page)

    # -- records ---------------------------------------------------------------------------------

    def _take_in(self, record: Record) -> None:
        if record.subject in self._files:
            raise Untrue(f"Record {record.position} takes in a file that was taken in before.")
        self._files[record.subject] = Told(records=int(record.payload["records"]))

    def _match(self, record: Record) -> None:
        told = self._files.get(record.subject)
        following = None if told is None else told.matched + 1
        for row in record.payload["items"]:
            number = int(row[0])
            if following is not None and number != following:
                raise Untrue(
                    f"Record {record.position} matches item {number} of its file where item"
                    f" {following} should follow."
                )
            following = number + 1
            self.looked_at["items"] += 1
            self._claim(_trace(record.payload["acquirerId"], row), row[1], int(row[8]))
        if told is not None and following is not None:
            told.matched = following - 1

    def _claim(self, trace: UUID, kind: str, amount: int) -> None:
        """The rule of claims, written down a second time so that neither is believed: what is
        claimed already is not claimed again, and no more is given back than that."""
        before = self._claimed[trace]
        if kind == CAPTURED and not before:
            self._claimed[trace] = amount
        elif kind == TAKEN_BACK and amount <= before:
            self._claimed[trace] = before - amount

    def _close(self, record: Record) -> None:
        told = self._files.get(record.subject)
        if told is None:
            return
        if told.matched != told.records:
            raise Untrue(
                f"Record {record.position} closes a file of {told.records} items, of which"
                f" {told.matched} were matched."
            )
        told.state = "matched"

    # -- rows ------------------------------------------------------------------------------------

    def _require_row(
        self,
        id_: UUID,
        acquirer: str,
        number: int,
        records: int,
        matched: int,
        state: str,
        *,
        full: bool,
    ) -> None:
        told = self._files.get(id_)
        if told is None:
            if full:
                raise Untrue(f"The log does not know file {number} of {acquirer}, which has a row.")
            return
        if (records, matched, state) != (told.records, told.matched, told.state):
            raise Untrue(
                f"File {number} of {acquirer} is {state} with {matched} of {records} items by its"
                f" row; by the log it is {told.state} with {told.matched} of {told.records}."
            )

    def _require_claims(self, rows: Any) -> None:
        for id_, claimed in rows:
            self.looked_at["traces"] += 1
            by_items = self._claimed.pop(id_, 0)
            if claimed != by_items:
                raise Untrue(
                    f"Files claim {in_words(claimed)} for trace {id_} by its row; their items claim"
                    f" {in_words(by_items)}."
                )
        for id_, by_items in self._claimed.items():
            if by_items:
                raise Untrue(f"Items claim {in_words(by_items)} for trace {id_}, which has no row.")


def _trace(acquirer: str, row: Any) -> UUID:
    """The id of a trace, made a second time from its five parts."""
    _, _, local_date, terminal, rrn, stan, *_ = row
    parts = (acquirer, terminal, stan, rrn, local_date)
    return UUID(bytes=hashlib.sha256(msgspec.json.encode(parts)).digest()[:16])
