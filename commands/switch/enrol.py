"""An acquirer's signing keys and terminals become known."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from commands.command import Answer, Command, Rounds
from commands.switch.trace import SwitchKey, Terminal
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, NotFound

# Names of rows stand in the log, separated by spaces.
NAME = re.compile(r"[!-~]{1,64}")
PUBLIC_KEY_BYTES = 32


class Enrolled(Answer, frozen=True, kw_only=True):
    """Whether anything had to be written: enrolling the same twice changes nothing."""

    enrolled: bool


class EnrolSwitchKey(Command[Enrolled], frozen=True, kw_only=True):
    """Take in the raw public key (Ed25519) with which an acquirer will sign."""

    key_id: str
    acquirer_id: str
    public_key: bytes

    def touches(self, books: Books) -> Rounds:
        yield (SwitchKey.by_id(self.key_id),)

    def decide(self, books: Books) -> Enrolled:
        require_enrollable(books, self.key_id, self.acquirer_id, self.public_key)
        # From here on nothing is refused.
        return Enrolled(enrolled=enrol(books, self.key_id, self.acquirer_id, self.public_key))


class KeyRetired(Answer, frozen=True, kw_only=True):
    """Nothing that it signs counts any more."""

    key_id: str
    retired_at: datetime


class RetireSwitchKey(Command[KeyRetired], frozen=True, kw_only=True):
    """Believe nothing that this key signs any more, for good."""

    key_id: str

    def touches(self, books: Books) -> Rounds:
        yield (SwitchKey.by_id(self.key_id),)

    def decide(self, books: Books) -> KeyRetired:
        require_good(books, self.key_id)
        # From here on nothing is refused.
        return KeyRetired(key_id=self.key_id, retired_at=retire(books, self.key_id))


class EnrolTerminal(Command[Enrolled], frozen=True, kw_only=True):
    """Take in a cash machine, or write down that one has moved."""

    terminal_id: str
    acquirer_id: str
    place: str

    def touches(self, books: Books) -> Rounds:
        yield (Terminal.by_id(self.terminal_id),)

    def decide(self, books: Books) -> Enrolled:
        require_name("terminalId", self.terminal_id)
        require_name("acquirerId", self.acquirer_id)
        terminal = Terminal(id=self.terminal_id, acquirer_id=self.acquirer_id, place=self.place)
        known = books.find(Terminal.by_id(self.terminal_id))
        if known is not None:
            if known.acquirer_id != self.acquirer_id:
                raise Conflict("Another acquirer has this terminal.")
            if known.place == self.place:
                return Enrolled(enrolled=False)
            terminal = msgspec.structs.replace(known, place=self.place)
        # From here on nothing is refused.
        books.put(terminal)
        books.record(
            "switch.terminal_enrolled",
            uuid5(NAMESPACE_OID, f"makeba terminal {self.terminal_id}"),
            {
                "terminalId": self.terminal_id,
                "acquirerId": self.acquirer_id,
                "place": self.place,
            },
        )
        return Enrolled(enrolled=True)


def require_name(field: str, name: str) -> None:
    """Raises InvalidRequest for what is no name of a key, an acquirer or a terminal."""
    if NAME.fullmatch(name) is None:
        raise InvalidRequest(field=field, reason="is not 1 to 64 visible ASCII characters")


def require_enrollable(books: Books, key_id: str, acquirer_id: str, public_key: bytes) -> None:
    """Raises InvalidRequest, or Conflict when the id is taken, or its key was retired."""
    require_name("keyId", key_id)
    require_name("acquirerId", acquirer_id)
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise InvalidRequest(field="publicKey", reason=f"has not {PUBLIC_KEY_BYTES} bytes")
    known = books.find(SwitchKey.by_id(key_id))
    if known is None:
        return
    if (known.acquirer_id, known.public_key) != (acquirer_id, public_key):
        raise Conflict("Another key has this id.")
    if known.retired_at is not None:
        raise Conflict("This key was retired.")


def enrol(books: Books, key_id: str, acquirer_id: str, public_key: bytes, **more: Any) -> bool:
    """Write it down; whether that was needed. Keys before it stay good until they are retired."""
    if books.find(SwitchKey.by_id(key_id)) is not None:
        return False
    books.put(SwitchKey(id=key_id, acquirer_id=acquirer_id, public_key=public_key))
    facts = {"keyId": key_id, "acquirerId": acquirer_id, **more}
    books.record("switch.key_enrolled", _subject(key_id), facts)
    return True


def require_good(books: Books, key_id: str) -> SwitchKey:
    """Raises NotFound, or Conflict when it was retired."""
    known = books.find(SwitchKey.by_id(key_id))
    if known is None:
        raise NotFound("There is no such key.")
    if known.retired_at is not None:
        raise Conflict("This key was retired.")
    return known


def retire(books: Books, key_id: str, **more: Any) -> datetime:
    """Write down that it is over, and since when."""
    known = books.get(SwitchKey.by_id(key_id))
    books.put(msgspec.structs.replace(known, retired_at=books.now))
    facts = {"keyId": key_id, "acquirerId": known.acquirer_id, **more}
    books.record("switch.key_retired", _subject(key_id), facts)
    return books.now


def _subject(key_id: str) -> UUID:
    return uuid5(NAMESPACE_OID, f"makeba switch key {key_id}")
