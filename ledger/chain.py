"""The hash chain: the canonical bytes of a log record, and the hash that binds it to the last.

    hash = SHA-256(hash of the previous record ‖ canonical bytes of this record)

The canonical bytes are one JSON array, without white space, object members sorted, in UTF-8:
position, kind, subject, actor, session, request id, outcome, recorded at (microseconds since 1970,
UTC), payload, names of the changed rows, entry number, booking date, value date, number of the
reversed entry, and the lines as [account, amount, balance after]. Anyone can recompute it from the
tables; docs/audit.md says it to the byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from ledger.books import BalanceAfter

GENESIS = bytes(32)

canonical = msgspec.json.Encoder(order="sorted").encode


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One record of the log as it stands in the database, but for its hash: the array above."""

    position: int
    kind: str
    subject: UUID
    actor: str
    session: UUID | None
    request_id: str
    outcome: str
    recorded_at: int
    payload: msgspec.Raw  # canonical JSON
    touched: Sequence[str]
    entry_number: int | None
    booking_date: date | None
    value_date: date | None
    reverses: int | None
    lines: Sequence[BalanceAfter]


def next_hash(previous: bytes, record: Record) -> bytes:
    """The hash of a record that follows one with hash `previous`."""
    return hashlib.sha256(previous + canonical(record)).digest()
