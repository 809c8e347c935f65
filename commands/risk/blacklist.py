"""A wallet is put on the blacklist, or taken off it: the rule `blacklisted` looks at it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from commands.risk.profile import RiskProfile, profile_of
from ledger.books import Books
from ledger.errors import NotFound


class Blacklisted(Answer, frozen=True, kw_only=True):
    """Whether the wallet is on the list now."""

    user_id: UUID
    listed: bool
    timestamp: datetime


class SetBlacklisted(Command[Blacklisted], frozen=True, kw_only=True):
    """Put a customer's wallet on the list, or take it off, for a reason."""

    user_id: UUID
    listed: bool
    reason: str
    operator_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), Person.by_id(self.operator_id))
        person = books.find(Person.by_id(self.user_id))
        if person is not None and person.wallet_id is not None:
            yield (RiskProfile.of(person.wallet_id),)

    def decide(self, books: Books) -> Blacklisted:
        require_staff(books, self.operator_id, Role.OPERATOR)
        person = books.find(Person.by_id(self.user_id))
        if person is None or person.wallet_id is None:
            raise NotFound
        # From here on nothing is refused.
        profile = profile_of(books, person.wallet_id)
        listed = self.reason if self.listed else None
        books.put(msgspec.structs.replace(profile, blacklisted=listed))
        books.record(
            "wallet.blacklisted" if self.listed else "wallet.unlisted",
            person.wallet,
            {"user": person.id, "reason": self.reason, "operator": self.operator_id},
        )
        return Blacklisted(user_id=person.id, listed=self.listed, timestamp=books.now)
