"""The second factor: whoever shows it after the PIN gets a session."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.device_use import note_use, use_keys
from commands.identity.devices import Devices, note_device
from commands.identity.person import Person, Role
from commands.identity.session import Session
from commands.identity.shown import Shown
from commands.identity.tries import TryLimits
from ledger.books import Books
from ledger.errors import Unauthenticated


class SessionOpened(Answer, frozen=True, kw_only=True):
    """The session, until when at most, and for whom."""

    session_id: UUID
    expires_at: datetime
    user_id: UUID
    role: Role


class OpenSession(Command[SessionOpened], frozen=True, kw_only=True):
    """Open a session for whoever has shown the second factor.

    By a customer's device that is new, little money goes out until it has cooled off. `epoch` is
    that of the person's sessions when the first step was taken: whatever has ended them all since
    then, ends what was begun too.
    """

    user_id: UUID
    session_id: UUID
    token_hash: bytes
    shown: Shown
    epoch: int
    idle_seconds: int
    absolute_seconds: int
    limits: TryLimits = TryLimits()
    device: str = ""  # hash of what the app calls its device; empty when it does not say
    cool_off_seconds: int = 0

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Devices.of(self.user_id),
            *use_keys(self.device),
            *self.shown.keys(self.user_id),
        )

    def decide(self, books: Books) -> SessionOpened:
        person = self.shown.require_known(books, books.find(Person.by_id(self.user_id)))
        if person.session_epoch != self.epoch:
            raise Unauthenticated("Begin again with number and PIN.")
        after = self.shown.use(books, person, self.limits)
        # From here on nothing is refused.
        since = note_device(books, person, self.device)
        session = Session(
            id=self.session_id,
            token_hash=self.token_hash,
            person_id=person.id,
            role=person.role,
            opened_at=books.now,
            expires_at=books.now + timedelta(seconds=self.absolute_seconds),
            idle_seconds=self.idle_seconds,
            device_since=since,
            device=self.device,
            device_people=note_use(books, self.device, person.id),
            capped_until=self._capped_until(person, since),
            epoch=person.session_epoch,
        )
        books.put(session)
        books.put(msgspec.structs.replace(after, pin_failures=0, locked_until=None))
        books.record("session.opened", session.id, {"user": person.id, "role": person.role})
        return SessionOpened(
            session_id=session.id,
            expires_at=session.expires_at,
            user_id=person.id,
            role=person.role,
        )

    def _capped_until(self, person: Person, since: datetime | None) -> datetime | None:
        if since is None or person.role is not Role.CUSTOMER:
            return None
        return since + timedelta(seconds=self.cool_off_seconds)
