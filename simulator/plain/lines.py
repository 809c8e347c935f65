"""Lines out and lines in: the whole of what a person and the plain town say to each other.

A line is written once and never changed. There are no colours, no drawings and no moving cursor, so
whatever reads the screen aloud reads it in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TextIO

from simulator.words import Language, Text

PROMPT = "> "
CHOOSE = Text("Escolha um número e prima Enter.", "Choose a number and press Enter.")
NOT_ON_LIST = Text("{answer} não está na lista.", "{answer} is not on the list.")
BACK = Text("Voltar", "Back")


class InputEnded(Exception):
    """Nobody will type anything any more."""


class Choice(NamedTuple):
    """Something that can be chosen by its number."""

    text: Text
    act: Callable[[], Awaitable[None]]


class Lines:
    """A person at a keyboard, in their language."""

    def __init__(self, typed: TextIO, written: TextIO, language: Language) -> None:
        self.language = language
        self._typed = typed
        self._written = written
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._reads = False

    def say(self, text: Text) -> None:
        """One line."""
        self._written.write(text.said_in(self.language) + "\n")
        self._written.flush()

    async def ask(self, question: Text) -> str:
        """The line that answers, without spaces around it. Raises InputEnded."""
        self.say(question)
        self._written.write(PROMPT)
        self._written.flush()
        self._begin_to_read()
        line = await self._queue.get()
        if not line:
            raise InputEnded
        return line.strip()

    async def choose(self, title: Text, choices: Sequence[Choice], leave: Text = BACK) -> bool:
        """Let one be chosen, and do it. Whether somebody wants to stay. Raises InputEnded."""
        self.say(title)
        for number, choice in enumerate(choices, 1):
            self._numbered(number, choice.text)
        self._numbered(0, leave)
        answer = await self.ask(CHOOSE)
        if answer == "0":
            return False
        if answer.isdecimal() and int(answer) <= len(choices):
            await choices[int(answer) - 1].act()
        elif answer:
            self.say(NOT_ON_LIST.filled(answer=answer))
        return True

    async def pick(self, question: Text, names: Sequence[Text | str]) -> int | None:
        """Which of several, counted from zero; None for none of them. Raises InputEnded."""
        for number, name in enumerate(names, 1):
            self._numbered(number, said(name) if isinstance(name, str) else name)
        answer = await self.ask(question)
        if answer.isdecimal() and 0 < int(answer) <= len(names):
            return int(answer) - 1
        return None

    def _numbered(self, number: int, text: Text) -> None:
        self.say(Text(f"{number}. {text.pt}", f"{number}. {text.en}"))

    def _begin_to_read(self) -> None:
        """In a thread of its own: what is typed may be a file, which no event loop can wait for,
        and whoever leaves must not wait for one line more."""
        if self._reads:
            return
        self._reads = True
        loop = asyncio.get_running_loop()

        def read() -> None:
            line = "\n"
            while line:
                line = self._typed.readline()
                with contextlib.suppress(RuntimeError):  # the loop is closed: everybody has left
                    loop.call_soon_threadsafe(self._queue.put_nowait, line)

        threading.Thread(target=read, name="typed lines", daemon=True).start()


def said(text: str) -> Text:
    """What is the same in every language."""
    return Text(text, text)


def spelled(code: str) -> str:
    """Digit by digit, so that it is not read as a number of hundreds of thousands."""
    return " ".join(code)
