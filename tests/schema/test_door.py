"""0001: the one door. What the role of commands may pass through it, and what it may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from ledger import arrays, chart
from ledger.arrays import BigInts, Booleans, Bytes, Dates, Jsonbs, SmallInts, Texts, Uuids
from ledger.books import COUNTRY
from ledger.lane import LOCK_EXPECTED_HEAD, LOCK_HEAD, WRITE_BATCH
from tests.schema.conftest import Connection

BANK, CAPITAL, OTHER = chart.the("1010"), chart.the("3010"), chart.the("1020")
BALANCES = "SELECT id, balance, version FROM ledger.account WHERE id = ANY(%s)"


class Batch:
    """A batch of one good entry, Dr 1010 Cr 3010, as our own process would write it."""

    def __init__(self, commands: Connection) -> None:
        arrays.register(commands)
        self._commands = commands
        row = commands.execute(LOCK_HEAD).fetchone()
        assert row is not None
        self.position, self.hash, self.entries, self.now = row
        ((year, last),) = self.entries.items()
        self.number = int(year) * 10**12 + last + 1
        self.parameters: dict[str, Any] = {
            "after_position": self.position,
            "after_hash": self.hash,
            "at": self.now,
            "entries": Jsonb({year: last + 1}),
            "kinds": Texts.of(["test.forged"]),
            "subjects": Uuids.of([uuid4()]),
            "actors": Texts.of(["nobody"]),
            "sessions": Uuids.of([None]),
            "request_ids": Texts.of(["none"]),
            "outcomes": Texts.of(["done"]),
            "payloads": Jsonbs.of([b"{}"]),
            "touched_rows": Texts.of([""]),
            "entry_numbers": BigInts.of([self.number]),
            "booking_dates": Dates.of([self.now.astimezone(COUNTRY).date()]),
            "value_dates": Dates.of([self.now.astimezone(COUNTRY).date()]),
            "reversed_entries": BigInts.of([None]),
            "hashes": Bytes.of([bytes(32)]),
            "line_entries": BigInts.of([self.number, self.number]),
            "line_numbers": SmallInts.of([1, 2]),
            "line_accounts": Uuids.of([BANK, CAPITAL]),
            "line_amounts": BigInts.of([500, -500]),
            "line_balances": BigInts.of([0, 0]),
            "key_hashes": Bytes.of([]),
            "body_hashes": Bytes.of([]),
            "refusals": Booleans.of([]),
            "replies": Bytes.of([]),
            "key_positions": BigInts.of([]),
        }
        self.moves({BANK: 500, CAPITAL: -500})

    def moves(self, deltas: dict[UUID, int]) -> None:
        """Say that these balances move by so much."""
        rows = self._commands.execute(BALANCES, [list(deltas)]).fetchall()
        before = {id_: (balance, version) for id_, balance, version in rows}
        self.parameters |= {
            "account_ids": Uuids.of(deltas),
            "account_deltas": BigInts.of(deltas.values()),
            "account_balances": BigInts.of(before[id_][0] + deltas[id_] for id_ in deltas),
            "account_versions": BigInts.of(before[id_][1] for id_ in deltas),
            "account_activities": Bytes.of(None for _ in deltas),
        }

    def write(self) -> None:
        self._commands.execute(WRITE_BATCH, self.parameters)


def refused_by(error: pytest.ExceptionInfo[psycopg.Error]) -> str | None:
    return error.value.diag.constraint_name


def test_a_good_batch_passes(commands: Connection) -> None:
    batch = Batch(commands)
    batch.write()
    row = commands.execute("SELECT position FROM ledger.head").fetchone()
    assert row == (batch.position + 1,)


def test_an_activity_is_written_with_the_balance_and_stays_when_none_is_given(
    commands: Connection,
) -> None:
    batch = Batch(commands)
    batch.parameters["account_activities"] = Bytes.of([b"did this", None])
    batch.write()
    find = "SELECT activity FROM ledger.account WHERE id = ANY(%s) ORDER BY code"
    assert commands.execute(find, [[BANK, CAPITAL]]).fetchall() == [(b"did this",), (b"",)]


@pytest.mark.parametrize(
    "deltas",
    [
        {BANK: 500, CAPITAL: -400},
        {BANK: 500},
        {BANK: 500, CAPITAL: -500, OTHER: 7},  # one that has no line
        {BANK: 500, CAPITAL: -500, OTHER: 7, chart.the("5090"): -7},
    ],
)
def test_a_balance_moves_by_its_lines_and_by_nothing_else(
    commands: Connection, deltas: dict[UUID, int]
) -> None:
    batch = Batch(commands)
    batch.moves(deltas)
    with pytest.raises(psycopg.IntegrityError) as refused:
        batch.write()
    assert refused_by(refused) == "a_balance_moves_by_its_lines"


@pytest.mark.parametrize("name", ["account_versions", "account_balances"])
def test_a_balance_is_saved_over_the_version_that_was_read(commands: Connection, name: str) -> None:
    batch = Batch(commands)
    batch.parameters[name] = BigInts.of([7, 7])
    with pytest.raises(psycopg.errors.SerializationFailure) as refused:
        batch.write()
    assert refused_by(refused) == "a_row_is_saved_over_the_version_that_was_read"


@pytest.mark.parametrize("name", ["after_position", "after_hash"])
def test_a_batch_is_written_after_the_head_that_was_read(commands: Connection, name: str) -> None:
    batch = Batch(commands)
    batch.parameters[name] = batch.position - 1 if name == "after_position" else bytes(32)
    with pytest.raises(psycopg.Error) as refused:
        batch.write()
    assert refused_by(refused) in (
        "a_row_is_saved_over_the_version_that_was_read",
        "a_position_is_used_once",
    )


def test_the_time_is_the_databases(commands: Connection) -> None:
    """Else one process with a wrong clock would set the time of all, for good."""
    batch = Batch(commands)
    batch.parameters["at"] = datetime.now(UTC) + timedelta(minutes=1)
    with pytest.raises(psycopg.IntegrityError) as refused:
        batch.write()
    assert refused_by(refused) == "the_time_is_the_databases"


@pytest.mark.parametrize(
    "wrong",
    [
        {"position": 1},
        {"hash": bytes(32)},
        {"not_before": datetime(2999, 1, 1, tzinfo=UTC)},
        {"not_after": datetime(1999, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_batch_is_decided_on_the_head(commands: Connection, wrong: dict[str, Any]) -> None:
    batch = Batch(commands)
    expected = {
        "position": batch.position,
        "hash": batch.hash,
        "not_before": batch.now,
        "not_after": batch.now + timedelta(hours=1),
    }
    commands.execute(LOCK_EXPECTED_HEAD, expected)
    with pytest.raises(psycopg.errors.SerializationFailure) as refused:
        commands.execute(LOCK_EXPECTED_HEAD, expected | wrong)
    assert refused_by(refused) == "a_batch_is_decided_on_the_head"


TRAP = """
CREATE FUNCTION pg_temp.sprung(value anyelement) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this ran as %', current_user;
END $$;
"""


@pytest.mark.parametrize(
    "name", ["bigint", "bytea", "date", "jsonb", "smallint", "text", "timestamptz", "uuid"]
)
def test_no_type_of_the_callers_stands_in_for_postgresqls_own(
    commands: Connection, name: str
) -> None:
    """The door runs as the owner: code that a caller slips into it would be the owner's."""
    commands.execute(TRAP)
    commands.execute(
        sql.SQL("CREATE DOMAIN pg_temp.{0} AS pg_catalog.{1} CHECK (pg_temp.sprung(VALUE))").format(
            sql.Identifier(name), sql.SQL({"bigint": "int8", "smallint": "int2"}.get(name, name))
        )
    )
    Batch(commands).write()


def test_the_trap_would_spring_if_temporary_names_came_first(owner: Connection) -> None:
    owner.execute(
        "ALTER FUNCTION ledger.lock_head SET search_path = pg_catalog;"
        "SET LOCAL ROLE makeba_commands;"
        + TRAP
        + "CREATE DOMAIN pg_temp.timestamptz AS pg_catalog.timestamptz"
        " CHECK (pg_temp.sprung(VALUE))"
    )
    with pytest.raises(psycopg.errors.RaiseException, match="this ran as makeba_owner"):
        owner.execute(LOCK_HEAD)
