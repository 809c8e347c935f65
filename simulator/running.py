"""Machines at work: each event changes a machine at once, and its orders are carried out beside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

S = TypeVar("S")
E = TypeVar("E")
O = TypeVar("O")  # noqa: E741 - states, events and orders

Clock = Callable[[], datetime]
Keep = Callable[[Coroutine[Any, Any, None]], None]


def system_clock() -> datetime:
    """The time of this computer."""
    return datetime.now(UTC)


class WrongClock:
    """A clock that can be put wrong: each machine has one of its own."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self.off = timedelta(0)
        self._clock = clock

    def __call__(self) -> datetime:
        return self._clock() + self.off


class Work:
    """All that is under way among the machines of a town."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept: set[asyncio.Task[None]] = set()
        self._alarms: list[asyncio.TimerHandle] = []
        self._failures: list[BaseException] = []

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Have something done that `quiet` waits for."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def keep(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Have something done until `stop` that `quiet` does not wait for: listening, echoing."""
        task = asyncio.create_task(coroutine)
        self._kept.add(task)
        task.add_done_callback(self._ended)

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something after a while. Nobody waits for that."""
        now = asyncio.get_running_loop().time()
        self._alarms = [each for each in self._alarms if each.when() > now and not each.cancelled()]
        self._alarms.append(asyncio.get_running_loop().call_later(seconds, what))

    async def quiet(self, wait_max_seconds: float) -> None:
        """Wait until no order is under way. Raises TimeoutError, or what has failed meanwhile."""
        async with asyncio.timeout(wait_max_seconds):
            while self._tasks:
                await asyncio.wait(self._tasks)
        failures, self._failures = self._failures, []
        for failure in failures:
            raise failure

    async def stop(self) -> None:
        """Give up whatever is under way."""
        for alarm in self._alarms:
            alarm.cancel()
        tasks = [*self._tasks, *self._kept]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._kept.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failures.append(failure)


class Happened(NamedTuple):
    """Something that happened to a machine: what watchers are told of."""

    machine: str  # its name
    at: datetime
    event: Any
    before: Any
    after: Any
    orders: tuple[Any, ...]


Watcher = Callable[[Happened], None]


class Running(Generic[S, E, O]):
    """One machine at work. `carry_out` does an order and may tell what came of it."""

    def __init__(
        self,
        name: str,
        state: S,
        step: Callable[[S, E, datetime], tuple[S, tuple[O, ...]]],
        carry_out: Callable[[O], Awaitable[E | None]],
        work: Work,
        clock: Clock = system_clock,
    ) -> None:
        self.name = name
        self.state = state
        self._watchers: list[Watcher] = []
        self._step = step
        self._carry_out = carry_out
        self._work = work
        self._clock = clock

    def happen(self, event: E) -> None:
        """Something happens to the machine, and whoever watches it is told."""
        at, before = self._clock(), self.state
        self.state, orders = self._step(before, event, at)
        for order in orders:
            self._work.start(self._do(order))
        for watcher in self._watchers:
            watcher(Happened(self.name, at, event, before, self.state, orders))

    def watch(self, watcher: Watcher) -> None:
        """Tell of everything that happens from now on."""
        self._watchers.append(watcher)

    async def _do(self, order: O) -> None:
        event = await self._carry_out(order)
        if event is not None:
            self.happen(event)
