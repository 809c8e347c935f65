"""What all widgets with words have in common: two languages that change while one looks.

Textual knows one language. A binding carries Portuguese as its description and English as its
tooltip; `said_by` reads both, so that footer, help and palette can follow the language.
"""

from __future__ import annotations

from textual.app import App
from textual.binding import Binding
from textual.reactive import reactive
from textual.widget import Widget

from simulator.words import Language, Text

KEYCAPS = {"escape": "Esc", "enter": "↵", "backspace": "⌫", "pageup": "PgUp", "pagedown": "PgDn"}


class SpeakingApp(App[None]):
    """An app that speaks the language which somebody chose, and tells its widgets of a change."""

    language: reactive[Language] = reactive(Language.PT, init=False)

    def watch_language(self) -> None:
        """Say everything anew."""
        for screen in self.screen_stack:
            for widget in screen.query(Speaking):
                widget.respeak()

    def said(self, text: Text) -> str:
        """In the language of the moment."""
        return text.said_in(self.language)

    def get_key_display(self, binding: Binding) -> str:
        """F1 as it stands on the key."""
        written = super().get_key_display(binding)
        written = KEYCAPS.get(binding.key, written) if binding.key_display is None else written
        return written.upper() if written[1:].isdigit() else written

    def press(self, key_: str) -> None:
        """As if somebody pressed it."""
        self.simulate_key(key_)

    def action_press(self, key_: str) -> None:
        """A click on a key in the footer presses it."""
        self.press(key_)


class Speaking(Widget):
    """A widget with words."""

    @property
    def language(self) -> Language:
        """The app's."""
        app = self.app
        return app.language if isinstance(app, SpeakingApp) else Language.PT

    def said(self, text: Text) -> str:
        """In the language of the moment."""
        return text.said_in(self.language)

    def respeak(self) -> None:
        """The language has changed: whoever keeps words in children sets them again here."""
        self.refresh(layout=True)


def key(
    keys: str,
    action: str,
    text: Text,
    *,
    shown: bool = True,
    priority: bool = False,
    display: str | None = None,
) -> Binding:
    """A binding with a description in both languages. `shown` puts it into the footer; `display`
    is how the key is written there, when its name is not (↵, 0–9)."""
    return Binding(
        keys,
        action,
        text.pt,
        show=shown,
        key_display=display,
        priority=priority,
        tooltip=text.en,
    )


def said_by(binding: Binding) -> Text:
    """The description of a binding, in both languages."""
    return Text(binding.description, binding.tooltip or binding.description)
