"""The agent's counter: who waits for cash, paying in, the drawer and the float."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar
from uuid import UUID

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from simulator.contract import QueuedRequest
from simulator.machines import agent
from simulator.machines.agent import Customer, Till
from simulator.screens import agent_views
from simulator.screens.form import COUNTRY_CODE, Form
from simulator.screens.keypad import Key, Keypad
from simulator.screens.menu import Menu
from simulator.screens.panel import Panel
from simulator.screens.phone_panel import BACK, ERASE, KEY_SECONDS, OK, WIDE, written
from simulator.screens.phone_views import Choice, notices
from simulator.screens.queue_list import ROWS_MAX, QueueList
from simulator.screens.speaking import key
from simulator.screens.steady import Steady
from simulator.words import Text

HURRIED_AMOUNT = "5000"
ROWS_NARROW = 2
REASON = "sem notas"

TITLE = Text("Agente {number}", "Agent {number}")


class AgentPanel(Panel[Till, agent.Event]):
    """A counter. What is being typed is known here, all else by the till."""

    TICK_SECONDS = 0.5
    GUIDE = Text(
        "Abra com o PIN (v marca-o por si). Quem pede dinheiro na app aparece na fila: escolha com "
        "as setas, 1 paga contra o código que o cliente diz, 2 recusa. Para receber um depósito: "
        "número do cliente, confirme o nome, conte as notas. Esc volta atrás.",
        "Open with the PIN (v types it for you). Who asks for cash in the app appears in the "
        "queue: choose with the arrows, 1 pays against the code that the customer says, 2 refuses. "
        "To take a deposit: the customer's number, check the name, count the cash. Esc goes back.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        key("v", "fill", Text("marcar por mim", "type it for me")),
        key("enter", "go_on", OK),
        key("backspace", "correct", ERASE),
        key("escape", "cancel", BACK),
        key("up", "look(-1)", Text("acima", "up"), shown=False),
        key("down", "look(1)", Text("fila", "queue")),
        *(
            key(digit, f"press('{digit}')", Text(digit, digit), shown=False)
            for digit in "0123456789"
        ),
    ]
    DEFAULT_CSS = """
    AgentPanel {
        & > Container { layout: vertical; }
        & .counter { width: 1fr; height: 1fr; layout: vertical; }
        & .till { height: 2; color: $text-muted; text-wrap: nowrap; }
        &.-typing .till { height: 1; }
        & .message { height: auto; max-height: 2; color: $accent; text-style: bold; }
        & .message.-refused { color: $error; }
        & .typing { height: 2; }
        & .pushes {
            height: 1fr; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis;
        }
        & .-none { display: none; }
        &.-wide {
            & > Container { layout: horizontal; }
            & .till { height: 2; }
            & .counter { height: 100%; margin-right: 2; }
            & QueueList, & .typing, & Menu, & .pushes { margin-top: 1; }
        }
    }
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._form: Form | None = None
        self._served: Customer | None = None  # who is not asked for cash again
        self._looks_at = 0

    @property
    def title(self) -> Text:
        """Whose counter it is."""
        return TITLE.filled(number=written(self.machine.state.phone))

    @property
    def _choices(self) -> tuple[Choice, ...]:
        return () if self._form else agent_views.choices(self.machine.state)

    def compose(self) -> ComposeResult:
        """Till, message, queue, what is typed, menu, pushes; and keys."""
        with Container():
            with Container(classes="counter"):
                yield Steady(classes="till")
                yield Steady(classes="message")
                yield QueueList()
                yield Steady(classes="typing")
                yield Menu()
                yield Steady(classes="pushes")
            yield Keypad((BACK, ERASE, OK))

    def refresh_from(self, state: Till) -> None:
        """All that lies on the counter."""
        self._follow(state)
        form = self._form
        self.query_one(".till", Static).update(agent_views.counter(state, self.said))
        message = self.query_one(".message", Static)
        message.update(Content(self.said(state.screen)))
        message.set_class(state.refused is not None, "-refused")
        self._show_queue(state)
        self.set_class(form is not None, "-typing")
        typing = self.query_one(".typing", Static)
        typing.set_class(form is None, "-none")
        typing.update(agent_views.typing(form, self.said) if form else "")
        self.query_one(Menu).show([self.said(each.words) for each in self._choices])
        pushes = notices(state.notices, self.said) if state.open and state.notices else Content()
        self.query_one(".pushes", Static).update(pushes)
        keypad = self.query_one(Keypad)
        keypad.show(self.language)
        keypad.set_class(not self.has_class("-wide") and form is None, "-none")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done now, so that the footer is true."""
        match action:
            case "go_on" | "correct":
                return self._form is not None
            case "cancel":
                return self._form is not None and (
                    self.machine.state.open or self._form.typed != ""
                )
            case "look" | "choose":
                return len(self.machine.state.queue) > 1
            case "press":
                digit = int(str(parameters[0]))
                return self._form is not None or 0 < digit <= len(self._choices)
        return super().check_action(action, parameters)

    async def action_press(self, digit: str) -> None:
        """A digit of an answer, or a choice from the menu."""
        if self._form is not None:
            self._type_into(self._form.press(digit))
        else:
            await self.run_action(self._choices[int(digit) - 1].action)

    def action_go_on(self) -> None:
        """OK: the answer is typed. It is acted on first, so that nobody is asked for it again."""
        assert self._form is not None, "checked before"
        form = self._form.go_on()
        if form.done:
            self._wish(form)
        self._type_into(None if form.done else form)

    def action_correct(self) -> None:
        """One digit less."""
        assert self._form is not None, "checked before"
        self._type_into(self._form.correct())

    def action_cancel(self) -> None:
        """Not this."""
        self._served = self.machine.state.customer
        self._type_into(None)

    def action_look(self, step: int) -> None:
        """At another one who waits."""
        self._looks_at = (self._looks_at + step) % len(self.machine.state.queue)
        self.repaint()

    def action_choose(self, row: int) -> None:
        """At the one in this row."""
        first = QueueList.first(self._looks_at, self._room())
        self._looks_at = min(first + row, len(self.machine.state.queue) - 1)
        self.repaint()

    def action_pay(self) -> None:
        """What is the code of the one who is looked at?"""
        request = self._request()
        if request is not None:
            self._type_into(agent_views.confirming(request.transaction_id))

    def action_refuse(self) -> None:
        """No cash for the one who is looked at."""
        request = self._request()
        if request is not None:
            key_ = self.town.key()
            self.happen(agent.RefusePressed(request.transaction_id, REASON, key_))

    def action_pay_in(self) -> None:
        """Who pays in?"""
        self._type_into(agent_views.naming())

    def action_fill(self) -> None:
        """Do for somebody in a hurry what is tedious."""
        if self._form is None:
            self.action_pay() if self.machine.state.queue else self.action_pay_in()
        self.run_worker(self._type(), group="typing", exclusive=True)

    async def _type(self) -> None:
        """Key by key, as a person would."""
        form = self._form
        answer = "" if form is None else self._answer(form)
        for digit in answer:
            await self.action_press(digit)
            await asyncio.sleep(KEY_SECONDS)
        if answer and self._form is not None:
            self.action_go_on()

    def _answer(self, form: Form) -> str:
        """What the customer says, or the agent knows."""
        state = self.machine.state
        if form.name == "pin":
            return next(
                (each.pin for each in self.town.people.users if each.phone == state.phone), ""
            )
        if form.name == "amount":
            return HURRIED_AMOUNT
        phones = [each.state for each in self.town.phones]
        if form.name == "number":
            return phones[0].number.removeprefix(COUNTRY_CODE)
        shown = (each.live for each in phones if each.live is not None)
        return next((each.code for each in shown if str(each.transaction_id) == form.name), "")

    def _wish(self, form: Form) -> None:
        """The answer is typed: this is what the agent does."""
        answer, state = form.answers[-1], self.machine.state
        if form.name == "pin":
            self.happen(agent.PinTyped(answer))
        elif form.name == "number":
            self._served = None
            self.happen(agent.NameWanted(COUNTRY_CODE + answer))
        elif form.name == "amount":
            assert state.customer is not None, "whose cash it is, is known"
            self._served = state.customer
            key_ = self.town.key()
            self.happen(agent.CashTaken(state.customer.user_id, int(answer), key_))
        else:
            self.happen(agent.CodeSaid(UUID(form.name), answer, self.town.key()))

    def _follow(self, state: Till) -> None:
        """A closed till asks for a PIN, and who was looked up for cash."""
        if not state.open:
            if self._form is None or self._form.name != "pin":
                self._form = agent_views.pin_typing()
        elif self._form is not None and self._form.name == "pin":
            self._form = None
        elif self._form is None and state.customer not in (None, self._served):
            assert state.customer is not None, "somebody"
            self._form = agent_views.counting(state.customer.name)

    def _type_into(self, form: Form | None) -> None:
        self._form = form
        self.repaint()

    def _request(self) -> QueuedRequest | None:
        queue = self.machine.state.queue
        return queue[min(self._looks_at, len(queue) - 1)] if queue else None

    def _room(self) -> int:
        return ROWS_MAX if self.has_class("-wide") else ROWS_NARROW

    def _show_queue(self, state: Till) -> None:
        now = self.town.clock()
        rows = [self.said(agent_views.waiting(each, now)) for each in state.queue]
        if not rows and state.open:
            rows = [self.said(agent_views.NOBODY_WAITS)]
        self._looks_at = min(self._looks_at, max(0, len(state.queue) - 1))
        queue = self.query_one(QueueList)
        queue.show(rows, self._looks_at if state.queue else -1, self._room())
        queue.set_class(self._form is not None and not self.has_class("-wide"), "-none")

    @on(Key.Pressed)
    async def pressed(self, event: Key.Pressed) -> None:
        """A click does what the key does."""
        event.stop()
        await self.run_action(event.action)

    def on_resize(self) -> None:
        """Keys beside the counter where there is room."""
        wide = self.size.width >= WIDE
        self.set_class(wide, "-wide")
        self.query_one(Keypad).set_class(wide, "-large")
        self.stir()
