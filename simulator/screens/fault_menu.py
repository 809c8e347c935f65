"""F3: everything that can go wrong on purpose, one key each."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType

from simulator.faults import FAULTS, Fault
from simulator.screens.choices import Choice, Choices
from simulator.screens.speaking import key
from simulator.words import Text

TITLE = Text("Falhas: o que há de correr mal?", "Faults: what shall go wrong?")
CHOOSE = Text("a tecla do lado, ou ↵: provocar, ou acabar", "its key, or ↵: begin it, or end it")
ON = Text("● ligada", "● on")
WAITING = Text("◌ à espera", "◌ waiting")
ONCE = Text("uma vez", "once")
LASTING = Text("até acabar", "until ended")


class FaultMenu(Choices):
    """The catalogue. `begun` are the names of those that are on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("f3", "dismiss", Text("fechar", "close"), shown=False),
        key("f8", "heal", Text("sarar tudo", "heal everything")),
    ]

    def __init__(self, begun: frozenset[str], heal: Callable[[], None]) -> None:
        super().__init__(TITLE, [_choice(each, each.name in begun) for each in FAULTS], CHOOSE)
        self._begun = begun
        self._heal = heal

    def action_heal(self) -> None:
        """Nothing goes wrong on purpose any more."""
        self._heal()
        self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is well needs no healing."""
        return action != "heal" or bool(self._begun)


def _choice(fault: Fault, begun: bool) -> Choice:
    note = LASTING if fault.lasting else ONCE
    if begun:
        note = ON if fault.lasting else WAITING
    return Choice(title=fault.title, help=fault.help, note=note, stands_out=begun, key=fault.key)
