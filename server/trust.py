"""The trust's daily record: a job puts every day that is over into the log, once, term by term."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import structlog
from uuid_utils.compat import uuid7

from commands.treasury.safeguarding import RecordSafeguarding
from ledger.books import COUNTRY
from ledger.errors import Refusal
from queries import safeguarding
from queries.projector import Projector
from queries.reader import Reader
from server.door import Door

logger = structlog.get_logger(__name__)

ACTOR = "job:safeguarding"
DAYS_MAX = 31  # of one look; what is older was not recorded, and is not made up afterwards
AFTER_MIDNIGHT = timedelta(minutes=1)  # by then all that was decided before it can be read


class TrustRecord:
    """Looks when it is told to; any number of processes may."""

    def __init__(self, reader: Reader, projector: Projector, door: Door) -> None:
        self._reader = reader
        self._projector = projector
        self._door = door

    async def look(self) -> int:
        """Record what is due. How many days were."""
        now = datetime.now(COUNTRY)
        if self._projector.behind:
            return 0
        try:
            found = await safeguarding.due(self._reader)
            days = safeguarding.days_due(found, (now - AFTER_MIDNIGHT).date(), DAYS_MAX)
            return sum([await self._record(day) for day in days])
        except Refusal as refusal:
            logger.warning("the trust was not recorded", refused=refusal.code)
            return 0

    async def _record(self, day: date) -> bool:
        found = await safeguarding.on(self._reader, day)
        told = safeguarding.facts(found)
        outcome = await self._door.submit(
            RecordSafeguarding(
                day=day,
                read_to=found.position,
                terms=told["terms"],
                held=found.total_held.minor,
                owed=told["owed"],
                difference=told["difference"],
            ),
            actor=ACTOR,
            request_id=str(uuid7()),
        )
        return outcome.fresh.recorded
