"""A menu of numbered choices about one machine, or about the town."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from simulator.plain.lines import BACK, Choice, Lines
from simulator.town import Town
from simulator.words import Text

SETTLE_SECONDS = 10.0  # how long the next menu waits for what the last choice has set off


class Menu:
    """Says its title and choices again and again, until somebody goes back."""

    LEAVE = BACK

    def __init__(self, lines: Lines, town: Town) -> None:
        self.lines = lines
        self.town = town

    @property
    def title(self) -> Text:
        """Where one is, and how things stand there."""
        raise NotImplementedError

    def choices(self) -> Sequence[Choice]:
        """What works now."""
        raise NotImplementedError

    async def open(self) -> None:
        """Stay until somebody goes back. Raises InputEnded."""
        while await self.lines.choose(self.title, self.choices(), self.LEAVE):
            await self.settled()

    async def settled(self) -> None:
        """Wait for what was set off, but not for ever."""
        with contextlib.suppress(TimeoutError):
            await self.town.work.quiet(SETTLE_SECONDS)

    async def number(self, question: Text) -> int | None:
        """A whole number above zero, or None for anything else."""
        answer = (await self.lines.ask(question)).replace(".", "").removesuffix("$00")
        return int(answer) if answer.isdecimal() and int(answer) else None
