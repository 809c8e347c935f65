"""A key of the house got a new version, or lost an old one: who did it, and when, is in the log."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import NAMESPACE_OID, uuid5

from commands.command import Answer, Command, Rounds
from ledger.books import Books

KEYS = uuid5(NAMESPACE_OID, "makeba keys")  # the subject of all that happens to them


class KeyNoted(Answer, frozen=True, kw_only=True):
    """It stands in the log."""

    name: str
    version: int


class NoteKey(Command[KeyNoted], frozen=True, kw_only=True):
    """Write down that a version was added, ended or destroyed. The key itself is in no record."""

    name: str
    version: int
    what: Literal["added", "ended", "destroyed"]
    at: datetime

    def touches(self, books: Books) -> Rounds:
        yield ()

    def decide(self, books: Books) -> KeyNoted:
        facts = {"name": self.name, "version": self.version, "at": self.at}
        books.record(f"keys.{self.what}", KEYS, facts)
        return KeyNoted(name=self.name, version=self.version)
