"""Recovery codes: for whoever has lost the authenticator. New ones end the old ones."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.factors import Factors, factors_of
from commands.identity.person import Person
from commands.identity.session import Session
from commands.identity.step_up import require_own_stepped_up
from ledger.books import Books


class RecoveryCodesMade(Answer, frozen=True, kw_only=True):
    """How many there are now. What they are was told at the edge, once."""

    left: int


class MakeRecoveryCodes(Command[RecoveryCodesMade], frozen=True, kw_only=True):
    """Keep the keyed hashes of codes that were drawn at the edge."""

    user_id: UUID
    session_id: UUID
    digests: tuple[str, ...]

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Session.by_id(self.session_id),
            Factors.of(self.user_id),
        )

    def decide(self, books: Books) -> RecoveryCodesMade:
        person = require_own_stepped_up(books, self.user_id, self.session_id)
        # From here on nothing is refused.
        factors = factors_of(books, person.id)
        books.put(msgspec.structs.replace(factors, recovery=self.digests))
        facts = {"user": person.id, "role": person.role, "left": len(self.digests)}
        books.record("recovery_codes.made", person.id, facts)
        return RecoveryCodesMade(left=len(self.digests))
