"""Whoever stands before a cash machine when its notes come out."""

from __future__ import annotations

from enum import StrEnum

from simulator.mishaps import Mishap


class Attitude(StrEnum):
    """What somebody does about notes in a tray."""

    TAKES = "takes"  # at once
    WAITS = "waits"  # until a key or a click says that they are taken
    LEAVES = "leaves"  # without them


class Customer:
    """Takes the notes, as long as nothing is said to the contrary."""

    def __init__(self, attitude: Attitude = Attitude.TAKES) -> None:
        self.attitude = attitude
        self._distractions: list[Mishap] = []

    def walk_away(self, mishap: Mishap | None = None) -> None:
        """Leave the next notes in the tray, or as often as the mishap strikes."""
        on = (each for each in self._distractions if each.on)
        self._distractions = [*on, mishap or Mishap("walk-away")]

    def heal(self) -> None:
        """Forget nothing any more."""
        for mishap in self._distractions:
            mishap.end()

    def decide(self) -> Attitude:
        """What is done about the notes that have just come out."""
        if any(mishap.strike() for mishap in self._distractions):
            return Attitude.LEAVES
        return self.attitude
