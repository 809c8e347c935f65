"""I12: a code is used once, and expires by the database's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from operator import ge, lt
from typing import ClassVar

from queries.check.lives import Move
from queries.check.reading import Chunk, Reading, Record
from queries.check.truth import Truth, Untrue

# Also where the request is older than what is read.
TIMES = """
    SELECT id, requested_at, authorised_at, expires_at
    FROM ledger.withdrawal
    WHERE id = ANY(%(ids)s)
"""

Comparison = Callable[[datetime, datetime], bool]

# What may happen only before the end of the code's life, and what only from then on.
WHEN: dict[str, tuple[Comparison, str]] = {
    "withdrawal.authorised": (lt, "before"),
    "cash_out.confirmed": (lt, "before"),
    "withdrawal.expired": (ge, "at or after"),
    "cash_out.lapsed": (ge, "at or after"),
}


class CodesExpire(Truth):
    """The time of each record is the database's, read under the lock."""

    CODE: ClassVar[str] = "I12"
    SENTENCE: ClassVar[str] = (
        "A code is approved before it expires and expires no earlier, by the database's clock; time"
        " in the log never goes back."
    )

    def __init__(self) -> None:
        super().__init__()
        self._last: Record | None = None

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            if self._last is not None and record.recorded_at < self._last.recorded_at:
                raise Untrue(
                    f"The record at position {record.position} is of {record.recorded_at}, the one"
                    f" before it of {self._last.recorded_at}."
                )
            self._last = record
        self.looked_at["records"] += len(chunk.records)
        for move in chunk.moves:
            self._require_in_time(move)

    def compare(self, reading: Reading) -> None:
        lives = [id_ for id_, life in reading.lives.items() if not life.at_agent]
        for rows in reading.look_up(TIMES, lives):
            for id_, requested_at, authorised_at, expires_at in rows:
                told = reading.lives[id_].expires_at
                if told is not None and told != expires_at:
                    raise Untrue(
                        f"Withdrawal {id_} expires at {expires_at} by its row, at {told} by the"
                        " log."
                    )
                if authorised_at and not requested_at <= authorised_at < expires_at:
                    raise Untrue(
                        f"Withdrawal {id_} was approved at {authorised_at}; its code lived from"
                        f" {requested_at} until {expires_at}."
                    )
            self.looked_at["withdrawals"] += len(rows)

    def _require_in_time(self, move: Move) -> None:
        when = WHEN.get(move.record.kind)
        expires_at = move.before.expires_at if move.before else None
        if when is None or expires_at is None:
            return
        in_time, words = when
        self.looked_at["codes that came to an end"] += 1
        if not in_time(move.record.recorded_at, expires_at):
            raise Untrue(
                f"The event of {move.what} is of {move.record.recorded_at}; it must be {words} the"
                f" end of the code's life at {expires_at}."
            )
