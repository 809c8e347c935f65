"""What accountants have approved ahead: reversals on a day, and entries that recur.

The look finds what is due by a small read; each command decides again under the log's lock, so a
look that comes twice, or late, posts nothing twice.
"""

from __future__ import annotations

import msgspec
import structlog
from uuid_utils.compat import uuid7

from commands.books.planned_reversal import Posted, ReverseAsPlanned
from commands.books.recurring import PostRecurring
from commands.command import Command
from ledger.errors import Refusal
from server.door import Door
from server.primary import Primary

logger = structlog.get_logger(__name__)

ACTOR = "job:postings"
DUE_MAX = 500  # of one look
REVERSALS_DUE = """
    SELECT entry_number
    FROM ledger.planned_reversal
    WHERE NOT done AND reverse_on <= (clock_timestamp() AT TIME ZONE 'Atlantic/Cape_Verde')::date
    ORDER BY reverse_on, entry_number
    LIMIT %(most)s
"""
RECURRING_DUE = """
    SELECT id
    FROM ledger.recurring_entry
    WHERE
        state = 'active'
        AND next_on <= (clock_timestamp() AT TIME ZONE 'Atlantic/Cape_Verde')::date
    ORDER BY next_on, id
    LIMIT %(most)s
"""


class _Number(msgspec.Struct, frozen=True):
    entry_number: int


class Postings:
    """Looks when it is told to; any number of processes may."""

    def __init__(self, primary: Primary, door: Door) -> None:
        self._primary = primary
        self._door = door

    async def look(self) -> int:
        """Post what is due; one that recurs and missed some days, for one of them at each look.
        How many entries were posted."""
        numbers = await self._primary.rows(_Number, REVERSALS_DUE, most=DUE_MAX)
        due: list[Command[Posted]] = [
            ReverseAsPlanned(transaction_id=uuid7(), entry_number=each.entry_number)
            for each in numbers
        ]
        ids = await self._primary.overdue(RECURRING_DUE, DUE_MAX)
        due += [PostRecurring(recurring_id=id_) for id_ in ids]
        return sum([await self._post(command) for command in due])

    async def _post(self, command: Command[Posted]) -> bool:
        try:
            outcome = await self._door.submit(command, actor=ACTOR, request_id=str(uuid7()))
        except Refusal as refusal:
            logger.warning("a posting was refused", refused=refusal.code)
            return False
        return outcome.fresh.entry_number is not None
