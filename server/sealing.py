"""The log takes up the trail: once a minute, and before somebody reads what stands in it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

import msgspec
import structlog
from uuid_utils.compat import uuid7

from commands.audit.seal_trail import Counted, SealTrail, TrailSealed
from commands.deciding import Outcome
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


class Submit(Protocol):
    """The way in for commands: of a server, or of a command line that has a spine of its own."""

    def __call__(
        self, command: SealTrail, *, actor: str, request_id: str
    ) -> Awaitable[Outcome[TrailSealed]]: ...


class Sealing:
    """Seals when it is told to; any number of processes may."""

    def __init__(self, trail: Trail, primary: Primary, door: Door) -> None:
        self._trail = trail
        self._primary = primary
        self._door = door

    async def seal(self) -> int:
        """Take up what was noted until now. The position of the newest record that has done it
        here, or 0. Raises the Refusal."""
        await self._trail.caught_up()
        return await seal_written(self._primary, self._door.submit)

    async def try_to_seal(self) -> int:
        """The same for a job: it comes again."""
        try:
            return 1 if await self.seal() else 0
        except Refusal as refusal:
            logger.warning("the trail was not sealed", refused=refusal.code)
            return 0

    async def show(self, reader: Reader) -> None:
        """Have the read models know what was noted until now. Raises NetworkError, Overloaded."""
        await reader.wait_for(await self.seal(), SHOW_SECONDS)


async def seal_written(primary: Primary, submit: Submit) -> int:
    """Take up the notes that are written, through a door for commands. The position of the newest
    record that has done it, or 0. Raises the Refusal."""
    position = 0
    while True:
        found = await primary.rows(_Unsealed, UNSEALED, notes_max=NOTES_MAX)
        if not found:
            return position
        (unsealed,) = found
        counts = await primary.rows(
            Counted, COUNTS, after=unsealed.after, position=unsealed.position
        )
        command = SealTrail(**msgspec.structs.asdict(unsealed), counts=summed(counts))
        outcome = await submit(command, actor=ACTOR, request_id=str(uuid7()))
        position = outcome.position
        if not outcome.fresh.sealed:
            return position  # another process was first, and goes on


def summed(counts: list[Counted]) -> tuple[Counted, ...]:
    """The counts that are largest, and the sum of the rest."""
    rest = sum(each.times for each in counts[COUNTS_MAX:])
    largest = tuple(counts[:COUNTS_MAX])
    return (*largest, Counted(REST, REST, REST, rest)) if rest else largest


class _Unsealed(msgspec.Struct, frozen=True):
    after: int
    position: int
    hash: bytes
