"""I13: one effect per idempotency key, and a reply that can be given again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from psycopg.rows import TupleRow

from ledger.errors import RefusalBody, every_refusal
from queries.check.reading import PAGE_ROWS, Reading
from queries.check.truth import Truth, Untrue

NEWEST_PAGES = 200  # of 8 kB: some ten thousand keys

BY_KEY = """
    SELECT k.key_hash, k.refused, k.reply, k.position, k.recorded_at, r.recorded_at, k.again
    FROM (
        SELECT
            key_hash, refused, reply, position, recorded_at,
            key_hash = lead(key_hash) OVER (ORDER BY key_hash) AS again
        FROM ledger.idempotency
        WHERE key_hash > %(after)s
        ORDER BY key_hash
        LIMIT %(rows)s
    ) AS k
    LEFT JOIN ledger.log AS r ON k.position = r.position
    ORDER BY k.key_hash
"""

# Rows are only ever added to this table, so the newest stand at its physical end: an index for
# them would cost every command.
AT_THE_END = """
    SELECT
        k.key_hash, k.refused, k.reply, k.position, k.recorded_at, r.recorded_at,
        EXISTS (
            SELECT FROM ledger.idempotency AS o
            WHERE o.key_hash = k.key_hash AND o.ctid <> k.ctid
        ) AS again
    FROM ledger.idempotency AS k
    LEFT JOIN ledger.log AS r ON k.position = r.position
    WHERE k.ctid >= %(from)s::tid
    ORDER BY k.key_hash
    LIMIT %(rows)s
"""

PAGES = """
    SELECT pg_relation_size('ledger.idempotency') / current_setting('block_size')::bigint
"""

CODES = frozenset(refusal.code for refusal in every_refusal())


class OneEffect(Truth):
    """The keys that are stored, each with its reply and its place in the log."""

    CODE: ClassVar[str] = "I13"
    SENTENCE: ClassVar[str] = (
        "Each idempotency key is stored once, with a reply that can be given again and a position"
        " that is in the log."
    )

    def compare(self, reading: Reading) -> None:
        for rows in reading.pages(BY_KEY, b"") if reading.full else _newest(reading):
            for row in rows:
                _require_good(*row)
            self.looked_at["keys"] += len(rows)


def _newest(reading: Reading) -> Iterator[list[TupleRow]]:
    ((pages,),) = reading.look(PAGES)
    first = f"({max(0, pages - NEWEST_PAGES)},0)"
    yield reading.look(AT_THE_END, **{"from": first, "rows": 4 * PAGE_ROWS})


def _require_good(
    key_hash: bytes,
    refused: bool,
    reply: bytes,
    position: int,
    recorded_at: datetime,
    log_recorded_at: datetime | None,
    again: bool | None,
) -> None:
    key = f"The key {key_hash.hex()}"
    if again:
        raise Untrue(f"{key} is stored twice.")
    if position != 0 and log_recorded_at is None:
        raise Untrue(f"{key} stands for position {position}, which is not in the log.")
    if log_recorded_at is not None and recorded_at < log_recorded_at:
        raise Untrue(
            f"{key} is of {recorded_at}, before the record {position} that it stands for, of"
            f" {log_recorded_at}."
        )
    if not _can_be_given(reply, refused=refused):
        raise Untrue(f"{key} has a reply that cannot be given again.")


def _can_be_given(reply: bytes, *, refused: bool) -> bool:
    kind: Any = RefusalBody if refused else dict[str, Any]
    try:
        body = msgspec.json.decode(reply, type=kind)
    except msgspec.DecodeError:
        return False
    return not refused or body.code in CODES
