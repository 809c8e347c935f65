"""The middle of a cash machine: a screen, and four keys on each side of it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from simulator.screens.keypad import Key
from simulator.screens.steady import Steady

LETTERS = "abcdefgh"  # the twins of the side keys on a keyboard, 1 to 8
ROWS = len(LETTERS) // 2


class SideRow(Widget):
    """A key, what it means, what the key opposite means, and that key."""

    DEFAULT_CSS = """
    SideRow {
        height: 1; layout: horizontal;
        & > .label { width: auto; height: 1; background: $primary 30%; color: $foreground; }
        & > .right { width: 1fr; text-align: right; }
        & > Key { width: 4; height: 1; }
    }
    """

    def __init__(self, row: int) -> None:
        super().__init__()
        left, right = LETTERS[row], LETTERS[row + ROWS]
        self._left = Key(f"{left}▕", f"side({row + 1})", "-side")
        self._right = Key(f"▏{right}", f"side({row + ROWS + 1})", "-side")
        self._labels = (Steady(classes="label"), Steady(classes="label right"))

    def compose(self) -> ComposeResult:
        """From left to right."""
        yield self._left
        yield from self._labels
        yield self._right

    def show(self, left: str, right: str) -> None:
        """What the two keys mean now: nothing is a key that does nothing."""
        self._labels[0].update(Content(f"◂ {left}" if left else ""))
        self._labels[1].update(Content(f"{right} ▸" if right else ""))
        self._left.disabled, self._right.disabled = not left, not right


class AtmScreen(Widget):
    """What the machine says and what was typed, over the meanings of its side keys."""

    DEFAULT_CSS = """
    AtmScreen {
        layout: vertical; height: 100%;
        & > Static {
            width: 1fr; margin: 0 4; padding: 0 1; text-align: center;
            background: $primary 30%; color: $foreground;
        }
        & > .said { height: 1fr; content-align: center middle; text-style: bold; }
        & > .typed { height: 1; color: $accent; text-style: bold; }
    }
    """

    def compose(self) -> ComposeResult:
        """Words above, keys below."""
        yield Steady(classes="said")
        yield Steady(classes="typed")
        for row in range(ROWS):
            yield SideRow(row)

    def show(self, said: str, typed: str, sides: Sequence[str]) -> None:
        """All of it."""
        self.query_one(".said", Static).update(Content(said))
        self.query_one(".typed", Static).update(Content(typed))
        for row, widget in enumerate(self.query(SideRow)):
            widget.show(sides[row], sides[row + ROWS])
