"""I20: what two people change was proposed by one, read by another, and applied as it was read."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar
from uuid import UUID

from queries.check.reading import Chunk, Reading, Record
from queries.check.truth import Truth, Untrue

PROPOSALS = """
    SELECT id, state, content, content_hash, maker_id::text, checker_id::text
    FROM ledger.proposal
    WHERE id = ANY(%(ids)s)
"""

APPLIED = "proposal.applied"


class FourEyes(Truth):
    """By the log's records of approvals, and by the proposals as they stand."""

    CODE: ClassVar[str] = "I20"
    SENTENCE: ClassVar[str] = (
        "A change that takes two people was applied as one proposed it and another approved it."
    )

    def __init__(self) -> None:
        super().__init__()
        self._applied: dict[UUID, Any] = {}  # proposal -> what its approval says

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            if record.kind == APPLIED:
                self._require_two(record)

    def compare(self, reading: Reading) -> None:
        for rows in reading.look_up(PROPOSALS, self._applied):
            for row in rows:
                self._require_same(*row)

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

    def _require_same(
        self, id_: UUID, state: str, content: str, content_hash: str, maker: str, checker: str
    ) -> None:
        said = self._applied[id_]
        if hashlib.sha256(content.encode()).hexdigest() != said["contentHash"]:
            raise Untrue(f"The proposal {id_} is not what was approved.")
        stands = (state, content_hash, maker, checker)
        if stands != ("applied", said["contentHash"], said["maker"], said["checker"]):
            raise Untrue(f"The proposal {id_} does not stand as it was approved.")
