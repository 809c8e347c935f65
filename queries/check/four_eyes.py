"""I20: what two people change was proposed by one, read by another, and applied as it was read.

The two are never one who proposed the right of the other. By the whole log; by its newest records
alone only for rights that were given within them.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

import msgspec

from ledger import chart
from ledger.chart import HEADINGS
from ledger.journal import written
from ledger.money import Money
from queries.check.reading import Chunk, Reading, Record
from queries.check.truth import Truth, Untrue

PROPOSALS = """
    SELECT id, state, content, content_hash, maker_id::text, checker_id::text
    FROM ledger.proposal
    WHERE id = ANY(%(ids)s)
"""

APPLIED = "proposal.applied"
GIVEN = ("person.admitted", "person.role_changed")  # a role, by the first of its two people
LET_IN = "person.enabled"
BY_HAND = "manual.posted"


class ByHand(NamedTuple):
    """A manual entry, as it was posted: by account, in minor units, debit positive."""

    number: int
    lines: list[tuple[str, int]]


class FourEyes(Truth):
    """By the log's records of approvals, and by the proposals as they stand; of manual entries, by
    their lines too."""

    CODE: ClassVar[str] = "I20"
    SENTENCE: ClassVar[str] = (
        "A change that takes two people was applied as one proposed it and another approved it."
    )

    def __init__(self) -> None:
        super().__init__()
        self._applied: dict[UUID, Any] = {}  # proposal -> what its approval says
        self._makers: dict[UUID, tuple[Any, ...]] = {}  # person -> who proposed what they may
        self._by_hand: dict[UUID, ByHand] = {}  # proposal -> what was posted

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            if record.kind == APPLIED:
                self._require_two(record)
                self._require_apart(record)
            elif record.kind in GIVEN:
                self._makers[record.subject] = (record.payload.get("giver"),)
            elif record.kind == LET_IN:
                role_by, *_ = self._makers.get(record.subject, (None,))
                self._makers[record.subject] = (role_by, record.payload.get("giver"))
            elif record.kind == BY_HAND and record.entry_number is not None:
                lines = [(line.account, line.amount) for line in chunk.lines_of(record)]
                self._by_hand[record.subject] = ByHand(record.entry_number, lines)
                self.looked_at["manual entries"] += 1

    def compare(self, reading: Reading) -> None:
        for rows in reading.look_up(PROPOSALS, self._applied):
            for row in rows:
                self._require_same(*row)
        found: set[UUID] = set()
        for rows in reading.look_up(PROPOSALS, self._by_hand):
            for id_, state, content, *_ in rows:
                found.add(id_)
                self._require_posted_as_read(self._by_hand[id_], state, content)
        for id_ in self._by_hand.keys() - found:
            number = written(self._by_hand[id_].number)
            raise Untrue(f"Entry {number} was booked by hand, and nobody has proposed it.")

    def _require_two(self, record: Record) -> None:
        self.looked_at["approvals"] += 1
        said, subject = record.payload, record.subject
        if subject in self._applied:
            raise Untrue(f"The proposal {subject} was applied twice.")
        if said["checker"] in (None, said["maker"]) or said["checker"] != record.actor:
            raise Untrue(
                f"The proposal {subject} of {said['maker']} was approved by {record.actor}"
                f" for {said['checker']} (record {record.position})."
            )
        self._applied[subject] = said

    def _require_apart(self, record: Record) -> None:
        maker, checker = record.payload["maker"], record.payload["checker"]
        made = (self._makers.get(UUID(maker), ()), self._makers.get(UUID(checker), ()))
        if checker in made[0] or maker in made[1]:
            raise Untrue(
                f"The proposal {record.subject} was made and approved by {maker} and {checker},"
                f" of whom one proposed the right of the other (record {record.position})."
            )

    def _require_same(
        self, id_: UUID, state: str, content: str, content_hash: str, maker: str, checker: str
    ) -> None:
        said = self._applied[id_]
        if hashlib.sha256(content.encode()).hexdigest() != said["contentHash"]:
            raise Untrue(f"The proposal {id_} is not what was approved.")
        stands = (state, content_hash, maker, checker)
        if stands != ("applied", said["contentHash"], said["maker"], said["checker"]):
            raise Untrue(f"The proposal {id_} does not stand as it was approved.")

    def _require_posted_as_read(self, entry: ByHand, state: str, content: str) -> None:
        change = _decode(content)
        lines = [
            (str(chart.the(line["code"])), _minor(line["debit"]) - _minor(line["credit"]))
            for line in change.get("lines", ())
            if line.get("code") in HEADINGS
        ]
        if (state, change["kind"], lines) != ("applied", "post_manual_entry", entry.lines):
            raise Untrue(f"Entry {written(entry.number)} is not what two people have approved.")


def _minor(amount: int | Decimal) -> int:
    return Money.of(amount).minor


_decode = msgspec.json.Decoder(float_hook=Decimal).decode
