"""Small scope, whole: two codes, two machines, up to three faults, in every possible order.

Every message may come at any time, and so may a cancellation, the end of a code's time, and each
job. Each of the following costs one of the faults: a message is lost, or comes twice; a machine
loses patience with an answer on its way, jams, pays a part, draws notes in again, or is given a
wrong code; two people release what was paid. A state that was reached before is not followed again.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from tests.simulation.core import Broke
from tests.simulation.scope import Name, Scope
from tests.simulation.situation import State

FAULTS_MAX = 3


class Found(msgspec.Struct, frozen=True):
    """How much there was to see."""

    states: int
    steps: int
    ends: int


class Explorer:
    """Goes everywhere, with the fewest faults first, and remembers by which way it came."""

    def __init__(self, faults_max: int) -> None:
        self.faults_max = faults_max
        self.scope = Scope()
        self.faults: dict[Name, int] = {}  # that it takes to get there
        self.came: dict[Name, tuple[Name, tuple[Any, ...]]] = {}
        self.queue: deque[tuple[int, State]] = deque()
        self.steps = self.ends = 0

    def explore(self) -> Found:
        """Go everywhere. Raises Broke at the first state in which something does not hold."""
        first = self.scope.beginning
        self.faults[self.scope.name(first)] = 0
        self.queue.append((0, first))
        while self.queue:
            faults, state = self.queue.popleft()
            name = self.scope.name(state)
            if self.faults[name] == faults:
                try:
                    self._go_on(name, faults, state)
                except Broke as broke:
                    raise Broke(f"{broke}; after {self._way(name)}") from None
        return Found(states=len(self.faults), steps=self.steps, ends=self.ends)

    def _go_on(self, name: Name, faults: int, state: State) -> None:
        last = True
        for cost, what, how in self.scope.steps(state):
            last = last and cost > 0
            if faults + cost > self.faults_max:
                continue
            self.steps += 1
            after = how()
            reached = self.scope.name(after)
            known = self.faults.get(reached)
            if known is not None and known <= faults + cost:
                continue
            if known is None:
                self.came[reached] = (name, what)
                self.scope.check(after)
            self.faults[reached] = faults + cost
            (self.queue.append if cost else self.queue.appendleft)((faults + cost, after))
        if last:
            self.ends += 1
            self.scope.check_end(state)

    def _way(self, name: Name) -> list[tuple[Any, ...]]:
        """All that has happened up to there."""
        way: list[tuple[Any, ...]] = []
        while name in self.came:
            name, what = self.came[name]
            way.append(what)
        return way[::-1]


def explore(faults_max: int = FAULTS_MAX) -> Found:
    """Go everywhere with so many faults at most. Raises Broke."""
    return Explorer(faults_max).explore()
