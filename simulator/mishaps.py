"""Mishaps: what goes wrong on purpose, a few times or until it is healed.

Whatever can suffer one holds it and asks `strike` when its moment comes. Several may hold the same:
it strikes whoever is first.
"""

from __future__ import annotations

from collections.abc import Callable


class Mishap:
    """Belongs to a fault. `times` None is until it ends; `at_end` puts right what it did."""

    def __init__(
        self,
        fault: str,
        times: int | None = 1,
        *,
        at_end: Callable[[], None] | None = None,
    ) -> None:
        self.fault = fault
        self._left = times
        self._at_end = at_end
        self._on = True

    @property
    def on(self) -> bool:
        """Whether it may still strike."""
        return self._on

    def strike(self) -> bool:
        """Whether it goes wrong this time."""
        if not self._on:
            return False
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.end()
        return True

    def end(self) -> None:
        """It strikes no more."""
        if self._on:
            self._on = False
            if self._at_end is not None:
                self._at_end()


class Mishaps:
    """All of a town."""

    def __init__(self) -> None:
        self._all: list[Mishap] = []

    @property
    def faults(self) -> frozenset[str]:
        """Names of the faults of which something may still strike."""
        return frozenset(each.fault for each in self._all if each.on)

    def begin(
        self,
        fault: str,
        times: int | None = 1,
        *,
        at_end: Callable[[], None] | None = None,
    ) -> Mishap:
        """One more."""
        mishap = Mishap(fault, times, at_end=at_end)
        self._all = [*(each for each in self._all if each.on), mishap]
        return mishap

    def end(self, fault: str) -> None:
        """Nothing of this fault strikes any more."""
        for mishap in self._all:
            if mishap.fault == fault:
                mishap.end()

    def heal(self) -> None:
        """Nothing goes wrong on purpose any more."""
        for mishap in self._all:
            mishap.end()
        self._all.clear()
