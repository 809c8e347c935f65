"""I7: the hash chain, computed again from what the records say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from ledger.books import EPOCH, MICROSECOND, BalanceAfter
from ledger.chain import Record as Hashed
from ledger.chain import canonical, next_hash
from ledger.journal import written
from queries.check.reading import Chunk, Line, Reading, Record
from queries.check.truth import Truth, Untrue


class WholeChain(Truth):
    """Outside the database, by the function that wrote it, from log and lines as they are now."""

    CODE: ClassVar[str] = "I7"
    SENTENCE: ClassVar[str] = (
        "Each record's hash is that of the record before it and of its own content, lines included."
    )

    def __init__(self) -> None:
        super().__init__()
        self._hash: bytes | None = None

    def begin(self, reading: Reading) -> None:
        self._hash = reading.hash_before

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            if self._hash is None:
                raise Untrue(f"The record before position {record.position} is missing.")
            self._hash = next_hash(self._hash, hashed(record, chunk.lines_of(record)))
            if self._hash != record.hash:
                raise Untrue(_named(record))
            self.looked_at["records"] += 1


def hashed(record: Record, lines: Sequence[Line]) -> Hashed:
    """A record and its lines, as they go into the hash."""
    return Hashed(
        position=record.position,
        kind=record.kind,
        subject=record.subject,
        actor=record.actor,
        session=record.session,
        request_id=record.request_id,
        outcome=record.outcome,
        recorded_at=(record.recorded_at - EPOCH) // MICROSECOND,
        payload=msgspec.Raw(canonical(record.payload)),
        touched=record.touched,
        entry_number=record.entry_number,
        booking_date=record.booking_date,
        value_date=record.value_date,
        reverses=record.reverses,
        lines=[
            # An account's id as text becomes the same JSON as the id itself.
            BalanceAfter(line.account, line.amount, line.balance)  # type: ignore[arg-type]
            for line in lines
        ],
    )


def _named(record: Record) -> str:
    entry = f", entry {written(record.entry_number)}" if record.entry_number else ""
    return (
        f"The record at position {record.position} ({record.kind}{entry}) is not what was written:"
        " its hash does not follow from the record before it and its content."
    )
