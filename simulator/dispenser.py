"""The part of a cash machine that counts notes into the tray, and what can stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from simulator.machines.notes import Notes
from simulator.mishaps import Mishap


class Stop(NamedTuple):
    """Of so many notes only `room` come out. Smaller bundles than `notes_min` come out whole."""

    mishap: Mishap
    room: Callable[[int], int]
    notes_min: int = 1


class Dispenser:
    """Counts notes into the tray, largest first, until something stops it."""

    def __init__(self) -> None:
        self._stops: list[Stop] = []

    def jam(self, after_notes: int = 0, mishap: Mishap | None = None) -> None:
        """Let the next payment stop after so many notes, or as many as the mishap strikes."""
        self._suffer(Stop(mishap or Mishap("jam"), lambda _count: after_notes))

    def stop_half_way(self, mishap: Mishap) -> None:
        """Let payments of several notes stop before the last half of them."""
        self._suffer(Stop(mishap, lambda count: count // 2, notes_min=2))

    def heal(self) -> None:
        """Pay everything again."""
        for stop in self._stops:
            stop.mishap.end()

    def pay(self, bundle: Notes) -> dict[int, int]:
        """The notes that came out, largest first."""
        count = sum(bundle.values())
        for stop in self._stops:
            if count >= stop.notes_min and stop.mishap.strike():
                return _first(stop.room(count), bundle)
        return dict(bundle)

    def _suffer(self, stop: Stop) -> None:
        self._stops = [*(each for each in self._stops if each.mishap.on), stop]


def _first(room: int, bundle: Notes) -> dict[int, int]:
    """The first so many notes of a bundle."""
    out = {}
    for note, count in sorted(bundle.items(), reverse=True):
        out[note] = min(count, room)
        room -= out[note]
    return {note: count for note, count in out.items() if count}
