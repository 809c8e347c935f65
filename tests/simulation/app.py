"""What customers and agents hold in their hands: it asks with a key, and again until it is told.

A request or its reply may be lost; the same key with the same body then comes again, so that an
outcome that was unknown becomes known, and is the same for good (I16).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from commands.command import Command
from commands.deciding import Outcome
from commands.idempotency import Once
from ledger.errors import Overloaded, Refusal
from tests.simulation.core import Broke, Core, Told
from tests.simulation.world import MINUTE, SECOND, World


def whatever(_told: bytes | Refusal) -> None:
    """Nobody minds what it was."""


# Is told once: the body of the answer, or the refusal.
Heard = Callable[[bytes | Refusal], None]


class App:
    """One way of asking, for all of them."""

    def __init__(self, world: World, core: Core) -> None:
        self.world, self.core = world, core

    def ask(self, command: Command[Any], heard: Heard) -> None:
        """Ask until an answer comes, and tell it once."""
        once = Once(self.world.some_bytes(), b"body")
        self._try(command, once, _Waiting(heard), 2 * SECOND)

    def _try(self, command: Command[Any], once: Once, waiting: _Waiting, patience: int) -> None:
        if waiting.told is not None:
            return
        self.world.send(self._arrives, command, once, waiting)
        self.world.at(patience, self._try, command, once, waiting, min(patience * 2, 10 * MINUTE))

    def _arrives(self, command: Command[Any], once: Once, waiting: _Waiting) -> None:
        self.core.submit(command, partial(self._answered, waiting), once)

    def _answered(self, waiting: _Waiting, told: Told) -> None:
        if isinstance(told, Overloaded):
            return
        self.world.send(waiting.hear, told.body if isinstance(told, Outcome) else told)


class _Waiting:
    """Somebody who looks at a screen."""

    __slots__ = ("for_good", "heard", "told")

    def __init__(self, heard: Heard) -> None:
        self.heard = heard
        self.told: bytes | str | None = None
        self.for_good = False  # what was told stands under its key

    def hear(self, what: bytes | Refusal) -> None:
        """The first answer counts; another one must say the same, if both are answers for good."""
        told = what.code if isinstance(what, Refusal) else what
        for_good = not isinstance(what, Refusal) or what.stored
        if self.told is None:
            self.told, self.for_good = told, for_good
            self.heard(what)
        elif self.for_good and for_good and self.told != told:
            raise Broke(f"I16: somebody was told {self.told!r} and then {told!r}")
