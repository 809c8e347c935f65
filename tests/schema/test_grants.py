"""Grants are the wall: each role is refused everything that it was not granted."""

from __future__ import annotations

import psycopg
import pytest

from queries.check.rules import AUDITOR, COMMANDS, GRANTS, PROJECTOR, QUERIES, Grant
from tests.conftest import Database
from tests.schema.conftest import Connection

ROLES = (COMMANDS, PROJECTOR, QUERIES, AUDITOR)

TABLES = """
    SELECT n.nspname || '.' || c.relname, array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname IN ('ledger', 'queries') AND c.relkind = 'r'
    GROUP BY 1
    ORDER BY 1
"""

FUNCTIONS = """
    SELECT p.oid::regprocedure::text, 'ledger.' || p.proname
    FROM pg_proc AS p
    WHERE p.pronamespace = 'ledger'::regnamespace
"""

# In words of the statement; what it takes to be allowed it, and on which columns.
STATEMENTS = {
    "SELECT": "SELECT {column} FROM {table}",
    "INSERT": "INSERT INTO {table} ({column}) VALUES (DEFAULT)",
    "UPDATE": "UPDATE {table} SET {column} = DEFAULT",
    "DELETE": "DELETE FROM {table}",
    "TRUNCATE": "TRUNCATE {table}",
    "LOCK": "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
}
BY_COLUMN = ("SELECT", "INSERT", "UPDATE")


def granted(role: str, privilege: str, table: str, column: str) -> bool:
    if privilege == "LOCK":  # is lent by what may change the whole table
        return any(
            Grant(role, other, table) in GRANTS for other in ("UPDATE", "DELETE", "TRUNCATE")
        )
    return any(
        (grant.role, grant.privilege, grant.thing) == (role, privilege, table)
        and grant.column in ("", column)
        for grant in GRANTS
    )


def refused(connection: Connection, statement: str) -> bool:
    """Whether the role was refused; a statement that fails for its content was not."""
    try:
        with connection.transaction():
            connection.execute(statement)
            raise psycopg.Rollback
    except psycopg.errors.InsufficientPrivilege:
        return True
    except psycopg.Error:
        return False
    return False


def connected(database: Database, role: str) -> Connection:
    urls = {
        COMMANDS: database.commands,
        PROJECTOR: database.projector,
        QUERIES: database.queries,
        AUDITOR: database.auditor,
    }
    connection = psycopg.connect(urls[role])
    # A seat belt must not be taken for the wall.
    connection.execute("SET default_transaction_read_only = off")
    connection.commit()
    return connection


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", STATEMENTS)
def test_a_role_is_refused_all_that_it_was_not_granted(
    forged: Database, owner: Connection, role: str, verb: str
) -> None:
    wrong = []
    with connected(forged, role) as connection:
        for table, columns in owner.execute(TABLES).fetchall():
            for column in columns if verb in BY_COLUMN else columns[:1]:
                statement = STATEMENTS[verb].format(table=table, column=f'"{column}"')
                if refused(connection, statement) == granted(role, verb, table, column):
                    wrong.append(statement)
    assert not wrong


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_call_only_what_it_was_granted(
    forged: Database, owner: Connection, role: str
) -> None:
    with connected(forged, role) as connection:
        for signature, name in owner.execute(FUNCTIONS).fetchall():
            row = connection.execute(
                "SELECT has_function_privilege(%s::regprocedure::oid, 'EXECUTE')"
                if granted(role, "USAGE", "ledger", "")
                else "SELECT FALSE",
                [signature] if granted(role, "USAGE", "ledger", "") else None,
            ).fetchone()
            assert row == (granted(role, "EXECUTE", name, ""),), name


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "SET ROLE makeba_owner",
        "ALTER TABLE ledger.log DISABLE TRIGGER ALL",
        "ALTER TABLE ledger.log DROP CONSTRAINT a_hash_has_32_bytes",
        "DROP TABLE ledger.line",
        "CREATE TABLE ledger.shadow (id integer)",
        "CREATE TABLE queries.shadow (id integer)",
        "CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN NEW; END $$",
        "CREATE RULE nothing AS ON UPDATE TO ledger.head DO INSTEAD NOTHING",
        "ALTER ROLE makeba_queries SUPERUSER",
    ],
)
def test_no_role_can_take_the_walls_down(forged: Database, role: str, statement: str) -> None:
    with connected(forged, role) as connection:
        assert refused(connection, statement)


def test_a_query_cannot_write_even_with_read_only_switched_off(forged: Database) -> None:
    with connected(forged, QUERIES) as connection:
        assert refused(connection, "UPDATE queries.account SET balance = 0")


def test_the_auditor_reads_no_secret(forged: Database) -> None:
    secret = {
        "ledger.withdrawal": ("code_digest", "code_seal"),
        "ledger.agent_request": ("pickup_digest", "pickup_seal"),
        "ledger.person": ("pin_hash", "totp_seal", "profile_seal", "phone_index"),
        "ledger.session": ("token_hash",),
        "ledger.factors": ("recovery",),
        "ledger.reset": ("code_digest",),
    }
    with connected(forged, AUDITOR) as connection:
        for table, columns in secret.items():
            for column in columns:
                assert refused(connection, f"SELECT {column} FROM {table}")  # noqa: S608
