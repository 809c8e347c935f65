"""The customer's phone: signing in, balance, codes, sending money, pushes."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.widgets import Digits, Static

from simulator.machines import phone
from simulator.machines.phone import LiveCode, Phone, Stage
from simulator.screens import phone_views
from simulator.screens.big_code import EXPIRED, BigCode
from simulator.screens.form import COUNTRY_CODE, Form, spaced
from simulator.screens.keypad import Key, Keypad
from simulator.screens.menu import Menu
from simulator.screens.panel import Panel
from simulator.screens.phone_views import Choice, Page, Place, View
from simulator.screens.speaking import key
from simulator.screens.steady import Steady
from simulator.words import COUNTRY, Text

WIDE = 72  # columns from which on the keypad stands beside the screen
KEY_SECONDS = 0.05  # between two keys of somebody in a hurry
HURRIED_AMOUNT = 2_000

TITLE = Text("Telemóvel {number}", "Phone {number}")
ONLINE = Text("● ligado", "● online")
OFFLINE = Text("○ sem ligação", "○ no connection")
AGENT = Text("Agente {number}", "Agent {number}")
BACK = Text("Voltar", "Back")
ERASE = Text("Apagar", "Erase")
OK = Text("OK", "OK")
FILL = {
    "pin": Text("marcar o PIN por mim", "type the PIN for me"),
    "code": Text("código de 2.000$00", "code for CVE 2,000"),
    "form": Text("marcar por mim", "type it for me"),
}


class PhonePanel(Panel[Phone, phone.Event]):
    """A phone with the app on it. Only where in the app somebody is, is known here."""

    TICK_SECONDS = 0.5
    GUIDE = Text(
        "Entre com o PIN (v marca-o por si); o autenticador junta o segundo fator. Depois escolha "
        "com os algarismos ou o rato. O código fica à vista até ser usado: marque-o na caixa "
        "antes que a barra acabe. Esc volta atrás. Com pressa: v pede um código de 2.000$00.",
        "Sign in with the PIN (v types it for you); the authenticator adds the second factor. Then "
        "choose with the digits or the mouse. The code stays in sight until it is used: type it at "
        "the machine before the bar runs out. Esc goes back. In a hurry: v asks for a code for "
        "CVE 2,000.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        key("v", "fill('pin')", FILL["pin"]),
        key("v", "fill('form')", FILL["form"]),
        key("v", "fill('code')", FILL["code"]),
        key("enter", "go_on", OK),
        key("backspace", "correct", ERASE),
        key("escape", "cancel", BACK),
        *(
            key(digit, f"press('{digit}')", Text(digit, digit), shown=False)
            for digit in "0123456789"
        ),
    ]
    DEFAULT_CSS = """
    PhonePanel {
        & > Container { layout: vertical; }
        & .handset { width: 1fr; height: 1fr; layout: vertical; }
        & .top { height: 1; color: $text-muted; }
        & .message { height: auto; max-height: 3; color: $accent; text-style: bold; }
        & .message.-warning { color: $warning; }
        & .message.-refused { color: $error; }
        & .head, & .rows { height: auto; }
        & Digits { height: 3; width: 100%; text-style: bold; }
        & .pushes {
            height: 1fr; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis;
        }
        & .-none { display: none; }
        &.-wide {
            & > Container { layout: horizontal; }
            & .handset { height: 100%; margin-right: 2; }
            & .head { margin-top: 1; }
            & Menu { margin-top: 1; }
            & .pushes { margin-top: 1; }
        }
    }
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._place = Place()
        self._lives: dict[UUID, timedelta] = {}  # how long each code had when it was first seen

    @property
    def title(self) -> Text:
        """Whose phone it is."""
        return TITLE.filled(number=written(self.machine.state.number))

    @property
    def _choices(self) -> tuple[Choice, ...]:
        return phone_views.choices(self.machine.state, self._place, self._agents())

    def compose(self) -> ComposeResult:
        """Line on top, message, content, menu, pushes; and keys."""
        with Container():
            with Container(classes="handset"):
                yield Steady(classes="top")
                yield Steady(classes="message")
                yield Steady(classes="head")
                yield Digits(classes="big")
                yield BigCode()
                yield Steady(classes="rows")
                yield Menu()
                yield Steady(classes="pushes")
            yield Keypad((BACK, ERASE, OK))

    def refresh_from(self, state: Phone) -> None:
        """All that stands on the screen."""
        now = self.town.clock()
        shown = phone_views.view(state, self._place, now, self.said)
        self._static("top").update(self._top(state, now))
        self._show_message(state)
        self._static("head").update(shown.head)
        self._show_big(shown)
        self._show_code(shown.code, now)
        self._static("rows").update(shown.rows or "")
        self._static("rows").set_class(shown.rows is None, "-none")
        self.query_one(Menu).show([self.said(each.words) for each in self._choices])
        inside = state.stage is Stage.HOME and self._place.page is not Page.NOTICES
        inside = inside and bool(state.notices)
        pushes = phone_views.notices(state.notices, self.said) if inside else Content()
        self._static("pushes").update(pushes)
        self._show_keypad(state)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done now, so that the footer is true."""
        state = self.machine.state
        match action:
            case "fill":
                return parameters[0] == self._fillable(state)
            case "go_on" | "correct":
                return self._types(state)
            case "cancel":
                return self._place != Place() or bool(state.typed)
            case "press":
                digit = int(str(parameters[0]))
                return self._types(state) or 0 < digit <= len(self._choices)
        return super().check_action(action, parameters)

    async def action_press(self, digit: str) -> None:
        """A digit: of the PIN, of an answer, or a choice from the menu."""
        state = self.machine.state
        if state.stage is not Stage.HOME:
            self.happen(phone.KeyPressed(digit))
        elif self._place.form is not None:
            self._go(form=self._place.form.press(digit))
        else:
            await self.run_action(self._choices[int(digit) - 1].action)

    def action_go_on(self) -> None:
        """OK: the PIN or an answer is typed."""
        form = self._place.form
        if form is None:
            self.happen(phone.EnterPressed())
            return
        form = form.go_on()
        if not form.done:
            self._go(form=form)
            return
        self._place = Place()
        self._wish(form)

    def action_correct(self) -> None:
        """One digit less."""
        if self._place.form is None:
            self.happen(phone.ErasePressed())
        else:
            self._go(form=self._place.form.correct())

    def action_cancel(self) -> None:
        """Back to where the app begins."""
        for _ in self.machine.state.typed:
            self.happen(phone.ErasePressed())
        self._home()

    def action_amounts(self) -> None:
        """How much from a machine?"""
        self._go(page=Page.AMOUNTS)

    def action_agents(self) -> None:
        """From which agent?"""
        self._go(page=Page.AGENTS)

    def action_agent(self, index: int) -> None:
        """How much from this one?"""
        self._go(form=phone_views.amount_form(f"agent {index}"))

    def action_other_amount(self) -> None:
        """An amount that the menu has not."""
        self._go(form=phone_views.amount_form("machine"))

    def action_send(self) -> None:
        """Money to another number."""
        self._go(form=phone_views.transfer_form())

    def action_amount(self, amount: int) -> None:
        """A code for this much."""
        self._home()
        self.happen(phone.CashWanted(amount, self.town.key()))

    def action_history(self) -> None:
        """What has been."""
        self.happen(phone.HistoryWanted())
        self._go(page=Page.HISTORY)

    def action_notices(self) -> None:
        """All pushes."""
        self._go(page=Page.NOTICES)

    def action_withdraw(self) -> None:
        """Do without the cash."""
        self.happen(phone.CancelPressed(self.town.key()))

    def action_approve(self) -> None:
        """It is the owner who stands at the machine."""
        self.happen(phone.ApprovePressed())

    def action_fill(self, _what: str) -> None:
        """Do for somebody in a hurry what is tedious."""
        if self.machine.state.stage is not Stage.HOME:
            self.run_worker(self._type(self._pin()), group="typing", exclusive=True)
        elif self._place.form is not None:
            self.run_worker(self._type(self._answer(self._place.form)), group="typing")
        else:
            self.action_amount(HURRIED_AMOUNT)

    async def _type(self, digits: str) -> None:
        """Key by key, as a person would."""
        for digit in digits:
            await self.action_press(digit)
            await asyncio.sleep(KEY_SECONDS)
        self.action_go_on()

    def _wish(self, form: Form) -> None:
        """All is answered: this is what somebody wants."""
        amount, what = int(form.answers[-1]), form.name
        if what == "send":
            number = COUNTRY_CODE + form.answers[0]
            self.happen(phone.TransferWanted(number, amount, self.town.key()))
        elif what == "machine":
            self.happen(phone.CashWanted(amount, self.town.key()))
        else:
            till = self.town.tills[int(what.removeprefix("agent "))].state
            self.happen(phone.AgentCashWanted(amount, till.agent_id, self.town.key()))

    def _go(self, page: Page = Page.HOME, form: Form | None = None) -> None:
        self._place = Place(page=page, form=form)
        self.repaint()

    def _home(self) -> None:
        self._go()

    def _types(self, state: Phone) -> bool:
        """Whether digits are typed, and not chosen with."""
        if state.stage is Stage.HOME:
            return self._place.form is not None
        return state.stage is not Stage.TOTP

    def _fillable(self, state: Phone) -> str | None:
        """What can be typed or asked for in one go."""
        if state.stage is not Stage.HOME:
            return "pin" if state.stage is not Stage.TOTP and self._pin() else None
        if self._place.form is not None:
            return "form"
        return "code" if state.pending is None and self._place.page is Page.HOME else None

    def _pin(self) -> str:
        """What the owner knows."""
        number = self.machine.state.number
        return next((each.pin for each in self.town.people.users if each.phone == number), "")

    def _answer(self, form: Form) -> str:
        """Somebody else's number, or a usual amount."""
        if form.question.digits is None:
            return str(HURRIED_AMOUNT)
        others = (each.state.number for each in self.town.phones if each is not self.machine)
        return next(others, self.machine.state.number).removeprefix(COUNTRY_CODE)

    def _agents(self) -> tuple[Text, ...]:
        numbers = (written(each.state.phone) for each in self.town.tills)
        return tuple(AGENT.filled(number=each) for each in numbers)

    def _static(self, name: str) -> Static:
        return self.query_one(f".{name}", Static)

    def _top(self, state: Phone, now: datetime) -> Content:
        line = Content.assemble(
            (
                self.said(ONLINE if state.online else OFFLINE),
                "$success" if state.online else "$error",
            ),
            f"  {now.astimezone(COUNTRY):%H:%M}",
        )
        return line if state.stage is Stage.HOME else Content(f"{now.astimezone(COUNTRY):%H:%M}")

    def _show_message(self, state: Phone) -> None:
        """The app's word; beside a code always its warning."""
        message = self._static("message")
        text = state.screen if state.warning is None else state.warning
        if state.refused is not None or state.approval is not None:
            text = state.screen
        sign = "⚠ " if state.warning is text else ""
        message.update(Content(sign + self.said(text)))
        message.set_class(state.warning is text, "-warning")
        message.set_class(state.refused is not None, "-refused")

    def _show_big(self, shown: View) -> None:
        digits = self.query_one(".big", Digits)
        digits.set_class(not shown.big, "-none")
        digits.update(shown.big)

    def _show_code(self, live: LiveCode | None, now: datetime) -> None:
        big = self.query_one(BigCode)
        big.set_class(live is None, "-none")
        if live is not None:
            left = phone_views.left_of(live, now)
            life = self._lives.setdefault(live.transaction_id, left)
            big.show(live.code, left, life, self.said(EXPIRED))

    def _show_keypad(self, state: Phone) -> None:
        keypad = self.query_one(Keypad)
        keypad.show(self.language)
        keypad.set_class(not self.has_class("-wide") and not self._types(state), "-none")

    @on(Key.Pressed)
    async def pressed(self, event: Key.Pressed) -> None:
        """A click does what the key does."""
        event.stop()
        await self.run_action(event.action)

    def on_resize(self) -> None:
        """Keys beside the screen where there is room."""
        wide = self.size.width >= WIDE
        self.set_class(wide, "-wide")
        self.query_one(Keypad).set_class(wide, "-large")
        self.stir()


def written(number: str) -> str:
    """+238 991 23 45."""
    return f"{COUNTRY_CODE} {spaced(number.removeprefix(COUNTRY_CODE))}"
