"""The explain pane: what has just happened, in plain words, and which entry followed."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from simulator.explain import Explained
from simulator.ledger_watch import written
from simulator.screens.panel import Pane
from simulator.screens.speaking import key
from simulator.screens.steady import Steady
from simulator.words import COUNTRY, Text

KEPT = 100
TITLE = Text("O que aconteceu", "What happened")
WELCOME = Text(
    "Do telemóvel às notas em quatro passos:\n"
    " 1  telemóvel: escreva o PIN e Enter\n"
    " 2  peça um código de levantamento\n"
    " 3  caixa: prima v, marca tudo por si\n"
    " 4  retire as notas da gaveta\n"
    "Tab muda de painel, F1 ajuda, F3 estraga algo.",
    "From the phone to notes in four steps:\n"
    " 1  phone: type the PIN, then Enter\n"
    " 2  ask for a withdrawal code\n"
    " 3  machine: press v, it types all for you\n"
    " 4  take the notes from the tray\n"
    "Tab changes panels, F1 helps, F3 breaks things.",
)


class ExplainPane(Pane):
    """Sentences, the newest on top: the eye need not look for it."""

    GUIDE = Text(
        "Diz em palavras simples o que acabou de acontecer e que lançamento se seguiu no diário. "
        "O mais novo está em cima; **↑ ↓** mostra os mais velhos.",
        "Says in plain words what has just happened, and which entry of the journal followed. The "
        "newest is on top; **↑ ↓** show older ones.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        key("up", "scroll(-1)", Text("subir", "up"), display="↑"),
        key("down", "scroll(1)", Text("descer", "down"), display="↓"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._explained: deque[Explained] = deque(maxlen=KEPT)

    @property
    def title(self) -> Text:
        """What it tells of."""
        return TITLE

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(can_focus=False):
            yield Steady()

    def on_mount(self) -> None:
        """Begin with how to begin."""
        self.call_after_refresh(self.repaint)

    def tell(self, explained: Explained) -> None:
        """One more."""
        self._explained.append(explained)
        self.stir()

    def action_scroll(self, rows: int) -> None:
        """Older and newer ones."""
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)

    def repaint(self) -> None:
        """All that is kept."""
        super().repaint()
        if self._explained:
            newest_first = reversed(self._explained)
            text = Content("\n").join(
                [self._told(each, row) for row, each in enumerate(newest_first)]
            )
        else:
            text = Content.styled(self.said(WELCOME), "$foreground")
        self.query_one(Static).update(text)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def _told(self, explained: Explained, row: int) -> Content:
        at = explained.at.astimezone(COUNTRY)
        entry = Content("")
        if explained.entry_number is not None:
            entry = Content.styled(
                f"  ▸\N{NO-BREAK SPACE}{written(explained.entry_number)}", "$success"
            )
        style = "bold $foreground" if row == 0 else "$foreground"
        return Content.assemble(
            (f"{at:%H:%M:%S} ", "$quiet"), (self.said(explained.text), style), entry
        )
