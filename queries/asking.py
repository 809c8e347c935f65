"""For whom a question is asked: PostgreSQL is told with each question, for its transaction only.

Row security (`ledger/schema/0015_row_security.sql`) shows a question no row but its asker's own, so
that a WHERE which somebody forgets costs an answer and not a secret. It is a seat belt against bugs
of ours: whoever can send SQL of their own under this role can say what they like.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self
from uuid import UUID

import msgspec
from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import TupleRow

ASK = """
    SELECT
        set_config('makeba.owners', %(owners)s, TRUE),
        set_config('makeba.everybody', %(everybody)s, TRUE)
"""
# A principal sees what is its outlets' own: which those are is asked under its own name.
AND_OUTLETS = """
    SELECT set_config('makeba.owners', array_append(array_agg(id), %(principal)s)::text, TRUE)
    FROM outlet
    WHERE principal_id = %(principal)s
"""


class Asks(msgspec.Struct, frozen=True, kw_only=True):
    """Whose rows a question may see: an owner's, those of a principal and its outlets, or all."""

    owner: UUID | None = None  # a customer, or an agent
    principal: UUID | None = None
    everybody: bool = False

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What is said before the question, in the same transaction."""
        owners = [who for who in (self.owner, self.principal) if who is not None]
        listed = "{" + ",".join(map(str, owners)) + "}"
        yield ASK, {"owners": listed, "everybody": "on" if self.everybody else "off"}
        if self.principal is not None:
            yield AND_OUTLETS, {"principal": self.principal}


NOBODY = Asks()
EVERYBODY = Asks(everybody=True)


class AskingConnection(AsyncConnection[TupleRow]):
    """A connection that says with each question who asks."""

    asks: Asks = NOBODY


class AskingCursor(AsyncCursor[TupleRow]):
    """Says who asks, then asks: one way to the server and back, one transaction."""

    async def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """The same as without it."""
        connection = self.connection
        assert isinstance(connection, AskingConnection), "the engine connects by this type"
        async with connection.pipeline():
            for statement, values in connection.asks.statements():
                await AsyncCursor(connection).execute(statement, values)
            await super().execute(query, params, **options)
        return self


async def connect(*arguments: Any, **options: Any) -> AskingConnection:
    """A connection for the engine. Raises psycopg.OperationalError."""
    return await AskingConnection.connect(*arguments, cursor_factory=AskingCursor, **options)
