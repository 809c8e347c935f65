"""What a close rests on: figures that the server looks up for the two people who sign them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from commands.books.close_period import MUST_HOLD, CheckedLine, ClosePeriod, standing_of
from commands.books.close_year import OF_THE_RESULT, Carried, CloseYear
from commands.books.periods import THE_PERIODS, Month, Periods, require_come
from ledger.errors import Overloaded
from ledger.money import CVE
from queries import checklist, trial_balance
from queries.answer import Answer
from queries.reader import Reader
from queries.trial_balance import signed
from server.primary import Primary

HEAD = "SELECT position, last_entries FROM ledger.head"
WAIT_SECONDS = 5.0


class ListedLine(Answer, frozen=True, kw_only=True):
    """One line of the checklist. Where it `blocks`, a close waits until it is `ok`; the others are
    carried forward. `figure` is what differs, or what is carried, in minor units (centavos);
    `oldestDays` is the age of the oldest that is carried."""

    name: str
    ok: bool
    blocks: bool
    figure: int | None
    count: int | None
    oldest_days: int | None


class Checklist(Answer, frozen=True, kw_only=True):
    """Whether a month can be closed, and what stands in its way. `readTo` is how far the log had
    been read."""

    month: str
    state: str
    ready: bool
    read_to: int
    late: int
    lines: tuple[ListedLine, ...]


class _Head(msgspec.Struct, frozen=True):
    position: int
    last_entries: dict[str, int]

    @property
    def numbers(self) -> dict[int, int]:
        """The last sequence number of each fiscal year."""
        return {int(year): last for year, last in self.last_entries.items()}


class ClosingDesk:
    """Looks at the ledger's own rows first, then at read models that have come as far.

    Whatever is booked in between shows in the count of late entries, or in the year's last number,
    and a proposal on older figures is refused under the lock.
    """

    def __init__(
        self, primary: Primary, reader: Reader, caught_up: Callable[[int], Awaitable[object]]
    ) -> None:
        self._primary = primary
        self._reader = reader
        self._caught_up = caught_up

    async def checklist(self, name: str) -> Checklist:
        """That of a month, written 2026-11. Raises NotFound, InvalidRequest, Overloaded."""
        month, today = Month.named(name), (await self._primary.books()).today
        require_come(month, today)
        periods, head = await self._ends()
        at_head = await self._reached(head.position)
        own = [
            CheckedLine(name=line, ok=ok)
            for line, ok in (
                ("month_over", month.last < today),
                *standing_of(periods, month, head.numbers),
                ("projections_at_the_head", at_head),
            )
        ]
        found = [
            CheckedLine(**msgspec.structs.asdict(line))
            for line in await checklist.of(self._reader, month.last)
        ]
        blocking = {*MUST_HOLD, *(line.name for line in own)}
        lines = tuple(
            ListedLine(blocks=line.name in blocking, **msgspec.structs.asdict(line))
            for line in (*own, *found)
        )
        return Checklist(
            month=str(month),
            state=periods.state_of(month),
            ready=all(line.ok for line in lines if line.blocks),
            read_to=head.position,
            late=periods.late,
            lines=lines,
        )

    async def close_of(self, name: str, reason: str) -> ClosePeriod:
        """The change that two people sign for a month. Raises InvalidRequest, Overloaded."""
        found = await self.checklist(name)
        return ClosePeriod(
            month=found.month,
            reason=reason,
            late=found.late,
            read_to=found.read_to,
            lines=tuple(
                CheckedLine(
                    name=line.name,
                    ok=line.ok,
                    figure=line.figure,
                    count=line.count,
                    oldest_days=line.oldest_days,
                )
                for line in found.lines
            ),
        )

    async def year_of(self, year: int, reason: str) -> CloseYear:
        """The change that two people sign for a fiscal year. Raises InvalidRequest, Overloaded."""
        last = Month.named(f"{year}-12").last
        _, head = await self._ends()
        await self._caught_up(head.position)
        found = await trial_balance.as_of(self._reader, last)
        standing = {
            line.code: signed(line.closing, line.closing_side)
            for line in found.lines
            if line.currency == CVE.code
        }
        return CloseYear(
            year=year,
            reason=reason,
            last_entry=head.numbers.get(year, 0),
            lines=tuple(
                Carried(code=code, balance=standing[code])
                for code in OF_THE_RESULT
                if standing.get(code)
            ),
        )

    async def _ends(self) -> tuple[Periods, _Head]:
        """How far all is closed, and where the log ends: the periods first, so that what is booked
        between the two looks is missed by neither."""
        books = await self._primary.books(THE_PERIODS)
        (head,) = await self._primary.rows(_Head, HEAD)
        return books.find(THE_PERIODS) or Periods(), head

    async def _reached(self, position: int) -> bool:
        try:
            await self._caught_up(position)
        except Overloaded:
            return False
        return True
