"""Who waits at a counter, longest first, and which of them the agent looks at."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widget import Widget

from simulator.screens.keypad import Key

ROWS_MAX = 8


class QueueList(Widget):
    """Up to eight who wait; a window around the chosen one when there are more than fit."""

    DEFAULT_CSS = """
    QueueList {
        layout: vertical; height: auto; width: 100%;
        & Key { width: 1fr; text-align: left; text-style: none; padding: 0; }
        & Key { background: transparent; }
        & Key.-chosen { background: $boost; text-style: bold; color: $accent; }
        & Key.-none { display: none; }
    }
    """

    def compose(self) -> ComposeResult:
        """As many rows as there may be."""
        for row in range(ROWS_MAX):
            yield Key("", f"choose({row})", "-none")

    def show(self, rows: Sequence[str], chosen: int, room: int) -> None:
        """These, as far as there is room. A click says which row it was, not who stands there."""
        first = self.first(chosen, room)
        shown = rows[first : first + min(room, ROWS_MAX)]
        for index, key in enumerate(self.query(Key)):
            key.set_class(index >= len(shown), "-none")
            key.set_class(first + index == chosen, "-chosen")
            if index < len(shown):
                key.show(f"{'▶' if first + index == chosen else ' '} {shown[index]}")

    @staticmethod
    def first(chosen: int, room: int) -> int:
        """Who stands in the first row."""
        return max(0, chosen - min(room, ROWS_MAX) + 1)
