"""A menu: numbered choices, taken with the number or with the mouse."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget

from simulator.screens.keypad import Key

CHOICES_MAX = 8


class Menu(Widget):
    """Up to eight choices, one line each."""

    DEFAULT_CSS = """
    Menu {
        layout: vertical; height: auto; width: 100%;
        & Key { width: 1fr; text-align: left; text-style: none; padding: 0; }
        & Key { background: transparent; }
        & Key:hover { background: $boost; color: $foreground; text-style: bold; }
        & Key.-none { display: none; }
    }
    """

    def compose(self) -> ComposeResult:
        """As many keys as there may be choices."""
        for index in range(CHOICES_MAX):
            yield Key("", f"press('{index + 1}')", "-none")

    def show(self, choices: Sequence[str]) -> None:
        """These, numbered from one."""
        assert len(choices) <= CHOICES_MAX, "a menu is short"
        for index, key in enumerate(self.query(Key)):
            there = index < len(choices)
            key.set_class(not there, "-none")
            if there:
                number = (f"{index + 1} ▸ ", "bold $accent")
                key.show(Content.assemble(number, choices[index]))
