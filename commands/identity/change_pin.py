"""Somebody changes their own PIN or password: everybody signed in as them is signed out."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.command import Command, Rounds
from commands.identity.person import Person
from commands.identity.session import Session
from commands.identity.sign_out import SignedOut, code_rounds, sign_out_everywhere
from commands.identity.step_up import require_own_stepped_up
from commands.identity.tries import TryLimits, refuse
from ledger.books import Books


class ChangePin(Command[SignedOut], frozen=True, kw_only=True):
    """Take a new PIN from whoever has shown the second factor lately and knows the old one.

    Whether the old one is right was found at the edge; a wrong one counts, as at signing in.
    """

    user_id: UUID
    session_id: UUID
    right: bool
    pin_hash: str
    limits: TryLimits = TryLimits()

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), Session.by_id(self.session_id))
        yield from code_rounds(books, self.user_id)

    def decide(self, books: Books) -> SignedOut:
        person = require_own_stepped_up(books, self.user_id, self.session_id)
        if not self.right:
            raise refuse(person, "pin", self.limits)
        # From here on nothing is refused.
        changed = msgspec.structs.replace(person, pin_hash=self.pin_hash)
        books.record("pin.changed", person.id, {"user": person.id, "role": person.role})
        cancelled = sign_out_everywhere(books, changed, "pin changed")
        return SignedOut(code_cancelled=cancelled)
