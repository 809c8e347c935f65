"""I23: every act has an actor, a request and an outcome; the trail is what was sealed."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, ClassVar, NamedTuple

from ledger.chain import GENESIS
from ledger.trail import Note, next_note_hash
from queries.check.reading import Chunk, Reading, Record
from queries.check.truth import Truth, Untrue

SEALED = "trail.sealed"
OUTCOME = re.compile(r"done|[A-Z][A-Z_]*")
REST = "other"  # what a seal counts together

NOTES = """
    SELECT
        position, what, actor, session, request_id, route, asked, outcome, times, recorded_at, hash
    FROM ledger.trail
    WHERE position > %(after)s
    ORDER BY position
    LIMIT %(rows)s
"""

NOTE_HASH = "SELECT hash FROM ledger.trail WHERE position = %(position)s"

ENDS = """
    SELECT e.position, e.hash, n.position, n.hash, s.position, s.hash
    FROM ledger.trail_end AS e
    LEFT JOIN LATERAL (
        SELECT t.position, t.hash FROM ledger.trail AS t ORDER BY t.position DESC LIMIT 1
    ) AS n ON TRUE
    LEFT JOIN ledger.trail_seal AS s ON TRUE
"""


class Seal(NamedTuple):
    """What a record of the log says of the trail."""

    record: int
    after: int
    position: int
    hash: str
    counts: list[dict[str, Any]]


class EveryActTraced(Truth):
    """By the records themselves, and by the trail, computed again from what its notes say."""

    CODE: ClassVar[str] = "I23"
    SENTENCE: ClassVar[str] = (
        "Every record has an actor, a request and an outcome; and every note of a refusal or a"
        " reading is as the log has taken it up."
    )

    def __init__(self) -> None:
        super().__init__()
        self._seals: dict[int, Seal] = {}  # by the note that they end with
        self._newest: Seal | None = None
        self._end = 0

    def begin(self, reading: Reading) -> None:
        self._end = reading.end

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            self.looked_at["records"] += 1
            if not (record.actor and record.request_id and OUTCOME.fullmatch(record.outcome)):
                raise Untrue(
                    f"The record at position {record.position} ({record.kind}) lacks an actor, a"
                    " request or an outcome."
                )
            if record.kind == SEALED:
                self._see_seal(record)

    def compare(self, reading: Reading) -> None:
        self._require_ends(reading)
        first = min(self._seals, default=None)
        after = 0
        if not reading.full:
            after = self._seals[first].after if first else self._newest_sealed(reading)
        _Walk(self, after, self._hash_at(reading, after)).through(reading)

    def _see_seal(self, record: Record) -> None:
        seal = Seal(record.position, **record.payload)
        before, self._newest = self._newest, seal
        if before is not None and seal.after != before.position:
            raise Untrue(
                f"The record at position {seal.record} takes the trail up after note {seal.after};"
                f" the one before ended with {before.position}."
            )
        if seal.record <= self._end:  # later ones may seal what was looked at before
            self._seals[seal.position] = seal

    def _require_ends(self, reading: Reading) -> None:
        ((end, end_hash, last, last_hash, sealed, sealed_hash),) = reading.look(ENDS)
        if (end, bytes(end_hash)) != (last or 0, bytes(last_hash or GENESIS)):
            raise Untrue(f"The trail ends with note {last}; its end says {end}.")
        newest = self._newest
        if newest and (sealed, bytes(sealed_hash or b"").hex()) != (newest.position, newest.hash):
            raise Untrue(f"The seal of the trail is not what record {newest.record} says.")

    def _newest_sealed(self, reading: Reading) -> int:
        ((*_, sealed, _),) = reading.look(ENDS)
        return int(sealed or 0)

    def _hash_at(self, reading: Reading, position: int) -> bytes:
        if position == 0:
            return GENESIS
        rows = reading.look(NOTE_HASH, position=position)
        if not rows:
            raise Untrue(f"Note {position} of the trail is missing.")
        return bytes(rows[0][0])

    @property
    def seals(self) -> dict[int, Seal]:
        """The seals that the walk has to meet."""
        return self._seals


class _Walk:
    """Through the notes, one after the other, with the seals that end with them."""

    def __init__(self, truth: EveryActTraced, after: int, hash_: bytes) -> None:
        self._truth = truth
        self._position = after
        self._hash = hash_
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def through(self, reading: Reading) -> None:
        for rows in reading.pages(NOTES, self._position):
            for row in rows:
                self._step(*row)
        for position, seal in sorted(self._truth.seals.items()):
            if position > self._position:
                raise Untrue(
                    f"Record {seal.record} of the log takes up note {position}; the trail ends with"
                    f" {self._position}."
                )

    def _step(self, position: int, what: str, actor: str, session: Any, *rest: Any) -> None:
        request_id, route, asked, outcome, times, recorded_at, hash_ = rest
        if position != self._position + 1:
            raise Untrue(f"Note {self._position + 1} of the trail is missing.")
        note = Note(
            what=what,
            actor=actor,
            session=session,
            request_id=request_id,
            route=route,
            asked=asked,
            outcome=outcome,
            times=times,
        )
        self._hash = next_note_hash(self._hash, position, note, recorded_at)
        if self._hash != bytes(hash_):
            raise Untrue(f"Note {position} of the trail is not what was written.")
        self._position = position
        self._counts[what, route, outcome] += times
        self._truth.looked_at["notes"] += 1
        seal = self._truth.seals.get(position)
        if seal is not None:
            self._require(seal)

    def _require(self, seal: Seal) -> None:
        self._truth.looked_at["seals"] += 1
        if self._hash.hex() != seal.hash:
            raise Untrue(
                f"Note {seal.position} of the trail is not the one that record {seal.record} of the"
                " log has taken up."
            )
        counted = {
            (each["what"], each["route"], each["outcome"]): each["times"] for each in seal.counts
        }
        told = sum(counted.values())
        counted.pop((REST, REST, REST), None)
        if told != self._counts.total() or not counted.items() <= self._counts.items():
            raise Untrue(f"Record {seal.record} does not count what the notes before it say.")
        self._counts.clear()
