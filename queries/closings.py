"""What closing entries have carried over to the result: it was earned and spent all the same."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from queries.reader import Reader
from queries.standing import Axis
from queries.tables import entry, line

YEAR_CLOSED = "year.closed"


async def carried_over(
    reader: Reader, first: date | None, last: date | None, axis: Axis = Axis.BOOKING
) -> dict[str, int]:
    """By codes, as those entries have moved them, debit positive: on these days, both included;
    None: no bound."""
    day = entry.c.booking_date if axis is Axis.BOOKING else entry.c.value_date
    query = (
        sa.select(line.c.code, sa.cast(sa.func.sum(line.c.amount), sa.BigInteger()).label("amount"))
        .join_from(entry, line, entry.c.number == line.c.entry_number)
        .where(entry.c.kind == YEAR_CLOSED)
        .group_by(line.c.code)
    )
    if first is not None:
        query = query.where(day >= first)
    if last is not None:
        query = query.where(day <= last)
    return {row.code: int(row.amount) for row in await reader.all(query)}
