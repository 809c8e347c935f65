"""Planting a fault in books that were good: by the superuser, past every trigger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import TupleRow, dict_row

from queries.check.rules import TRIGGERS
from queries.check.run import Finding, prove
from tests.conftest import Database

# What faults are told by: the n-th entry of the year, the first record of a kind, a withdrawal.
HELPERS = """
CREATE SCHEMA plant;

CREATE FUNCTION plant.entry(n bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT max(entry_number) / 1000000000000 * 1000000000000 + n FROM ledger.log
$$;

CREATE FUNCTION plant.first(of_kind text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT min(position) FROM ledger.log WHERE kind = of_kind
$$;

CREATE FUNCTION plant.one(in_state text) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT id FROM ledger.withdrawal WHERE state = in_state ORDER BY id LIMIT 1
$$;

CREATE FUNCTION plant.first_key() RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT key_hash FROM ledger.idempotency ORDER BY key_hash LIMIT 1
$$;

-- Two lines that balance, of an entry that nobody has recorded.
CREATE FUNCTION plant.lines(entry bigint) RETURNS SETOF ledger.line LANGUAGE sql STABLE AS $$
    VALUES
    (entry, 1::smallint, '00000000-0000-0000-0000-000000001010'::uuid, 7::bigint, 7::bigint),
    (entry, 2::smallint, '00000000-0000-0000-0000-000000001020'::uuid, -7::bigint, -7::bigint)
$$;

-- The first entry of a kind no longer goes to an account where it went.
CREATE FUNCTION plant.led_astray(of_kind text, from_account uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE ledger.line
    SET account = '00000000-0000-0000-0000-000000001900'
    WHERE
        account = from_account
        AND entry_number = (
            SELECT entry_number FROM ledger.log WHERE position = plant.first(of_kind)
        )
$$;

-- The first record of a kind, as the check writes of it.
CREATE FUNCTION plant.told(of_kind text, OUT subject uuid, OUT "position" bigint, OUT number text)
LANGUAGE sql STABLE AS $$
    SELECT
        subject, position, entry_number / 1000000000000 || '/' || entry_number % 1000000000000
    FROM ledger.log
    WHERE position = plant.first(of_kind)
$$;

CREATE FUNCTION plant.next() RETURNS SETOF ledger.log LANGUAGE sql STABLE AS $$
    SELECT (jsonb_populate_record(l, jsonb_build_object(
        'position', l.position + 1, 'entry_number', NULL, 'booking_date', NULL, 'value_date', NULL
    ))).*
    FROM ledger.log AS l
    ORDER BY l.position DESC
    LIMIT 1
$$;
"""


class Fault(NamedTuple):
    """What is planted, and the words with which the check names the first bad row.

    `says` may use the columns of `values`, which is asked before the fault is planted, and {year}.
    """

    code: str
    sql: str
    says: str
    values: str = "SELECT"
    full_only: bool = False  # the incremental check does not look that far

    def plant(self, books: Database) -> str:
        """Plant it, and return the words."""
        with planting(books) as owner:
            words = {"year": _year(owner), **_asked(owner, self.values)}
            owner.execute(self.sql)
        return self.says.format(**words)


@contextmanager
def planting(books: Database) -> Iterator[psycopg.Connection[TupleRow]]:
    """The owner's connection while no trigger fires; afterwards they are all in place again."""
    with psycopg.connect(books.owner) as owner:
        owner.execute(HELPERS)
        for trigger in TRIGGERS:
            owner.execute(f"ALTER TABLE ledger.{trigger.table} DISABLE TRIGGER {trigger.name}")
        yield owner
        for trigger in TRIGGERS:
            table, name = trigger.table, trigger.name
            owner.execute(f"ALTER TABLE ledger.{table} ENABLE ALWAYS TRIGGER {name}")


def require_named(books: Database, fault: Fault) -> None:
    """Plant a fault; the proof must name it, in the newest records without reading all."""
    says = fault.plant(books)
    for full in (True,) if fault.full_only else (True, False):
        finding = found(books, fault.code, full=full)
        assert not finding.held
        assert says in (finding.first_bad or ""), finding.first_bad


def found(books: Database, code: str, *, full: bool = True) -> Finding:
    """What the proof finds about one truth."""
    proof = prove(books.auditor, full=full)
    return next(finding for finding in proof.findings if finding.code == code)


def _year(owner: psycopg.Connection[TupleRow]) -> int:
    row = owner.execute("SELECT max(entry_number) / 1000000000000 FROM ledger.log").fetchone()
    assert row is not None
    return int(row[0])


def _asked(owner: psycopg.Connection[TupleRow], values: str) -> dict[str, Any]:
    row = owner.cursor(row_factory=dict_row).execute(values).fetchone()
    assert row is not None
    return row
