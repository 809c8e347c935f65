"""Mischief: faults at random, one after the other, until it is over."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random

from simulator.faults import FAULTS, Fault
from simulator.town import Town

PAUSE_SECONDS = 0.4  # between two faults, about
LASTS_SECONDS = 1.0  # about


class Mischief:
    """Begins faults, and ends those that would last. `begun` counts them by name."""

    def __init__(self, town: Town, dice: Random, faults: tuple[Fault, ...] = FAULTS) -> None:
        self.begun: Counter[str] = Counter()
        self._town = town
        self._dice = dice
        self._faults = faults

    async def go_on(self) -> None:
        """Until somebody cancels it."""
        async with asyncio.TaskGroup() as ending:
            while True:
                await asyncio.sleep(self._dice.uniform(0, 2 * PAUSE_SECONDS))
                fault = self._dice.choice(self._faults)
                if fault.name in self._town.faults:
                    continue
                fault.apply(self._town, self._dice)
                self.begun[fault.name] += 1
                if fault.lasting:
                    seconds = self._dice.uniform(0, 2 * LASTS_SECONDS)
                    ending.create_task(self._end(fault, seconds))

    async def _end(self, fault: Fault, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._town.mishaps.end(fault.name)
