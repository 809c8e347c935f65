"""Each role, each verb, each table: as grants.txt has it, and as PostgreSQL answers. Read the file.

A letter stands for a verb on the whole table, a small one for some columns only, a dot for none:
S(elect) I(nsert) U(pdate) D(elete) T(runcate) R(eferences) G (trigger).
"""

from __future__ import annotations

from pathlib import Path

from queries.check.rules import AUDITOR, COMMANDS, PROJECTOR, QUERIES
from tests.schema.conftest import Connection

WRITTEN = Path(__file__).with_name("grants.txt")
ROLES = ("owner", COMMANDS, PROJECTOR, QUERIES, AUDITOR)
VERBS = {
    "S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE", "T": "TRUNCATE",
    "R": "REFERENCES", "G": "TRIGGER",
}  # fmt: skip
BY_COLUMN = frozenset("SIUR")
THINGS = """
    SELECT n.nspname || '.' || c.relname, c.relowner::regrole::text
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname IN ('ledger', 'queries') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ORDER BY 1
"""
MAY = "SELECT has_table_privilege(%s, %s, %s)"
MAY_SOME = "SELECT has_any_column_privilege(%s, %s, %s)"


def cell(connection: Connection, role: str, thing: str) -> str:
    """What a role may do to a table, in letters."""
    letters = ""
    for letter, verb in VERBS.items():
        asked = (role, thing, verb)
        if connection.execute(MAY, asked).fetchone() == (True,):
            letters += letter
        elif letter in BY_COLUMN and connection.execute(MAY_SOME, asked).fetchone() == (True,):
            letters += letter.lower()
        else:
            letters += "."
    return letters


def as_granted(connection: Connection) -> list[str]:
    """The lines of the file, as PostgreSQL has it."""
    lines = [f"{'table':<28}" + "".join(f"{role.removeprefix('makeba_'):<11}" for role in ROLES)]
    for thing, owner in connection.execute(THINGS).fetchall():
        cells = (cell(connection, owner if role == "owner" else role, thing) for role in ROLES)
        lines.append(f"{thing:<28}" + "".join(f"{each:<11}" for each in cells))
    return [line.rstrip() for line in lines]


def test_postgresql_grants_what_is_written_and_nothing_else(owner: Connection) -> None:
    assert as_granted(owner) == WRITTEN.read_text(encoding="utf-8").splitlines()


def test_the_table_is_one_to_be_proud_of() -> None:
    """What must never be, whatever somebody writes into the file."""
    rows = [line.split() for line in WRITTEN.read_text(encoding="utf-8").splitlines()[1:]]
    for thing, _, commands, projector, queries, auditor in rows:
        assert set(queries + auditor) <= set("Ss."), thing  # who reads, only reads
        for role in (commands, projector):
            assert not set(role) & set("TRrG"), thing
        if thing.startswith("ledger."):
            assert set(queries) == {"."}, thing
            assert set(projector) <= set("S."), thing
        else:
            assert set(commands) == {"."}, thing
    book = {row[0]: row[2] for row in rows}
    for kept in ("ledger.head", "ledger.log", "ledger.line", "ledger.idempotency"):
        assert book[kept] == "S......"  # by the door alone


def test_a_grant_too_many_and_one_too_few_are_both_seen(owner: Connection) -> None:
    written = WRITTEN.read_text(encoding="utf-8").splitlines()
    owner.execute("GRANT DELETE ON ledger.agent TO makeba_commands")
    assert as_granted(owner) != written
    owner.execute("REVOKE DELETE ON ledger.agent FROM makeba_commands")
    assert as_granted(owner) == written
    owner.execute("REVOKE SELECT ON queries.feed FROM makeba_queries")
    assert as_granted(owner) != written
