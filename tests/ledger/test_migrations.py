"""Migrations: roles get their passwords without PostgreSQL ever being told one."""

from __future__ import annotations

import psycopg

from ledger.database import ROLES
from ledger.migrations import _role_statement
from tests.conftest import PASSWORDS, Database


def test_a_role_is_made_from_a_verifier_and_not_from_its_password(database: Database) -> None:
    with psycopg.connect(database.owner) as connection:
        for role in (*ROLES, "somebody_new"):
            password = PASSWORDS.get(role, "cavala com arroz")
            statement = _role_statement(connection, role, password).as_string(connection)
            assert password not in statement
            assert "'SCRAM-SHA-256$4096:" in statement
    with psycopg.connect(database.commands) as connected:  # and the role comes in with it
        assert connected.info.user == "makeba_commands"
