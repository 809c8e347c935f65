"""Migrations: the roles, and Alembic running the numbered .sql files of schema/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from ledger.database import ROLES, connect_sync

SCHEMA = Path(__file__).parent / "schema"
SCRAM = b"scram-sha-256"
MIGRATION_LOCK = 7_236_201  # two servers that start at once migrate one after the other


def migrate(owner_url: str, passwords: Mapping[str, str]) -> str:
    """Bring the database to the newest schema and the roles to these passwords.

    `passwords` has one for each of ROLES. Safe to run again and from several processes at once.
    Returns the revision. Raises psycopg.Error or sqlalchemy.exc.SQLAlchemyError.
    """
    with connect_sync(owner_url, "makeba migrate") as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        for role in ROLES:
            connection.execute(_role_statement(connection, role, passwords[role]))
        _upgrade(owner_url)
    return newest_revision()


def newest_revision() -> str:
    """The revision that this version of the program is made for."""
    revision = ScriptDirectory(str(SCHEMA)).get_current_head()
    assert revision is not None, "schema/versions has a newest revision"
    return revision


def _role_statement(connection: Connection[TupleRow], role: str, password: str) -> sql.Composed:
    """With the password's verifier: PostgreSQL may log the statement, and never needs the rest."""
    known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER" if known is not None else "CREATE")
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), SCRAM)
    return sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
        verb, sql.Identifier(role), sql.Literal(verifier.decode())
    )


def _upgrade(owner_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCHEMA))
    engine = sa.create_engine(
        sa.make_url(owner_url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
