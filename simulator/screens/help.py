"""F1: how the focused panel is used, and which keys it takes."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Markdown, Static

from simulator.screens.key_bar import KeyBar
from simulator.screens.speaking import Speaking, key, said_by
from simulator.screens.steady import Steady
from simulator.words import Text

KEYS = Text("Teclas", "Keys")
HERE = Text("neste painel", "in this panel")
EVERYWHERE = Text("em toda a cidade", "everywhere in the town")
KEY_WIDTH = 12


class Help(ModalScreen[None]):
    """A card over the town."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("escape,f1,enter,q", "dismiss", Text("fechar", "close"), display="Esc"),
        key("down", "scroll(1)", Text("descer", "down"), display="↓"),
        key("up", "scroll(-1)", Text("subir", "up"), display="↑"),
    ]

    def __init__(
        self, title: Text, guide: Text, own: list[Binding], everywhere: list[Binding]
    ) -> None:
        super().__init__()
        self._guide = Guide(title, guide, own, everywhere)

    def compose(self) -> ComposeResult:
        """Scrolls when the window is small."""
        with Vertical(classes="card"), VerticalScroll(can_focus=False):
            yield self._guide
        yield KeyBar()

    def action_scroll(self, step: int) -> None:
        """Long guides scroll."""
        self.query_one(VerticalScroll).scroll_relative(y=step * 3, animate=False)


class Guide(Speaking):
    """Title, guide and keys."""

    def __init__(
        self, title: Text, guide: Text, own: list[Binding], everywhere: list[Binding]
    ) -> None:
        super().__init__()
        self._title = title
        self._text = guide
        self._keys = ((HERE, own), (EVERYWHERE, everywhere))

    def compose(self) -> ComposeResult:
        """Markdown above, a list of keys below."""
        yield Markdown()
        yield Steady()

    def on_mount(self) -> None:
        """Say it."""
        self.respeak()

    def respeak(self) -> None:
        """All of it again."""
        self.query_ancestor(".card", Widget).border_title = self.said(self._title)
        self.query_one(Markdown).update(self.said(self._text))
        rows: list[Content] = []
        for where, bindings in self._keys:
            if bindings:
                rows.append(
                    Content.styled(f"\n{self.said(KEYS)} {self.said(where)}", "bold $accent")
                )
                rows += [self._row(binding) for binding in bindings]
        self.query_one(Static).update(Content("\n").join(rows))

    def _row(self, binding: Binding) -> Content:
        written = self.app.get_key_display(binding)
        return Content.assemble(
            (f"  {written:<{KEY_WIDTH}}", "bold $primary"), self.said(said_by(binding))
        )
