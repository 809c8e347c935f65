"""The Vinti4 switch: its lines, its queue, and every message that passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.events import Focus
from textual.widgets import Static

from simulator.machines import switch
from simulator.machines.switch import Switch
from simulator.screens.inspector import Inspector
from simulator.screens.message_log import MessageLog
from simulator.screens.panel import Panel
from simulator.screens.speaking import key
from simulator.screens.steady import Steady
from simulator.tape import KEPT, Message
from simulator.town import SwitchAtWork, Town
from simulator.words import Text

TITLE = Text("Comutador Vinti4 {acquirer}", "Vinti4 switch {acquirer}")
LAMP = Text("{on} de {all} caixas em linha", "{on} of {all} machines signed on")
DAY = Text("dia {day} · operações {count} · {filed}", "day {day} · operations {count} · {filed}")
TAKEN = Text("ficheiros {count}", "files {count}")
BRINGING = Text("ficheiro a caminho", "file on its way")
STUCK = Text("! ficheiro recusado", "! file refused")
QUEUE = Text(
    "fila {stored} · de parte {aside} · enviadas {sent}",
    "queue {stored} · laid aside {aside} · sent {sent}",
)


class SwitchPanel(Panel[Switch, switch.Event]):
    """Lamps, counters and the log."""

    GUIDE = Text(
        "O comutador leva as mensagens da caixa (ISO 8583) à makeba (REST assinado) e as respostas "
        "de volta. **↑ ↓** escolhe uma mensagem, **Enter** ou um clique abre-a: cada campo pelo "
        "nome, e os octetos tal como foram. **End** volta a seguir a mais nova.\n\n"
        "A lâmpada diz quantas caixas estão em linha. *Fila*: avisos "
        "que a makeba ainda não confirmou; são repetidos até que o faça. *De parte*: os que não "
        "puderam ser entregues.\n\n"
        "O dia de compensação fecha às 23:00; com **t** faz-se um ficheiro antes. As operações "
        "vão nele, assinado, à makeba, que confere cada uma.",
        "The switch carries the machine's messages (ISO 8583) to makeba (signed REST), and the "
        "replies back. **↑ ↓** choose a message, **Enter** or a click opens it: each field by its "
        "name, and the bytes as they went. **End** follows the newest again.\n\n"
        "The lamp says how many machines are signed on. *Queue*: "
        "advices that makeba has not confirmed yet; they are repeated until it does. *Laid aside*: "
        "those that could not be delivered.\n\n"
        "The business day's cut-off is at 23:00; **t** makes a file before. The operations go to "
        "makeba in it, signed, and it matches each.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        key("t", "cut_off", Text("fecho", "cut-off")),
        key("enter", "open", Text("abrir mensagem", "open message"), display="↵"),
        key("up,k", "go(-1)", Text("subir", "up"), display="↑"),
        key("down,j", "go(1)", Text("descer", "down"), display="↓"),
        key("pageup", "go(-10)", Text("página acima", "page up"), shown=False),
        key("pagedown", "go(10)", Text("página abaixo", "page down"), shown=False),
        key("home", "go(-100000)", Text("a mais velha", "oldest"), shown=False),
        key("end", "go(100000)", Text("a mais nova", "newest"), shown=False),
    ]

    def __init__(
        self,
        town: Town,
        machines: Sequence[SwitchAtWork],
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(town, machines, id=id)
        self._tape = town.tape

    @property
    def title(self) -> Text:
        """Whose switch it is."""
        return TITLE.filled(acquirer=self.machine.state.acquirer_id)

    def compose(self) -> ComposeResult:
        """Lamps and counters over the log."""
        yield Steady(id="lamps")
        yield Steady(id="queue")
        yield Steady(id="day")
        yield MessageLog(self._tape.messages, id="log")

    def on_mount(self) -> None:
        """Messages stir it too, and machines that come and go."""
        for machine in self.town.atms:
            machine.watch(lambda _: self.stir())
        self._tape.watch(self._passed)

    def refresh_from(self, state: Switch) -> None:
        """Lamps, counters, log."""
        self.query_one("#lamps", Static).update(self._lamp(), layout=False)
        self.query_one("#queue", Static).update(self._queue(state), layout=False)
        self.query_one("#day", Static).update(self._day(state), layout=False)
        self.query_one(MessageLog).respeak()

    def action_open(self) -> None:
        """The chosen message, over everything."""
        self._open(self.query_one(MessageLog).chosen)

    def action_cut_off(self) -> None:
        """A file, now."""
        self.machine.happen(switch.CutOffPressed())

    def action_go(self, rows: int) -> None:
        """Up and down the log."""
        self.query_one(MessageLog).go(rows)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without messages there is nothing to open."""
        if action in {"open", "go"}:
            return bool(self._tape.messages)
        return super().check_action(action, parameters)

    def on_focus(self, _event: Focus) -> None:
        """The chosen row is marked."""
        self.stir()

    def on_blur(self) -> None:
        """It is not."""
        self.stir()

    @on(MessageLog.Opened)
    def _clicked(self, opened: MessageLog.Opened) -> None:
        self._open(opened.number)

    def _open(self, number: int) -> None:
        messages = tuple(self._tape.messages)
        log = self.query_one(MessageLog)

        def back(message: Message | None) -> None:
            if message is not None:
                log.choose(messages.index(message))

        self.app.push_screen(Inspector(messages, number), back)

    def _lamp(self) -> Content:
        """● all, ◐ some, ○ none of the machines are signed on."""
        every = len(self.town.atms)
        on_line = sum(machine.state.online for machine in self.town.atms)
        sign, style = ("●", "$success") if on_line == every else ("◐", "$warning")
        sign, style = (sign, style) if on_line else ("○", "$quiet")
        return Content.styled(f"{sign} {self.said(LAMP.filled(on=on_line, all=every))}", style)

    def _queue(self, state: Switch) -> Content:
        words = QUEUE.filled(
            stored=len(state.stored), aside=len(state.laid_aside), sent=state.forwarded
        )
        style = "$warning" if state.stored or state.laid_aside else "$quiet"
        return Content.styled(self.said(words), style)

    def _day(self, state: Switch) -> Content:
        """The open day, and where the files of those before it are."""
        outgoing, day = state.outgoing, state.day
        filed = TAKEN.filled(count=outgoing.taken_in)
        if outgoing.files:
            filed = STUCK if outgoing.stuck else BRINGING
        words = DAY.filled(day=f"{day.settlement_date:%d.%m.}", count=len(day.items), filed=filed)
        return Content.styled(self.said(words), "$warning" if outgoing.files else "$quiet")

    def _passed(self, _message: Message) -> None:
        if len(self._tape.messages) == KEPT:
            self.query_one(MessageLog).forgotten()
        self.stir()
