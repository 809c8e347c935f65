"""The watch of a process: measures the house and has the measures judged."""

from __future__ import annotations

import structlog
from uuid_utils.compat import uuid7

from commands.alerts.judge import JudgeAlerts, Measure
from commands.alerts.levels import AlertName
from ledger.errors import Refusal
from queries import alerts
from queries.alerts import Measures
from queries.projector import Projector
from queries.reader import Reader
from server.door import Door

logger = structlog.get_logger(__name__)

ACTOR = "job:alerts"
MEASURED = tuple(
    name for name in AlertName
    if name not in (AlertName.PROJECTION_LAG, AlertName.WEBHOOK_DISABLED)
)  # fmt: skip


class Watch:
    """Looks when it is told to; any number of processes may."""

    def __init__(self, reader: Reader, projector: Projector, door: Door) -> None:
        self._reader = reader
        self._projector = projector
        self._door = door

    async def look(self) -> int:
        """Measure and judge. How many alerts have changed; the log tells which."""
        try:
            found = await alerts.measures(self._reader)
            outcome = await self._door.submit(
                JudgeAlerts(
                    measures=measured(found, self._projector.behind), position=found.position
                ),
                actor=ACTOR,
                request_id=str(uuid7()),
            )
        except Refusal as refusal:
            logger.warning("nothing was measured", refused=refusal.code)
            return 0
        for crossing in outcome.fresh.crossings:
            logger.warning(
                "alert raised" if crossing.raised else "alert cleared",
                alert=crossing.name,
                value=crossing.value,
                level=crossing.level,
            )
        return len(outcome.fresh.crossings)


def measured(found: Measures, behind: int) -> tuple[Measure, ...]:
    """What is judged, each under its name."""
    lag = Measure(AlertName.PROJECTION_LAG, behind)
    return (lag, *(Measure(name, getattr(found, name)) for name in MEASURED))
