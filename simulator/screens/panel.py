"""The base of all panels: one machine of the town on the screen, repainted as things happen to it.

A panel shows a state and turns keys and clicks into events; it decides nothing. A click runs the
same action as the key does. A machine may stir hundreds of times a second: the panel repaints at
once the first time, and after that at most thirty times a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any, ClassVar, Generic, TypeVar

from textual.actions import parse
from textual.binding import Binding, BindingType

from simulator.running import Happened, Running
from simulator.screens.speaking import Speaking, key
from simulator.town import Town
from simulator.words import Text

S = TypeVar("S")
E = TypeVar("E")

REPAINT_SECONDS = 1 / 30


class Repainting(Speaking):
    """A widget that is painted anew soon after something stirs, but not more often than eyes see.

    `stir` may be called from any task of the town; `repaint` runs in the widget's own.
    """

    _stirred = False
    _painted_at = 0.0

    def stir(self) -> None:
        """Something is no longer as it is shown."""
        if not self._stirred and self.is_running:
            self._stirred = True
            self.call_later(self._when_due)

    def hurry(self) -> None:
        """Whoever has pressed a key does not wait: what it changes is painted at once."""
        self._painted_at = 0.0

    def repaint(self) -> None:
        """Show how it is now."""
        raise NotImplementedError

    def respeak(self) -> None:
        """Words come from the state too."""
        self.repaint()

    def _when_due(self) -> None:
        wait_seconds = self._painted_at + REPAINT_SECONDS - monotonic()
        if wait_seconds > 0:
            self.set_timer(wait_seconds, self._paint)
        else:
            self._paint()

    def _paint(self) -> None:
        self._stirred = False
        self._painted_at = monotonic()
        self.repaint()


class Pane(Repainting, can_focus=True):
    """A framed part of the town, with a name and a guide."""

    GUIDE: ClassVar[Text]  # what F1 says: how this is used
    DEFAULT_CSS = """
    Pane {
        border: round $frame;
        border-title-color: $quiet;
        background: $surface;
        padding: 0 1;
        &:focus, &:focus-within {
            border: round $accent;
            border-title-color: $accent;
            border-title-style: bold;
        }
    }
    """

    @property
    def title(self) -> Text:
        """What stands in the frame."""
        raise NotImplementedError

    def repaint(self) -> None:
        """The frame; a subclass adds what is in it."""
        self.border_title = self.said(self.title)


class Panel(Pane, Generic[S, E]):
    """One machine of a kind, out of those that the town has.

    A subclass says `GUIDE`, `title` and `refresh_from`, and has `BINDINGS` made with `key`.
    """

    TICK_SECONDS: ClassVar[float | None] = None  # how often time alone changes what is shown
    BINDINGS: ClassVar[list[BindingType]] = [
        key("left_square_bracket", "other(-1)", Text("anterior", "previous"), shown=False),
        key("right_square_bracket", "other(1)", Text("seguinte", "next")),
    ]

    def __init__(
        self,
        town: Town,
        machines: Sequence[Running[S, E, Any]],
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        assert machines, "a panel shows a machine"
        super().__init__(id=id, classes=classes)
        self.town = town
        self._machines = machines
        self._chosen = 0

    @property
    def machine(self) -> Running[S, E, Any]:
        """The one that is shown."""
        return self._machines[self._chosen]

    def refresh_from(self, state: S) -> None:
        """Show this state, in the language of the moment."""
        raise NotImplementedError

    def happen(self, event: E) -> None:
        """Somebody does something to the machine that is shown."""
        self.hurry()
        self.machine.happen(event)

    def choose(self, machine: Running[S, E, Any]) -> None:
        """Show this one of the machines."""
        self._chosen = self._machines.index(machine)
        self.repaint()

    def repaint(self) -> None:
        """Frame and content."""
        super().repaint()
        self.refresh_from(self.machine.state)
        self.refresh_bindings()

    def offers(self) -> Iterator[Binding]:
        """The keys that would do something now, whether or not it has the focus."""
        for _, binding in self._bindings:
            _, name, parameters = parse(binding.action)
            if binding.show and self.check_action(name, parameters):
                yield binding

    def do(self, binding: Binding) -> None:
        """As if the focus were here and the key was pressed."""
        self.focus()
        self.call_later(self.run_action, binding.action)

    def on_mount(self) -> None:
        """From now on it shows what happens."""
        for machine in self._machines:
            machine.watch(self._noticed)
        if self.TICK_SECONDS is not None:
            self.set_interval(self.TICK_SECONDS, self.stir)
        self.call_after_refresh(self.repaint)

    def action_other(self, step: int) -> None:
        """The next machine of this kind, or the one before."""
        self._chosen = (self._chosen + step) % len(self._machines)
        self.repaint()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whoever is alone of a kind has no next."""
        return action != "other" or len(self._machines) > 1

    def _noticed(self, happened: Happened) -> None:
        if happened.machine == self.machine.name:
            self.stir()
