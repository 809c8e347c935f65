"""One message opened: its fields by name, and its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from simulator.screens.key_bar import KeyBar
from simulator.screens.speaking import Speaking, key
from simulator.screens.steady import Steady
from simulator.tape import Field, Message
from simulator.words import Text, local_time

BYTES_PER_ROW = 16
RAW = Text("Tal como foi na linha · {count} octetos", "As it went over the line · {count} bytes")
ROUTE = Text("{sender} → {receiver}", "{sender} → {receiver}")
PLACE = Text("{number} de {all}", "{number} of {all}")
REFUSED = Text("✗ não aceite", "✗ not accepted")
LABEL_WIDTH = 14
NAME_WIDTH = 30


class Inspector(ModalScreen[Message]):
    """A message over the town. Arrows go to the one before and the one after."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("escape,enter,q", "close", Text("fechar", "close"), display="Esc"),
        key("left,p", "go(-1)", Text("anterior", "before"), display="←"),
        key("right,n", "go(1)", Text("seguinte", "after"), display="→"),
        key("up", "scroll(-1)", Text("subir", "up"), shown=False),
        key("down", "scroll(1)", Text("descer", "down"), shown=False),
    ]

    def __init__(self, messages: Sequence[Message], number: int) -> None:
        super().__init__()
        self._messages = messages
        self._number = number

    def compose(self) -> ComposeResult:
        """A card that scrolls when it is long."""
        with Vertical(classes="card"), VerticalScroll(can_focus=False):
            yield OpenedMessage(id="opened")
        yield KeyBar()

    def on_mount(self) -> None:
        """Show the one that was chosen."""
        self._show()

    def action_close(self) -> None:
        """Back to the town, which keeps the place."""
        self.dismiss(self._messages[self._number])

    def action_go(self, step: int) -> None:
        """Another message."""
        self._number += step
        self._show()
        self.refresh_bindings()

    def action_scroll(self, step: int) -> None:
        """Long messages scroll."""
        self.query_one(VerticalScroll).scroll_relative(y=step * 3, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Before the first and after the last there is nothing."""
        if action != "go":
            return True
        (step,) = parameters
        assert isinstance(step, int), "the bindings say how far"
        return 0 <= self._number + step < len(self._messages)

    def _show(self) -> None:
        place = PLACE.filled(number=self._number + 1, all=len(self._messages))
        self.query_one(OpenedMessage).show(self._messages[self._number], place)


class OpenedMessage(Speaking):
    """What stands on the card."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._message: Message | None = None
        self._place = Text("", "")

    def compose(self) -> ComposeResult:
        """One text."""
        yield Steady()

    def show(self, message: Message, place: Text) -> None:
        """This one."""
        self._message, self._place = message, place
        self.respeak()

    def respeak(self) -> None:
        """Head, fields, bytes."""
        if self._message is None:
            return
        message = self._message
        card = self.query_ancestor(".card", Widget)
        card.border_title = f"{message.kind} · {message.title}"
        card.border_subtitle = self.said(self._place)
        raw = RAW.filled(count=len(message.raw))
        rows = [
            *self._head(message),
            Content(""),
            *(row for field in message.fields for row in self._field(field)),
            Content(""),
            Content.styled(self.said(raw), "bold $accent"),
            *(_hex_row(offset, row) for offset, row in rows_of(message.raw)),
        ]
        self.query_one(Static).update(Content("\n").join(rows))

    def _head(self, message: Message) -> list[Content]:
        good = Content("") if message.good else Content.styled(self.said(REFUSED), "bold $error")
        return [
            Content.assemble((self.said(message.summary), "bold"), "  ", good),
            Content.styled(
                f"{message.sender} → {message.receiver} · {local_time(message.at)}", "$quiet"
            ),
        ]

    def _field(self, field: Field) -> list[Content]:
        meaning = f" · {self.said(field.meaning)}" if field.meaning is not None else ""
        first, *more = field.value.split("\n")
        name = self.said(field.name)[:NAME_WIDTH]
        head = Content.assemble(
            (f"{field.label:<{LABEL_WIDTH}}", "$primary"),
            (f"{name:<{NAME_WIDTH}} ", "$quiet"),
            (first, "$foreground"),
            (meaning, "$success"),
        )
        indent = " " * (LABEL_WIDTH + NAME_WIDTH + 1)
        return [head, *(Content(indent + each) for each in more)]


def rows_of(raw: bytes) -> list[tuple[int, bytes]]:
    """The bytes in rows, each with its place."""
    return [
        (offset, raw[offset : offset + BYTES_PER_ROW])
        for offset in range(0, len(raw), BYTES_PER_ROW)
    ]


def _hex_row(offset: int, row: bytes) -> Content:
    """00000010  30 32 30 30 …  0200…, as hex dumps are written."""
    half = BYTES_PER_ROW // 2
    hexes = "  ".join(part.hex(" ").ljust(half * 3 - 1) for part in (row[:half], row[half:]))
    printable = "".join(chr(each) if 32 <= each < 127 else "·" for each in row)
    return Content.assemble((f"{offset:08x}  ", "$quiet"), hexes, (f"  {printable}", "$success"))
