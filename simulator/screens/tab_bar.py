"""Tabs for small windows: one panel at a time, and the names of the others."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.style import Style

from simulator.screens.speaking import Speaking
from simulator.words import Text

NAMES: Mapping[str, Text] = {
    "atm": Text("Caixa", "ATM"),
    "phone": Text("Telemóvel", "Phone"),
    "switch": Text("Comutador", "Switch"),
    "agent": Text("Agente", "Agent"),
    "explain": Text("Explicação", "Explained"),
    "ticker": Text("Diário", "Journal"),
}


class TabBar(Speaking):
    """One row. A click brings a panel to the front."""

    auto_links = False

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self._names = names
        self._front = names[0]

    def show(self, front: str) -> None:
        """This one is in front now."""
        self._front = front
        self.refresh()

    def render(self) -> Content:
        """The one in front stands out, and has brackets too."""
        return Content("").join([self._tab(name) for name in self._names])

    def _tab(self, name: str) -> Content:
        click = Style.from_meta({"@click": f"app.front({name!r})"})
        words = self.said(NAMES[name])
        if name == self._front:
            return Content.styled(f"[{words}]", "bold $accent").stylize(click)
        return Content.styled(f" {words} ", "$quiet").stylize(click)
