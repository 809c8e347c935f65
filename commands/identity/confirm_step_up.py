"""The second factor again: the session counts as confirmed for five minutes."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.command import Command, Rounds
from commands.identity.person import Person
from commands.identity.session import Session
from commands.identity.shown import Shown
from commands.identity.step_up import STEP_UP, SteppedUp
from commands.identity.tries import TryLimits
from ledger.books import Books
from ledger.errors import Unauthenticated


class StepUp(Command[SteppedUp], frozen=True, kw_only=True):
    """Confirm a session. A wrong factor counts towards the lock, as at signing in."""

    user_id: UUID
    session_id: UUID
    shown: Shown
    limits: TryLimits = TryLimits()

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Session.by_id(self.session_id),
            *self.shown.keys(self.user_id),
        )

    def decide(self, books: Books) -> SteppedUp:
        person = self.shown.require_known(books, books.find(Person.by_id(self.user_id)))
        session = books.find(Session.by_id(self.session_id))
        if session is None or not session.good_for(person):
            raise Unauthenticated
        after = self.shown.use(books, person, self.limits)
        # From here on nothing is refused.
        books.put(after)
        books.put(msgspec.structs.replace(session, stepped_up_at=books.now))
        books.record("session.stepped_up", session.id, {"user": person.id, "role": session.role})
        return SteppedUp(session_id=session.id, good_until=books.now + STEP_UP)
