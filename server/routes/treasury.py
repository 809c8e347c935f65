"""What is owed to the switch, what differs, and whether the trust holds what it stands for.

What is done about it takes two people: see the kinds of POST /proposals.
"""

from __future__ import annotations

from datetime import datetime

from litestar import get

from ledger.books import COUNTRY
from queries import treasury
from queries.treasury import Treasury
from server.routes.given import TheReader


@get("/treasury", summary="Settlement dates, breaks, and the trust")
async def read_treasury(reader: TheReader) -> Treasury:
    """All of one moment, as the read models have it."""
    return await treasury.of(reader, datetime.now(COUNTRY).date())


HANDLERS = (read_treasury,)
