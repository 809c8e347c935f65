"""A card with things to choose from, and what the marked one is about below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from simulator.screens.key_bar import KeyBar
from simulator.screens.speaking import Speaking, key
from simulator.screens.steady import Steady
from simulator.words import Text

TITLE_WIDTH = 42


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. `note` stands beside it, louder when it `stands_out`."""

    title: Text
    help: Text
    note: Text | None = None
    stands_out: bool = False
    key: str = ""


class Choices(ModalScreen[int | None]):
    """The number of the chosen one, or None. A choice's own key chooses it at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("escape", "dismiss", Text("fechar", "close"), display="Esc")
    ]

    def __init__(self, title: Text, choices: Sequence[Choice], choose: Text) -> None:
        super().__init__()
        self._title = title
        self._choices = choices
        self._choose = choose

    def compose(self) -> ComposeResult:
        """The card, and the keys that count now."""
        yield ChoiceCard(self._title, self._choices, self._choose)
        yield KeyBar()

    def on_key(self, event: events.Key) -> None:
        """One key each."""
        for number, choice in enumerate(self._choices):
            if choice.key and choice.key == event.character:
                event.stop()
                self.dismiss(number)
                return

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)


class ChoiceList(OptionList):
    """All of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("enter", "select", Text("escolher", "choose"), display="↵")
    ]


class ChoiceCard(Speaking):
    """Title, list, and the help of the marked one."""

    def __init__(self, title: Text, choices: Sequence[Choice], choose: Text) -> None:
        super().__init__(classes="card")
        self._title = title
        self._choices = choices
        self._choose = choose

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield ChoiceList(*(Option("") for _ in self._choices))
        yield Steady(id="what")

    def on_mount(self) -> None:
        """The first is marked."""
        self.respeak()
        self.query_one(ChoiceList).focus()

    def respeak(self) -> None:
        """All rows again."""
        self.border_title = self.said(self._title)
        self.border_subtitle = self.said(self._choose)
        rows = self.query_one(ChoiceList)
        for number, choice in enumerate(self._choices):
            rows.replace_option_prompt_at_index(number, self._row(choice))
        self._explain(rows.highlighted or 0)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._explain(event.option_index)

    def _explain(self, number: int) -> None:
        self.query_one("#what", Static).update(Content(self.said(self._choices[number].help)))

    def _row(self, choice: Choice) -> Content:
        note = "" if choice.note is None else self.said(choice.note)
        return Content.assemble(
            (f" {choice.key:<2}", "bold $accent"),
            f"{self.said(choice.title):<{TITLE_WIDTH}} ",
            (note, "bold $warning" if choice.stands_out else "$quiet"),
        )
