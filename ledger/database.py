"""Connections to PostgreSQL, one role for each task: commands, projector, queries, auditor."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from ledger import arrays

ROLES = ("makeba_commands", "makeba_projector", "makeba_queries", "makeba_auditor")
CONNECT_SECONDS = 5


def as_role(owner_url: str, role: str, password: str) -> str:
    """The owner's URL with another role in it."""
    parts = urlsplit(owner_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}:{quote(password, safe='')}@{host}"))


async def connect(url: str, application: str, **settings: str | int) -> AsyncConnection[TupleRow]:
    """Open a connection in autocommit mode that can send packed arrays.

    `settings` are PostgreSQL's own, for this session. Raises psycopg.OperationalError.
    """
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    connection = await AsyncConnection.connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        options=options,
        **_wire(application),
    )
    arrays.register(connection)
    return connection


def connect_sync(url: str, application: str) -> psycopg.Connection[TupleRow]:
    """The same for commands that run alone: migrations, checks."""
    return psycopg.connect(
        url, autocommit=True, connect_timeout=CONNECT_SECONDS, **_wire(application)
    )


def _wire(application: str) -> dict[str, Any]:
    # A dead network must not hold a batch for the kernel's two hours.
    return {"application_name": application, "tcp_user_timeout": 3000, "keepalives_idle": 5}
