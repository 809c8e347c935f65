"""Step-up: whoever is signed in shows the second factor again, for something that matters."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person
from commands.identity.session import Session
from commands.identity.tries import TryLimits, refuse, require_known
from ledger.books import Books
from ledger.errors import StepUpRequired, Unauthenticated

STEP_UP = timedelta(minutes=5)  # RELIABILITY: no older than this for what matters


class SteppedUp(Answer, frozen=True, kw_only=True):
    """Until when the session counts as confirmed."""

    session_id: UUID
    good_until: datetime


class StepUp(Command[SteppedUp], frozen=True, kw_only=True):
    """Confirm a session with the TOTP step that the code belongs to, or None when it fits none.

    A wrong code counts towards the lock of the account, as at signing in.
    """

    user_id: UUID
    session_id: UUID
    totp_step: int | None
    limits: TryLimits = TryLimits()

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), Session.by_id(self.session_id))

    def decide(self, books: Books) -> SteppedUp:
        person = require_known(books, books.find(Person.by_id(self.user_id)))
        session = books.find(Session.by_id(self.session_id))
        if session is None or session.person_id != person.id or session.revoked:
            raise Unauthenticated
        if self.totp_step is None or self.totp_step <= person.totp_step:
            raise refuse(person, "totp", self.limits)
        # From here on nothing is refused.
        books.put(msgspec.structs.replace(person, totp_step=self.totp_step))
        books.put(msgspec.structs.replace(session, stepped_up_at=books.now))
        books.record("session.stepped_up", session.id, {"user": person.id, "role": session.role})
        return SteppedUp(session_id=session.id, good_until=books.now + STEP_UP)


def stepped_up(books: Books, session_id: UUID | None) -> bool:
    """Whether a session was confirmed within the last five minutes. Touches the session."""
    session = None if session_id is None else books.find(Session.by_id(session_id))
    return (
        session is not None
        and session.stepped_up_at is not None
        and not books.passed(session.stepped_up_at + STEP_UP)
    )


def require_stepped_up(books: Books, session_id: UUID | None) -> None:
    """Raises StepUpRequired unless `stepped_up`."""
    if not stepped_up(books, session_id):
        raise StepUpRequired
