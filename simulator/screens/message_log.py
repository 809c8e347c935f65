"""The switch's log of messages: a row for each, the newest at the bottom, one of them chosen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message as TextualMessage
from textual.widget import Widget
from textual.widgets import Static

from simulator.screens.speaking import Speaking
from simulator.screens.steady import Steady
from simulator.tape import Kind, Message
from simulator.words import COUNTRY, Text

EMPTY = Text(
    "Nada passou ainda. Cada mensagem entre caixa, comutador e makeba aparece aqui.",
    "Nothing has passed yet. Each message between machine, switch and makeba shows up here.",
)
LANES = {  # by what it is written in, and whether it comes to the switch
    (Kind.ISO, True): ("atm▸  ", "$primary"),
    (Kind.ISO, False): ("◂atm  ", "$primary"),
    (Kind.REST, False): ("  ▸mkb", "$accent"),
    (Kind.REST, True): ("  ◂mkb", "$accent"),
}
SWITCH = "switch"
WITH_HOURS_FROM = 60  # columns


class MessageLog(Speaking):
    """Shows as many rows as fit. It follows the newest until somebody goes back to an older one."""

    class Opened(TextualMessage):
        """Somebody wants to see this one."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, messages: Sequence[Message], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._messages = messages
        self._chosen: int | None = None  # from the end, so that it stays when the oldest go
        self._top = 0

    def compose(self) -> ComposeResult:
        """One text."""
        yield Steady()

    @property
    def chosen(self) -> int:
        """The message that Enter opens: the newest while the log follows."""
        return len(self._messages) - 1 if self._chosen is None else self._chosen

    def on_resize(self) -> None:
        """More or fewer fit."""
        self.respeak()

    def go(self, rows: int) -> None:
        """Up or down. Below the newest it follows again."""
        if self._messages:
            target = max(0, self.chosen + rows)
            self._chosen = None if target >= len(self._messages) - 1 else target
            self.respeak()

    def choose(self, number: int) -> None:
        """This one."""
        self.go(number - self.chosen)

    def forgotten(self) -> None:
        """The oldest has gone: the chosen one has moved up."""
        if self._chosen is not None:
            self._chosen = max(0, self._chosen - 1)

    def on_mouse_scroll_up(self, _event: MouseScrollUp) -> None:
        """Older ones."""
        self.go(-1)

    def on_mouse_scroll_down(self, _event: MouseScrollDown) -> None:
        """Newer ones."""
        self.go(1)

    def on_click(self, event: Click) -> None:
        """A click opens what it hits."""
        number = self._top + event.y
        if event.y >= 0 and number < len(self._messages):
            self.choose(number)
            self.post_message(self.Opened(number))

    def respeak(self) -> None:
        """The rows around the chosen one."""
        height = max(1, self.size.height)
        last = len(self._messages) - 1
        bottom = last if self._chosen is None else max(self._chosen, min(last, height - 1))
        if self._chosen is not None and self._top <= self._chosen < self._top + height:
            bottom = min(last, self._top + height - 1)
        self._top = max(0, bottom - height + 1)
        rows = [self._row(number) for number in range(self._top, bottom + 1)]
        empty = Content.styled(self.said(EMPTY), "$quiet")
        self.query_one(Static).update(Content("\n").join(rows) if rows else empty, layout=False)

    def _row(self, number: int) -> Content:
        message = self._messages[number]
        at = message.at.astimezone(COUNTRY)
        lane, style = LANES[(message.kind, message.receiver == SWITCH)]
        row = Content.assemble(
            (f"{at:%H:%M:%S} " if self.size.width >= WITH_HOURS_FROM else f"{at:%M:%S} ", "$quiet"),
            (lane, style),
            (" " if message.good else "✗", "bold $error"),
            (f"{short(message.title)} ", f"bold {style}" if message.good else "bold $error"),
            self.said(message.summary),
        )
        width = max(1, self.size.width)
        row = row.truncate(width, ellipsis=True, pad=True)
        return row.stylize("$background on $accent") if self._is_marked(number) else row

    def _is_marked(self, number: int) -> bool:
        focused: Widget | None = self.screen.focused
        inside = focused is not None and focused in self.ancestors
        return number == self.chosen and (inside or self._chosen is not None)


def short(title: str) -> str:
    """POST /vinti4/authorisations is long; authorisations says it too."""
    return title.rpartition("/")[2]
