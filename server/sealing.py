"""The log takes up the trail: once a minute, and before somebody reads what stands in it."""

from __future__ import annotations

import msgspec
import structlog
from uuid_utils.compat import uuid7

from commands.audit.seal_trail import Counted, SealTrail
from ledger.errors import Refusal
from queries.reader import Reader
from server.door import Door
from server.primary import Primary
from server.trail import Trail

logger = structlog.get_logger(__name__)

ACTOR = "job:trail"
NOTES_MAX = 10_000  # that one record takes up
SHOW_SECONDS = 2.0  # to wait for the read models
COUNTS_MAX = 200  # that stand in one record; the rest is summed
REST = "other"

UNSEALED = """
    SELECT coalesce(s.position, 0) AS after, t.position, t.hash
    FROM ledger.trail_end AS e
    LEFT JOIN ledger.trail_seal AS s ON TRUE
    INNER JOIN ledger.trail AS t
        ON t.position = least(e.position, coalesce(s.position, 0) + %(notes_max)s)
    WHERE e.position > coalesce(s.position, 0)
"""
COUNTS = """
    SELECT what, route, outcome, sum(times)::bigint AS times
    FROM ledger.trail
    WHERE position > %(after)s AND position <= %(position)s
    GROUP BY what, route, outcome
    ORDER BY times DESC, what, route, outcome
"""


class Sealing:
    """Seals when it is told to; any number of processes may."""

    def __init__(self, trail: Trail, primary: Primary, door: Door) -> None:
        self._trail = trail
        self._primary = primary
        self._door = door
        self._sealed_at = 0  # position of the newest record that has sealed something here

    async def seal(self) -> int:
        """Take up what was noted until now. How many records that took. Raises NetworkError."""
        await self._trail.caught_up()
        return await self.seal_written()

    async def seal_written(self) -> int:
        """The same of what is written already."""
        sealed = 0
        while True:
            found = await self._primary.rows(_Unsealed, UNSEALED, notes_max=NOTES_MAX)
            if not found or not await self._seal(found[0]):
                return sealed
            sealed += 1

    async def try_to_seal(self) -> int:
        """The same for a job: it comes again."""
        try:
            return await self.seal()
        except Refusal as refusal:
            logger.warning("the trail was not sealed", refused=refusal.code)
            return 0

    async def show(self, reader: Reader) -> None:
        """Have the read models know what was noted until now. Raises NetworkError, Overloaded."""
        if await self.seal():
            await reader.wait_for(self._sealed_at, SHOW_SECONDS)

    async def _seal(self, unsealed: _Unsealed) -> bool:
        counts = await self._primary.rows(
            Counted, COUNTS, after=unsealed.after, position=unsealed.position
        )
        command = SealTrail(**msgspec.structs.asdict(unsealed), counts=summed(counts))
        outcome = await self._door.submit(command, actor=ACTOR, request_id=str(uuid7()))
        self._sealed_at = outcome.position
        return outcome.fresh.sealed


def summed(counts: list[Counted]) -> tuple[Counted, ...]:
    """The counts that are largest, and the sum of the rest."""
    rest = sum(each.times for each in counts[COUNTS_MAX:])
    largest = tuple(counts[:COUNTS_MAX])
    return (*largest, Counted(REST, REST, REST, rest)) if rest else largest


class _Unsealed(msgspec.Struct, frozen=True):
    after: int
    position: int
    hash: bytes
