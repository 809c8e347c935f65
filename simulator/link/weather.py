"""What the line between a machine and the switch does to messages, on purpose.

A `Weather` hangs over each line. Whoever carries messages asks it about each request as that
leaves; what becomes of the reply is decided then too. It decides and does nothing itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from simulator.mishaps import Mishap

LATE_SECONDS = 3.0


class Ill(StrEnum):
    """What can become of a message or of its reply."""

    DOWN = "down"  # no line at all, as long as the mishap is on
    REQUEST_LOST = "request lost"
    REQUEST_LATE = "request late"
    REQUEST_TWICE = "request twice"
    MAC_BROKEN = "MAC broken"
    REPLY_LOST = "reply lost"
    REPLY_LATE = "reply late"


class Trouble(NamedTuple):
    """Befalls requests whose MTI begins so (0200, 0220, 0420, 0800; 04 is both 0420 and 0421), as
    often as its mishap strikes. What is late is late by `seconds`."""

    ill: Ill
    mishap: Mishap
    mti: str = ""
    seconds: float = LATE_SECONDS


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one request and of its reply."""

    ills: tuple[Ill, ...] = ()
    request_delay_seconds: float = 0.0
    reply_delay_seconds: float = 0.0

    @property
    def copies(self) -> int:
        """How often the request gets there."""
        lost = Ill.REQUEST_LOST in self.ills or Ill.DOWN in self.ills
        return 0 if lost else 1 + (Ill.REQUEST_TWICE in self.ills)

    @property
    def reply_arrives(self) -> bool:
        """Whether the reply gets back."""
        return Ill.REPLY_LOST not in self.ills

    @property
    def breaks_mac(self) -> bool:
        """Whether the request comes with a MAC that is not its own."""
        return Ill.MAC_BROKEN in self.ills


CLEAR = Passage()


class Weather:
    """The weather over one line. `struck` counts what has happened to messages in it."""

    def __init__(self) -> None:
        self.struck: Counter[Ill] = Counter()
        self._troubles: tuple[Trouble, ...] = ()
        self._watchers: list[Callable[[], None]] = []

    @property
    def down(self) -> bool:
        """Whether there is no line at all now."""
        return any(each.ill is Ill.DOWN and each.mishap.on for each in self._troubles)

    def suffer(self, trouble: Trouble) -> None:
        """Let this befall requests, as often as its mishap strikes."""
        self._troubles = (*(each for each in self._troubles if each.mishap.on), trouble)
        for watcher in self._watchers:
            watcher()

    def heal(self) -> None:
        """Carry everything both ways again."""
        for trouble in self._troubles:
            trouble.mishap.end()

    def decide(self, mti: str) -> Passage:
        """How a request fares that leaves now."""
        through = CLEAR
        for trouble in self._troubles:
            if mti.startswith(trouble.mti) and trouble.mishap.strike():
                through = _worse(through, trouble)
        self.struck.update(through.ills)
        return through

    def watch(self, watcher: Callable[[], None]) -> None:
        """Tell whenever a trouble begins: a line may have to break off."""
        self._watchers.append(watcher)


def _worse(through: Passage, trouble: Trouble) -> Passage:
    """One ill more."""
    worse = replace(through, ills=(*through.ills, trouble.ill))
    if trouble.ill is Ill.REQUEST_LATE:
        return replace(worse, request_delay_seconds=trouble.seconds)
    if trouble.ill is Ill.REPLY_LATE:
        return replace(worse, reply_delay_seconds=trouble.seconds)
    return worse
