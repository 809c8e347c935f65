"""An acquirer's signing keys and terminals become known."""

from __future__ import annotations

import re
from uuid import NAMESPACE_OID, uuid5

import msgspec

from commands.command import Answer, Command, Rounds
from commands.switch.trace import SwitchKey, Terminal
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest

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
        _require_name("keyId", self.key_id)
        _require_name("acquirerId", self.acquirer_id)
        if len(self.public_key) != PUBLIC_KEY_BYTES:
            raise InvalidRequest(field="publicKey", reason=f"has not {PUBLIC_KEY_BYTES} bytes")
        known = books.find(SwitchKey.by_id(self.key_id))
        if known is not None:
            if (known.acquirer_id, known.public_key) != (self.acquirer_id, self.public_key):
                raise Conflict("Another key has this id.")
            return Enrolled(enrolled=False)
        # From here on nothing is refused.
        books.put(
            SwitchKey(id=self.key_id, acquirer_id=self.acquirer_id, public_key=self.public_key)
        )
        books.record(
            "switch.key_enrolled",
            uuid5(NAMESPACE_OID, f"makeba switch key {self.key_id}"),
            {"keyId": self.key_id, "acquirerId": self.acquirer_id},
        )
        return Enrolled(enrolled=True)


class EnrolTerminal(Command[Enrolled], frozen=True, kw_only=True):
    """Take in a cash machine, or write down that one has moved."""

    terminal_id: str
    acquirer_id: str
    place: str

    def touches(self, books: Books) -> Rounds:
        yield (Terminal.by_id(self.terminal_id),)

    def decide(self, books: Books) -> Enrolled:
        _require_name("terminalId", self.terminal_id)
        _require_name("acquirerId", self.acquirer_id)
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


def _require_name(field: str, name: str) -> None:
    if NAME.fullmatch(name) is None:
        raise InvalidRequest(field=field, reason="is not 1 to 64 visible ASCII characters")
