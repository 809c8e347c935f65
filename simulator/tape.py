"""The tape: every message that passes the switch, decoded and raw, for whoever watches.

Both kinds of line are on it: ISO 8583 between machines and the switch, and the signed requests of
the switch to makeba. What a code of a withdrawal could be read from never gets here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

import msgspec

from simulator.words import Text

KEPT = 2_000


class Kind(StrEnum):
    """What a message was written in."""

    ISO = "ISO 8583"
    REST = "REST"


class Field(msgspec.Struct, frozen=True):
    """One field of a message: `label` is DE 39 or a header's or member's name."""

    label: str
    name: Text
    value: str
    meaning: Text | None = None  # what the value says, where that has a name: 00 is "approved"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it went over a line."""

    at: datetime
    sender: str
    receiver: str
    kind: Kind
    title: str  # 0200, 0210, POST /vinti4/authorisations, 200
    summary: Text
    fields: tuple[Field, ...]
    raw: bytes
    origin: str | None = None  # what ties a request to its replies and advices
    good: bool = True


class Tape:
    """The newest messages, oldest first, and whoever is told of each."""

    def __init__(self) -> None:
        self.messages: deque[Message] = deque(maxlen=KEPT)
        self._watchers: list[Callable[[Message], None]] = []

    def add(self, message: Message) -> None:
        """One more has passed."""
        self.messages.append(message)
        for watcher in self._watchers:
            watcher(message)

    def watch(self, watcher: Callable[[Message], None]) -> None:
        """Tell of every message from now on."""
        self._watchers.append(watcher)
