"""The line on top: which town this is, whether its server answers, and what time it is there."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from simulator.ledger_watch import Watched
from simulator.running import Clock
from simulator.screens.speaking import Speaking
from simulator.screens.steady import Steady
from simulator.words import COUNTRY, Text

NAME = Text("a cidade", "the town")
SERVER = Text("servidor", "server")
ASKED = Text("servidor: a ligar…", "server: connecting…")
AWAY = Text("servidor não responde", "server is away")
BOOKS = {
    True: Text("livros provados", "books proven"),
    False: Text("livros errados", "books are wrong"),
    None: Text("livros por provar", "books not proven yet"),
}
WITH_URL_FROM = 100  # columns
SIGNS = {True: ("●", "$success"), False: ("✗", "bold $error"), None: ("○", "$quiet")}


class Header(Speaking):
    """Name, lamps and clock. A lamp has a sign and a word beside its colour."""

    def __init__(self, url: str, clock: Clock) -> None:
        super().__init__()
        self._url = url
        self._clock = clock
        self._watched = Watched()

    def compose(self) -> ComposeResult:
        """Left, middle, right."""
        with Horizontal():
            yield Steady(id="brand")
            yield Steady(id="lamps")
            yield Steady(id="clock")

    def on_mount(self) -> None:
        """The clock goes on."""
        self.set_interval(1.0, self._tick)
        self.respeak()

    def on_resize(self) -> None:
        """More or less fits."""
        self.respeak()

    def show(self, watched: Watched) -> None:
        """This is known of server and books now."""
        changed = (watched.online, watched.proven) != (self._watched.online, self._watched.proven)
        self._watched = watched
        if changed:
            self.respeak()

    def respeak(self) -> None:
        """All of it again."""
        url = f"  {self._url}" if self.size.width >= WITH_URL_FROM else ""
        brand = Content.assemble(
            ("◆ makeba ", "bold $accent"), (self.said(NAME), "$foreground"), (url, "$quiet")
        )
        server = SERVER if self._watched.online else AWAY
        online: bool | None = self._watched.online
        if self._watched == Watched():
            server, online = ASKED, None
        lamps = [
            self._lamp(online, server),
            self._lamp(self._watched.proven, BOOKS[self._watched.proven]),
        ]
        self.query_one("#brand", Static).update(brand, layout=False)
        self.query_one("#lamps", Static).update(Content("  ").join(lamps))
        self._tick()

    def _tick(self) -> None:
        now = self._clock().astimezone(COUNTRY)
        self.query_one("#clock", Static).update(f"{now:%H:%M:%S}", layout=False)

    def _lamp(self, good: bool | None, text: Text) -> Content:
        """● and a word, ✗ and a word, or ○ and a word."""
        sign, style = SIGNS[good]
        return Content.styled(f"{sign} {self.said(text)}", style)
