"""Whoever takes the switch's files in, in simulated time: each number once, and in its turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from simulator.machines import switch
from simulator.machines.business_day import DayFile, Ended
from tests.simulation.street_lines import Lines
from tests.simulation.watch import require
from tests.simulation.world import SECOND, World

PATIENCE = 10 * SECOND


class TakingIn:
    """Counts what files claim, by RRN, and answers over lines that lose and repeat."""

    def __init__(self, world: World, lines: Lines) -> None:
        self.world, self.lines = world, lines
        self.claimed: Counter[str] = Counter()  # escudos
        self._number, self._newest = 0, date.min

    def carry_out(
        self, order: switch.AskNewest | switch.SendFile, tell: Callable[[Any], None]
    ) -> None:
        """One request, and an answer or silence."""
        over: list[bool] = []

        def once(event: Any) -> None:
            if not over:
                over.append(True)
                tell(event)

        if isinstance(order, switch.AskNewest):
            self.world.at(PATIENCE, once, switch.NewestSilent())
            self.lines.carry(self._say_newest, once)
            return
        assert order.file.number is not None, "a file has its number before it is sent"
        self.world.at(PATIENCE, once, switch.FileSilent(order.file.number))
        self.lines.carry(partial(self._take, order.file), once)

    def _say_newest(self, tell: Callable[[Any], None]) -> None:
        self.lines.carry(tell, switch.NewestCame(self._number))

    def _take(self, file: DayFile, tell: Callable[[Any], None]) -> None:
        assert file.number is not None, "it was sent with its number"
        if file.number > self._number:
            require(file.number == self._number + 1, "files", f"no file before {file.number}")
            require(file.settlement_date >= self._newest, "files", "a date that goes back")
            self._number, self._newest = file.number, file.settlement_date
            for item in file.items:
                back = item.kind is Ended.TAKEN_BACK
                self.claimed[item.trace.rrn] += -item.amount if back else item.amount
        self.lines.carry(tell, switch.FileTaken(number=file.number))
