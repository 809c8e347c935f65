"""The lines of a street, and all that can go wrong in it until it has healed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from simulator.machines.notes import Notes
from tests.simulation.world import SECOND, World

USUAL = (20_000, 300_000)  # microseconds that a message takes
LATE = (2 * SECOND, 50 * SECOND)
SHARES = (0.0, 0.05, 0.2, 0.4)


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """How much goes wrong: shares of messages, payments and customers."""

    loss: float
    twice: float
    late: float
    garbled: float
    jam: float
    part: float
    leaves: float
    cut: float  # of the time that a line is down
    clock: float  # of questions that makeba does not believe

    @staticmethod
    def drawn(world: World) -> Trouble:
        """Some."""
        names = Trouble.__struct_fields__
        return Trouble(**{name: world.dice.choice(SHARES) for name in names})


NONE = Trouble(**dict.fromkeys(Trouble.__struct_fields__, 0.0))


class Lines:
    """Carry messages, for better or worse. What is cut carries nothing."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.trouble = Trouble.drawn(world)
        self.met: Counter[str] = Counter()

    def heal(self) -> None:
        """From now on everything arrives once and soon, and nothing fails."""
        self.trouble = NONE

    def strikes(self, name: str) -> bool:
        """Whether it goes wrong in this way now."""
        if not self.world.chance(getattr(self.trouble, name)):
            return False
        self.met[name] += 1
        return True

    def carry(self, deliver: Callable[..., Any], *message: Any) -> None:
        """A message goes its way."""
        if self.strikes("loss"):
            return
        self._arrive(deliver, *message)
        if self.strikes("twice"):
            self._arrive(deliver, *message)

    def garbled(self, raw: bytes) -> bytes:
        """Bytes as they arrive."""
        if not self.strikes("garbled"):
            return raw
        broken = bytearray(raw)
        for _ in range(self.world.dice.choice((1, 1, 3))):
            broken[self.world.dice.randrange(len(broken))] ^= 1 << self.world.dice.randrange(8)
        return (
            bytes(broken[: self.world.dice.randrange(len(broken))])
            if self.world.chance(0.3)
            else bytes(broken)
        )

    def paid(self, notes: Notes) -> dict[int, int]:
        """The notes that come out of a dispenser."""
        if self.strikes("jam"):
            return {}
        if self.strikes("part"):
            largest = max(notes)
            rest = {**notes, largest: notes[largest] - 1}
            return {note: count for note, count in rest.items() if count}
        return dict(notes)

    def _arrive(self, deliver: Callable[..., Any], *message: Any) -> None:
        span = LATE if self.strikes("late") else USUAL
        self.world.at(self.world.between(*span), deliver, *message)
