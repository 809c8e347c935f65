"""Keys of a machine. Pressed with the mouse each does what its twin on the keyboard does."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Grid
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

from simulator.screens.steady import Steady
from simulator.words import Language, Text

DIGITS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0")
CANCEL = Text("ANULAR", "ANULAR")  # what is printed on keys has one language
CORRECT = Text("CORRIGIR", "CORRIGIR")
CONTINUE = Text("CONTINUAR", "CONTINUAR")


class Key(Steady):
    """One key. `action` is the panel's, as in its bindings."""

    DEFAULT_CSS = """
    Key {
        width: auto; height: 1; padding: 0 1; text-align: center; text-style: bold;
        background: $surface-lighten-2; color: $text;
        &:hover { background: $accent; color: $text; }
        &.-cancel { background: $error; color: $text; }
        &.-correct { background: $warning; color: $text; }
        &.-continue { background: $success; color: $text; }
        &:disabled { opacity: 60%; }
    }
    """

    class Pressed(Message):
        """Somebody has pressed it."""

        def __init__(self, action: str) -> None:
            self.action = action
            super().__init__()

    def __init__(self, face: str, action: str, classes: str = "") -> None:
        super().__init__(face, classes=classes, markup=False)
        self._face: str | Content = face
        self._action = action

    @on(Click)
    def press(self, event: Click) -> None:
        """Tell the panel."""
        event.stop()
        self.post_message(self.Pressed(self._action))

    def show(self, face: str | Content) -> None:
        """Write something else on it."""
        if face != self._face:
            self._face = face
            self.update(face)


class Keypad(Widget):
    """Ten digits, and beside them the three keys that every cash machine has: red, yellow and
    green, each with its word and its sign."""

    DEFAULT_CSS = """
    Keypad {
        width: 26; height: 4; layout: horizontal;
        & > Grid { width: 12; height: 4; grid-size: 3 4; grid-columns: 4; grid-rows: 1; }
        & > .functions { width: 13; grid-size: 1 4; grid-columns: 13; }
        & Key { width: 1fr; margin-right: 1; }
        & .functions Key { margin-right: 0; }
        &.-large {
            width: 35; height: 12;
            & > Grid { width: 20; height: 12; grid-columns: 6 6 6; grid-rows: 3; grid-gutter: 0 1; }
            & > .functions { width: 15; grid-columns: 15; }
            & Key {
                height: 3; margin: 0;
                border-top: tall $surface-lighten-3; border-bottom: tall $surface-darken-1;
                &.-cancel {
                    border-top: tall $error-lighten-2; border-bottom: tall $error-darken-2;
                }
                &.-correct {
                    border-top: tall $warning-lighten-2; border-bottom: tall $warning-darken-2;
                }
                &.-continue {
                    border-top: tall $success-lighten-2; border-bottom: tall $success-darken-2;
                }
            }
        }
    }
    """

    def __init__(self, functions: tuple[Text, Text, Text] = (CANCEL, CORRECT, CONTINUE)) -> None:
        super().__init__()
        self._functions = functions

    def compose(self) -> ComposeResult:
        """The keys where they are on the machine."""
        with Grid():
            for digit in DIGITS[:9]:
                yield Key(digit, f"press('{digit}')", "-digit")
            yield Steady()
            yield Key("0", "press('0')", "-digit")
        with Grid(classes="functions"):
            yield Key("", "cancel", "-cancel")
            yield Key("", "correct", "-correct")
            yield Key("", "go_on", "-continue")

    def show(self, language: Language) -> None:
        """Write words on the keys."""
        keys = self.query(".functions Key").results(Key)
        for key, sign, text in zip(keys, "✕←✓", self._functions, strict=True):
            key.show(f"{sign} {text.said_in(language)}")
