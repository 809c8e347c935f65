"""Waiting for what a machine does next, for whoever uses machines like a person."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from simulator.machines import agent, atm, phone, switch
from simulator.machines.agent import Till
from simulator.machines.atm import Atm
from simulator.machines.phone import Phone
from simulator.machines.switch import Switch
from simulator.running import Happened, Running

S = TypeVar("S")
E = TypeVar("E")

KEPT = 200


class InUse(Generic[S, E]):
    """One machine in somebody's hands: all that happens to it is seen, from now on."""

    def __init__(self, machine: Running[S, E, Any]) -> None:
        self.machine = machine
        self._seen: deque[tuple[int, Any]] = deque(maxlen=KEPT)
        self._count = 0
        self._stirred = asyncio.Event()
        machine.watch(self._see)

    @property
    def state(self) -> S:
        """How the machine is now."""
        return self.machine.state

    @property
    def mark(self) -> int:
        """A moment: later one can ask what has happened since."""
        return self._count

    def since(self, mark: int) -> tuple[Any, ...]:
        """The events after that moment, oldest first."""
        return tuple(event for number, event in self._seen if number > mark)

    async def until(self, so: Callable[[], bool], wait_max_seconds: float) -> bool:
        """Wait until it is so. False when it is not, for so long."""
        try:
            async with asyncio.timeout(wait_max_seconds):
                while not so():
                    self._stirred.clear()
                    await self._stirred.wait()
        except TimeoutError:
            return False
        return True

    async def do(
        self, event: E, *answers: type[Any], wait_max_seconds: float, gave_up: Callable[[], bool]
    ) -> Any:
        """Let something happen, and wait for one of these answers. None when none came, or when
        the machine has given up."""
        mark = self.mark
        self.machine.happen(event)

        def answered() -> Any:
            return next((each for each in self.since(mark) if isinstance(each, answers)), None)

        await self.until(lambda: answered() is not None or gave_up(), wait_max_seconds)
        return answered()

    def _see(self, happened: Happened) -> None:
        self._count += 1
        self._seen.append((self._count, happened.event))
        self._stirred.set()


PhoneInUse = InUse[Phone, phone.Event]
AtmInUse = InUse[Atm, atm.Event]
TillInUse = InUse[Till, agent.Event]
SwitchInUse = InUse[Switch, switch.Event]
