"""Two schemas of read models, row by row, a span of keys at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow

from queries.bank_tables import BANK_TABLES
from queries.care_tables import CARE_TABLES
from queries.manual_tables import MANUAL_TABLES
from queries.period_tables import PERIOD_TABLES
from queries.reconciliation_tables import RECONCILIATION_TABLES
from queries.report_tables import REPORT_TABLES
from queries.risk_tables import RISK_TABLES
from queries.tables import metadata, projection

SPAN_ROWS_MAX = 20_000  # a snapshot is never held for long
DIFFERENCES_MAX = 5  # shown of one span, from each side

TABLES = tuple(
    dict.fromkeys(
        table
        for table in (
            *metadata.sorted_tables,
            *BANK_TABLES,
            *CARE_TABLES,
            *MANUAL_TABLES,
            *PERIOD_TABLES,
            *RECONCILIATION_TABLES,
            *REPORT_TABLES,
            *RISK_TABLES,
        )
        if table is not projection
    )
)

Connection = AsyncConnection[TupleRow]


class Difference(msgspec.Struct, frozen=True):
    """A row that stands in one of the two only; where both have its key, there are two of these."""

    table: str
    schema: str
    row: dict[str, Any]


class Span(msgspec.Struct, frozen=True):
    """Rows of a table after one key and up to another; None is no bound."""

    table: sa.Table
    after: Sequence[Any] | None = None
    up_to: Sequence[Any] | None = None

    def following(self) -> Span | None:
        """The rows after these, if there may be any."""
        return None if self.up_to is None else Span(self.table, self.up_to)


async def cut(connection: Connection, span: Span, schema: str) -> Span:
    """The beginning of a span: no more than SPAN_ROWS_MAX rows of this schema."""
    query = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY {} OFFSET {} LIMIT 1").format(
        _key(span.table),
        sql.Identifier(schema, span.table.name),
        _within(span),
        _key(span.table),
        sql.Literal(SPAN_ROWS_MAX - 1),
    )
    last = await (await connection.execute(query)).fetchone()
    return Span(span.table, span.after, last)


async def differences(connection: Connection, span: Span, one: str, other: str) -> list[Difference]:
    """The first rows of a span that stand in one schema only."""
    names = [column.name for column in span.table.columns]
    found: list[Difference] = []
    for here, there in ((one, other), (other, one)):
        query = sql.SQL("{} EXCEPT {} ORDER BY {} LIMIT {}").format(
            _rows(span, here), _rows(span, there), _key(span.table), sql.Literal(DIFFERENCES_MAX)
        )
        found += [
            Difference(span.table.name, here, dict(zip(names, row, strict=True)))
            for row in await (await connection.execute(query)).fetchall()
        ]
    return found


async def count(connection: Connection, span: Span, schema: str) -> int:
    """How many rows a span has."""
    query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(
        sql.Identifier(schema, span.table.name), _within(span)
    )
    row = await (await connection.execute(query)).fetchone()
    assert row is not None, "a count is one row"
    return int(row[0])


def _rows(span: Span, schema: str) -> sql.Composed:
    return sql.SQL("SELECT {} FROM {} WHERE {}").format(
        _names(column.name for column in span.table.columns),
        sql.Identifier(schema, span.table.name),
        _within(span),
    )


def _within(span: Span) -> sql.Composable:
    bounds = [
        sql.SQL("({}) {} ({})").format(
            _key(span.table), sql.SQL(sign), sql.SQL(", ").join(map(sql.Literal, key))
        )
        for sign, key in ((">", span.after), ("<=", span.up_to))
        if key is not None
    ]
    return sql.SQL(" AND ").join(bounds) if bounds else sql.SQL("TRUE")


def _key(table: sa.Table) -> sql.Composed:
    return _names(column.name for column in table.primary_key.columns)


def _names(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
