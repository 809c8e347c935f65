"""The second factor: whoever shows it after the PIN gets a session."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.devices import Devices, note_device
from commands.identity.person import Person, Role
from commands.identity.session import Session
from commands.identity.tries import TryLimits, refuse, require_known
from ledger.books import Books


class SessionOpened(Answer, frozen=True, kw_only=True):
    """The session, until when at most, and for whom."""

    session_id: UUID
    expires_at: datetime
    user_id: UUID
    role: Role


class OpenSession(Command[SessionOpened], frozen=True, kw_only=True):
    """Open a session with the TOTP step that the code belongs to, or None when it fits none.

    RFC 6238 §5.2: a code is accepted once. So only a step later than the last accepted one counts.
    """

    user_id: UUID
    session_id: UUID
    token_hash: bytes
    totp_step: int | None
    idle_seconds: int
    absolute_seconds: int
    limits: TryLimits = TryLimits()
    device: str = ""  # hash of what the app calls its device; empty when it does not say

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), Devices.of(self.user_id))

    def decide(self, books: Books) -> SessionOpened:
        person = require_known(books, books.find(Person.by_id(self.user_id)))
        if self.totp_step is None or self.totp_step <= person.totp_step:
            raise refuse(person, "totp", self.limits)
        # From here on nothing is refused.
        session = Session(
            id=self.session_id,
            token_hash=self.token_hash,
            person_id=person.id,
            role=person.role,
            opened_at=books.now,
            expires_at=books.now + timedelta(seconds=self.absolute_seconds),
            idle_seconds=self.idle_seconds,
            device_since=note_device(books, person.id, self.device),
        )
        books.put(session)
        books.put(
            msgspec.structs.replace(
                person, totp_step=self.totp_step, pin_failures=0, locked_until=None
            )
        )
        books.record("session.opened", session.id, {"user": person.id, "role": person.role})
        return SessionOpened(
            session_id=session.id,
            expires_at=session.expires_at,
            user_id=person.id,
            role=person.role,
        )
