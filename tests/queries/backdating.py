"""Entries that are written late: booked for a day that is over, as the door does not do yet."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from ledger.journal import Line
from tests.conftest import Database

# Straight into the log, as its owner: with the number that is next in that day's year.
LATE = """
    INSERT INTO ledger.log (
        position, kind, subject, actor, request_id, outcome, recorded_at, payload, touched,
        entry_number, booking_date, value_date, hash
    )
    SELECT
        h.position + 1, %(kind)s, %(subject)s, 'system:test', 'late', 'done',
        greatest(clock_timestamp(), h.recorded_at), %(payload)s, '{}', %(year)s * 1000000000000
        + coalesce((h.last_entries ->> %(year)s::text)::bigint, 0) + 1, %(booked)s, %(value)s,
        sha256(h.hash)
    FROM ledger.head AS h
    RETURNING position, entry_number, recorded_at, hash
"""
LINE = """
    INSERT INTO ledger.line (entry_number, line_number, account, amount, balance)
    SELECT %(entry)s, l.number, l.account, l.amount, a.balance + l.amount
    FROM unnest(%(numbers)s::smallint[], %(accounts)s::uuid[], %(amounts)s::bigint[])
        AS l (number, account, amount)
    INNER JOIN ledger.account AS a ON l.account = a.id
"""
POST = "UPDATE ledger.account SET balance = balance + %(amount)s WHERE id = %(account)s"
HEAD = """
    UPDATE ledger.head
    SET
        position = %(position)s, hash = %(hash)s, recorded_at = %(at)s,
        last_entries = last_entries
            || jsonb_build_object(%(year)s::text, %(entry)s - %(year)s * 1000000000000)
"""


def write_late(
    database: Database,
    booked: date,
    lines: tuple[Line, ...],
    *,
    value: date | None = None,
    kind: str = "adjustment.made",
    payload: dict[str, Any] | None = None,
    subject: UUID | None = None,
) -> tuple[int, int]:
    """One entry for a day of choice; its accounts each have one line. Its position and number."""
    with psycopg.connect(database.owner) as connection:
        told = {
            "kind": kind, "subject": subject or uuid7(), "payload": Jsonb(payload or {}),
            "year": booked.year, "booked": booked, "value": value or booked,
        }  # fmt: skip
        row = connection.execute(LATE, told).fetchone()
        assert row is not None
        position, number, at, hash_ = row
        connection.execute(
            LINE,
            {
                "entry": number,
                "numbers": list(range(1, len(lines) + 1)),
                "accounts": [line.account for line in lines],
                "amounts": [line.amount for line in lines],
            },
        )
        for line in lines:
            connection.execute(POST, {"account": line.account, "amount": line.amount})
        connection.execute(
            HEAD,
            {
                "position": position,
                "hash": hash_,
                "at": at,
                "year": booked.year,
                "entry": number,
            },
        )
    return position, number
