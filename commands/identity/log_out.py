"""A session ends before its time: its owner leaves, or throws a lost phone out."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person
from commands.identity.session import Session
from commands.identity.sign_out import code_rounds, newest_code
from commands.withdrawal.cancel import cancel_active
from ledger.books import Books
from ledger.errors import NotFound


class SessionClosed(Answer, frozen=True, kw_only=True):
    """Whether it was open until now, and whether a live code that it had asked for ended too."""

    closed: bool
    code_cancelled: bool


class CloseSession(Command[SessionClosed], frozen=True, kw_only=True):
    """End a session of one's own. A second time changes nothing.

    Whoever took the phone may have asked for a code: an ATM code of this session ends with it.
    """

    session_id: UUID
    user_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Session.by_id(self.session_id), Person.by_id(self.user_id))
        yield from code_rounds(books, self.user_id)

    def decide(self, books: Books) -> SessionClosed:
        session = books.find(Session.by_id(self.session_id))
        if session is None or session.person_id != self.user_id:
            raise NotFound
        # From here on nothing is refused.
        if session.revoked:
            return SessionClosed(closed=False, code_cancelled=False)
        books.put(msgspec.structs.replace(session, revoked_at=books.now))
        books.record(
            "session.closed", session.id, {"user": session.person_id, "role": session.role}
        )
        return SessionClosed(closed=True, code_cancelled=self._cancel_code(books))

    def _cancel_code(self, books: Books) -> bool:
        newest = newest_code(books, books.get(Person.by_id(self.user_id)))
        if newest is None or newest.session_id != self.session_id:
            return False
        return cancel_active(books, newest, "session closed")
