"""Step-up: whoever is signed in shows the second factor again, for something that matters."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from commands.command import Answer
from commands.identity.person import Person
from commands.identity.session import Session
from commands.identity.tries import require_known
from ledger.books import Books
from ledger.errors import StepUpRequired, Unauthenticated
from ledger.rows import Key

STEP_UP = timedelta(minutes=5)  # RELIABILITY: no older than this for what matters


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


def session_keys(session_id: UUID | None) -> tuple[Key[Session], ...]:
    """What asking for step-up touches."""
    return () if session_id is None else (Session.by_id(session_id),)


def require_confirmed(books: Books, session_id: UUID | None) -> None:
    """Raises StepUpRequired unless a session was confirmed lately. Who comes by the API has one;
    the house's own jobs, and whoever sits at its terminal, have none to confirm."""
    if session_id is not None:
        require_stepped_up(books, session_id)


def require_own(books: Books, user_id: UUID, session_id: UUID) -> Person:
    """Who asks, in a session of their own that was not ended meanwhile.

    Touches the person and the session. Raises Unauthenticated or TooMany.
    """
    person = require_known(books, books.find(Person.by_id(user_id)))
    session = books.find(Session.by_id(session_id))
    if session is None or not session.good_for(person):
        raise Unauthenticated
    return person


def require_own_stepped_up(books: Books, user_id: UUID, session_id: UUID) -> Person:
    """The same in a session that was confirmed lately. Raises StepUpRequired too."""
    person = require_own(books, user_id, session_id)
    require_stepped_up(books, session_id)
    return person


class SteppedUp(Answer, frozen=True, kw_only=True):
    """Until when the session counts as confirmed."""

    session_id: UUID
    good_until: datetime
