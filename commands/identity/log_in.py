"""Somebody gave a number and a PIN. Whether it is right was found at the edge; here it counts."""

from __future__ import annotations

from uuid import UUID

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person
from commands.identity.tries import TryLimits, refuse, require_known
from ledger.books import Books


class PinRecorded(Answer, frozen=True, kw_only=True):
    """The PIN is right: the second factor comes next."""

    user_id: UUID


class RecordPin(Command[PinRecorded], frozen=True, kw_only=True):
    """Count a PIN that was wrong; let one that is right through, unless the account is locked."""

    user_id: UUID
    right: bool
    limits: TryLimits = TryLimits()

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id),)

    def decide(self, books: Books) -> PinRecorded:
        person = require_known(books, books.find(Person.by_id(self.user_id)))
        if not self.right:
            raise refuse(person, "pin", self.limits)
        # From here on nothing is refused.
        return PinRecorded(user_id=person.id)
