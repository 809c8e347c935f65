"""The entry of a cash-in, by the id that the agent's receipt shows."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ledger.errors import NotFound
from queries.reader import Reader
from queries.tables import entry


async def entry_number(reader: Reader, transaction_id: UUID) -> int:
    """Its number in the journal. Raises NotFound."""
    row = await reader.first(
        sa.select(entry.c.number).where(
            entry.c.transaction_id == transaction_id, entry.c.kind == "cash_in.made"
        )
    )
    if row is None:
        raise NotFound("There is no such cash-in.")
    number: int = row.number
    return number
