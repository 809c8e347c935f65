"""The line that says which scenario is on, how fast, and what somebody does in it now."""

from __future__ import annotations

from textual.content import Content

from simulator.scenarios.pace import Pace
from simulator.scenarios.telling import Kind, Told
from simulator.screens.speaking import Speaking
from simulator.words import Text

PAUSED = Text("‖ parado", "‖ paused")
SPEED = Text("▶ ×{speed}", "▶ ×{speed}")
AT_ONCE = Text("▶▶ sem esperar", "▶▶ without waiting")
SIGNS = {Kind.HELD: ("✓ ", "$success"), Kind.BROKEN: ("✗ ", "bold $error")}


class StageBar(Speaking):
    """One row, there only while something is played."""

    def __init__(self) -> None:
        super().__init__()
        self._pace: Pace | None = None
        self._title = Text("", "")
        self._told: Told | None = None

    def begin(self, title: Text, pace: Pace) -> None:
        """The curtain goes up."""
        self._title, self._pace, self._told = title, pace, None
        self.add_class("-playing")
        self.refresh()

    def tell(self, told: Told) -> None:
        """The newest line of the play."""
        self._told = told
        self.refresh()

    def end(self) -> None:
        """And down."""
        self.remove_class("-playing")

    def render(self) -> Content:
        """Pace, title, line."""
        if self._pace is None:
            return Content("")
        line = Content("")
        if self._told is not None:
            sign, style = SIGNS.get(self._told.kind, ("", "$foreground"))
            line = Content.styled(f"{sign}{self.said(self._told.text)}", style)
        return Content.assemble(
            (f"{self.said(pace_of(self._pace))} ", "bold $warning"),
            (f" {self.said(self._title)} ", "bold"),
            " ",
            line,
        )


def pace_of(pace: Pace) -> Text:
    """How fast it goes."""
    if pace.paused:
        return PAUSED
    return AT_ONCE if pace.speed is None else SPEED.filled(speed=f"{pace.speed:g}")
