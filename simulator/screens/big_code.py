"""A code that can be read across a room, and how long it still opens anything."""

from __future__ import annotations

from datetime import timedelta

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Digits, Static

from simulator.screens.steady import Steady
from simulator.words import Text

EXPIRED = Text("expirado", "expired")
HURRY_SECONDS = 60


class BigCode(Widget):
    """Six digits, three lines high, over a bar that runs out with mm:ss beside it."""

    DEFAULT_CSS = """
    BigCode {
        width: 100%; height: 4; layout: vertical;
        & Digits { width: 1fr; height: 3; text-align: center; text-style: bold; color: $success; }
        & Static { width: 1fr; height: 1; text-align: center; }
        &.-hurry Digits { color: $warning; }
        &.-over Digits { color: $text-disabled; }
    }
    """

    _bar = (0, 0.0, "")

    def compose(self) -> ComposeResult:
        """Digits over the bar."""
        yield Digits()
        yield Steady(classes="bar")

    def show(self, code: str, left: timedelta, life: timedelta, expired: str) -> None:
        """This code, with so much left of its life."""
        seconds = max(0, round(left.total_seconds()))
        self.query_one(Digits).update(f"{code[:3]} {code[3:]}")
        self.set_class(0 < seconds <= HURRY_SECONDS, "-hurry")
        self.set_class(not seconds, "-over")
        self._bar = (seconds, life.total_seconds(), expired)
        self.on_resize()

    def on_resize(self) -> None:
        """The bar is as long as there is room."""
        seconds, life_seconds, expired = self._bar
        bar = countdown(seconds, life_seconds, self.size.width - 12)
        self.query_one(Static).update(bar if seconds else Content.styled(expired, "bold $error"))


def countdown(seconds: int, life_seconds: float, width: int) -> Content:
    """A bar as full as what is left, and mm:ss."""
    width = max(width, 8)
    share = min(1.0, seconds / life_seconds) if life_seconds > 0 else 0.0
    full = round(width * share)
    colour = "$success" if seconds > HURRY_SECONDS else "$warning"
    sign = "" if seconds > HURRY_SECONDS else " !"
    return Content.assemble(
        ("━" * full, colour), ("─" * (width - full), "dim"),
        (f" {seconds // 60:02}:{seconds % 60:02}{sign}", f"bold {colour}"),
    )  # fmt: skip
