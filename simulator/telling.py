"""How the story is told: coloured on a terminal, plain lines in a pipe, never by colour alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from simulator.contract import Entry
from simulator.words import escudos

NAME_WIDTH = 30
AMOUNT_WIDTH = 14
WHO_WIDTH = 10


class Teller:
    """Prints what happens and whether it is as it must be. `held` is whether all of it was."""

    def __init__(
        self,
        out: TextIO | Console | None = None,
        pace_seconds: float = 0.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._console = out if isinstance(out, Console) else Console(file=out)
        self._pace_seconds = pace_seconds
        self._sleep = sleep
        self.held = True
        self.checked = 0

    def title(self, text: str) -> None:
        """A new chapter."""
        self._print(Text())
        self._print(Text(f"── {text} ", style="bold cyan").append("─" * max(0, 76 - len(text))))

    async def say(self, text: str) -> None:
        """Something has happened. Give whoever reads the time to."""
        self._print(Text(text))
        if self._pace_seconds:
            await self._sleep(self._pace_seconds)

    def screen(self, who: str, text: str) -> None:
        """What a customer or an agent sees, in Portuguese."""
        self._print(Text.assemble((f"  {who:<{WHO_WIDTH}}│ ", "dim"), (text, "yellow")))

    def entry(self, entry: Entry) -> None:
        """An entry of the journal."""
        self._print(Text(f"    entry {entry.written} · {entry.kind}", style="dim"))
        for line in entry.lines:
            side = f"{line.direction:<6}" if line.direction == "debit" else f"  {line.direction:<6}"
            row = f"      {side:<8}  {line.code}  {line.name:<{NAME_WIDTH}}"
            amount = f"{escudos(line.amount):>{AMOUNT_WIDTH}}"
            self._print(Text.assemble((row, "blue"), (amount, "bold blue")))

    def expect(self, what: str, found: object, wanted: object) -> None:
        """One thing that must be true."""
        if found == wanted:
            self.checked += 1
            self._print(Text.assemble(("    ✓ ", "green"), what))
        else:
            self.fail(f"{what}: must be {wanted}, is {found}")

    def fail(self, why: str) -> None:
        """Something is not as it must be. The story goes on, but it does not end well."""
        self.held = False
        self._print(Text(f"    ✗ {why}", style="bold red"))

    def end(self) -> None:
        """The last line."""
        self._print(Text())
        if self.held:
            text = f"The story is told: {self.checked} checks, all of them held."
            self._print(Text(text, style="bold green"))
        else:
            self._print(Text("The story did not go as it should: see ✗ above.", style="bold red"))

    def _print(self, text: Text) -> None:
        # Highlighting would colour each number, and wrapping would cut lines in a pipe.
        self._console.print(text, highlight=False, soft_wrap=True)
