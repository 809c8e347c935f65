"""The cash machine: screen and side keys, keypad, cassettes, tray and receipt."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.events import Click
from textual.widget import Widget
from textual.widgets import Static

from simulator.customer import Attitude
from simulator.machines import atm
from simulator.machines.atm import Atm, Stage
from simulator.machines.dialogue import DIGITS_MAX, Dialogue
from simulator.machines.notes import Notes, total
from simulator.machines.phone import LiveCode
from simulator.machines.receipt import Receipt
from simulator.screens.banknotes import Gauges, piles
from simulator.screens.form import COUNTRY_CODE, GAP, spaced
from simulator.screens.keypad import Key, Keypad
from simulator.screens.panel import Panel
from simulator.screens.side_keys import LETTERS, AtmScreen
from simulator.screens.speaking import key
from simulator.screens.steady import Steady
from simulator.words import Text, money

WIDE = 72  # columns from which on the keypad stands beside the screen
TALL = 23  # lines from which on the receipt hangs under the tray
KEY_SECONDS = 0.05  # between two keys of somebody in a hurry

TITLE = Text("Caixa {id} · {place}", "ATM {id} · {place}")
EMPTY = Text("── Gaveta das notas ──", "── Cash tray ──")
LYING = Text("▼ {amount} · Enter retira", "▼ {amount} · Enter takes it")
HINT = Text("v marca o que o telemóvel mostra", "v types what the phone shows")
TAKEN = Text("✓ Levou {amount}", "✓ {amount} taken")


class CashTray(Widget):
    """Where the notes come out. Who clicks on them takes them."""

    DEFAULT_CSS = """
    CashTray {
        width: 1fr; height: 5; layout: vertical; padding: 0 1; background: $panel;
        & > .words { height: 1; text-align: center; color: $text-muted; }
        & > .notes { height: 3; }
        &.-full > .words { color: $success; text-style: bold; }
        &.-full:hover { background: $boost; }
    }
    """

    def compose(self) -> ComposeResult:
        """Words over the notes."""
        yield Steady(classes="words")
        yield Steady(classes="notes")

    def show(self, notes: Notes, words: str) -> None:
        """These lie in it."""
        self.set_class(bool(notes), "-full")
        self.query_one(".words", Static).update(Content(words))
        self.query_one(".notes", Static).update(piles(notes, self.size.width))

    @on(Click)
    def reach_in(self) -> None:
        """A hand."""
        self.post_message(Key.Pressed("take"))


class Paper(Steady):
    """The receipt, as it hangs out of the machine."""

    DEFAULT_CSS = """
    Paper {
        width: 1fr; height: auto; max-height: 8; padding: 0 1;
        background: #f2f0e6; color: #202020;
        &.-none { display: none; }
    }
    """

    def show(self, receipt: Receipt | None, lines: tuple[str, ...]) -> None:
        """This one, or none."""
        self.set_class(receipt is None, "-none")
        self.update(Content("\n".join(lines)))


class AtmPanel(Panel[Atm, atm.Event]):
    """A cash machine that one can use."""

    GUIDE = Text(
        "Marque telefone, código e montante com os algarismos. Enter é CONTINUAR, Backspace é "
        "CORRIGIR, Esc é ANULAR; as teclas ao lado do ecrã são a-d e e-h. Com pressa: v marca o "
        "que o telemóvel mostra. As notas saem em baixo: Enter, ou um clique, retira-as.",
        "Type phone, code and amount with the digits. Enter is CONTINUAR (go on), Backspace is "
        "CORRIGIR (correct), Esc is ANULAR (cancel); the keys beside the screen are a-d and e-h. "
        "In a hurry: v types what the phone shows. Notes come out below: Enter, or a click, takes "
        "them.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        key("v", "fill", Text("marcar por mim", "type it for me")),
        key("enter", "take", Text("retirar notas", "take the notes")),
        key("enter", "go_on", Text("CONTINUAR", "CONTINUAR")),
        key("backspace", "correct", Text("CORRIGIR", "CORRIGIR")),
        key("escape", "cancel", Text("ANULAR", "ANULAR")),
        *(
            key(digit, f"press('{digit}')", Text(digit, digit), shown=False)
            for digit in "0123456789"
        ),
        *(
            key(letter, f"side({number})", Text(f"tecla {letter}", f"key {letter}"), shown=False)
            for number, letter in enumerate(LETTERS, start=1)
        ),
    ]
    DEFAULT_CSS = """
    AtmPanel {
        & > Container { layout: grid; grid-size: 1; grid-rows: 1fr 5 5; }
        & .desk { layout: horizontal; }
        & .desk > Keypad { margin-top: 1; }
        & .slot { layout: horizontal; }
        & .-paid CashTray { display: none; }
        &.-tall {
            & > Container { grid-rows: 1fr 6 10; }
            & .desk { padding-top: 1; }
            & .desk > Keypad { margin-top: 0; }
            & .slot { layout: vertical; }
            & .-paid CashTray { display: block; }
        }
        &.-wide {
            & > Container {
                grid-size: 2 2; grid-columns: 1fr 35; grid-rows: 1fr 10; grid-gutter: 0 1;
            }
            & .desk { layout: vertical; row-span: 2; }
            & .desk > Keypad { margin: 0 0 1 0; }
            & .slot { layout: vertical; }
            & .-paid CashTray { display: block; }
        }
    }
    """

    @property
    def title(self) -> Text:
        """Terminal and place."""
        state = self.machine.state
        return TITLE.filled(id=state.terminal_id, place=state.place)

    def compose(self) -> ComposeResult:
        """Screen, keypad and cassettes, tray and receipt."""
        with Container():
            yield AtmScreen()
            with Container(classes="desk"):
                yield Keypad()
                yield Gauges()
            with Container(classes="slot"):
                yield CashTray()
                yield Paper()

    def on_mount(self) -> None:
        """Whoever sits before the screen takes the notes, and nobody else does."""
        for machine in self._machines:
            customer = self.town.customers[machine.state.terminal_id]
            customer.attitude = Attitude.WAITS

    def refresh_from(self, state: Atm) -> None:
        """All that one sees of the machine."""
        language = state.language
        sides = [text.said_in(language) if text else "" for text in state.side_keys]
        self.query_one(AtmScreen).show(state.screen.said_in(language), typed(state), sides)
        self.query_one(Keypad).show(self.language)
        self.query_one(Gauges).show(state.cassettes)
        hinted = state.dialogue is Dialogue.WELCOME and self.check_action("fill", ())
        self.query_one(CashTray).show(state.tray, self.said(HINT if hinted else about_tray(state)))
        lines = state.receipt.lines() if state.receipt else ()
        self.query_one(".slot").set_class(state.receipt is not None, "-paid")
        self.query_one(Paper).show(state.receipt, tuple(each.said_in(language) for each in lines))

    def respeak(self) -> None:
        """A machine speaks its customer's language: the one of whoever looks at it."""
        for machine in self._machines:
            machine.happen(atm.LanguageChosen(self.language))
        super().respeak()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done now, so that the footer is true."""
        state = self.machine.state
        match action:
            case "take":
                return state.stage is Stage.PRESENTING
            case "go_on" | "press":
                return state.stage is Stage.IDLE
            case "correct" | "cancel":
                return state.stage is Stage.IDLE and state.dialogue is not Dialogue.WELCOME
            case "side":
                return state.side_keys[int(str(parameters[0])) - 1] is not None
            case "fill":
                return state.stage is Stage.IDLE and self._shown_by_a_phone() is not None
        return super().check_action(action, parameters)

    def action_press(self, digit: str) -> None:
        """A digit."""
        self.happen(atm.KeyPressed(digit))

    def action_go_on(self) -> None:
        """The green key."""
        self.happen(atm.ContinuePressed())

    def action_correct(self) -> None:
        """The yellow key."""
        self.happen(atm.CorrectPressed())

    def action_cancel(self) -> None:
        """The red key."""
        self.happen(atm.CancelPressed())

    def action_side(self, number: int) -> None:
        """A key beside the screen."""
        self.happen(atm.SidePressed(number))

    def action_take(self) -> None:
        """Take the notes."""
        self.happen(atm.NotesTaken())

    def action_fill(self) -> None:
        """Type what the phone shows, as a person in a hurry would."""
        known = self._shown_by_a_phone()
        if known is not None:
            self.run_worker(self._type(*known), group="typing", exclusive=True)

    async def _type(self, number: str, live: LiveCode) -> None:
        """Key by key, up to the question whether all is right."""
        self.happen(atm.CancelPressed())
        for answer in (number.removeprefix(COUNTRY_CODE), live.code, str(live.amount)):
            for digit in answer:
                self.happen(atm.KeyPressed(digit))
                await asyncio.sleep(KEY_SECONDS)
            self.happen(atm.ContinuePressed())

    def _shown_by_a_phone(self) -> tuple[str, LiveCode] | None:
        """Number and code of the phone that shows the newest code for a machine."""
        phones = (each.state for each in self.town.phones)
        shown = ((each.number, each.live) for each in phones if each.live is not None)
        codes = (each for each in shown if not each[1].at_counter)
        return max(codes, key=lambda each: each[1].expiry_time, default=None)

    @on(Key.Pressed)
    async def pressed(self, event: Key.Pressed) -> None:
        """A click does what the key does."""
        event.stop()
        await self.run_action(event.action)

    def on_resize(self) -> None:
        """Side by side where there is room."""
        wide = self.size.width >= WIDE
        self.set_class(wide, "-wide")
        self.set_class(self.size.height >= TALL and not wide, "-tall")
        self.query_one(Keypad).set_class(wide, "-large")
        self.stir()


def typed(state: Atm) -> str:
    """What was typed, with gaps for what is missing."""
    if state.stage is not Stage.IDLE or state.dialogue not in DIGITS_MAX:
        return ""
    if state.dialogue is Dialogue.AMOUNT:
        return money(int(state.typed or 0)).said_in(state.language)
    seen = "●" * len(state.typed) if state.dialogue is Dialogue.CODE else state.typed
    gaps = spaced(seen.ljust(DIGITS_MAX[state.dialogue], GAP))
    return f"{COUNTRY_CODE} {gaps}" if state.dialogue is Dialogue.PHONE else gaps


def about_tray(state: Atm) -> Text:
    """What lies in the tray, or was in it."""
    if total(state.tray):
        return LYING.filled(amount=money(total(state.tray)))
    if total(state.taken):
        return TAKEN.filled(amount=money(total(state.taken)))
    return EMPTY
