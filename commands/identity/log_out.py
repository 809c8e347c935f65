"""A session ends before its time: its owner leaves, or throws a lost phone out."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person
from commands.identity.session import Session
from commands.withdrawal.cancel import cancel_active
from commands.withdrawal.cardless import Cardless
from commands.withdrawal.hold import hold_keys
from commands.withdrawal.row import Withdrawal
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
        person = books.find(Person.by_id(self.user_id))
        if person is None or person.wallet_id is None:
            return
        yield hold_keys(person.wallet_id)
        cardless = books.find(Cardless.of(person.wallet_id))
        if cardless is not None and cardless.withdrawal_id is not None:
            yield (Withdrawal.by_id(cardless.withdrawal_id),)

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
        wallet_id = books.get(Person.by_id(self.user_id)).wallet_id
        cardless = None if wallet_id is None else books.find(Cardless.of(wallet_id))
        if cardless is None or cardless.withdrawal_id is None:
            return False
        withdrawal = books.get(Withdrawal.by_id(cardless.withdrawal_id))
        if withdrawal.session_id != self.session_id:
            return False
        return cancel_active(books, withdrawal, "session closed")
