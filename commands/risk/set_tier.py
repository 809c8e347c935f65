"""A customer's tier changes: other limits and other fees from the next movement on."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.tier import Tier
from ledger.books import Books
from ledger.errors import Conflict, NotFound


class SetTier(Change, frozen=True, kw_only=True):
    """Put a customer into a tier, after what was found out about their identity."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR,)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR, Role.ACCOUNTANT)

    user_id: UUID
    tier: Tier

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id),)

    def require_possible(self, books: Books, maker: Person) -> None:
        person = books.find(Person.by_id(self.user_id))
        if person is None or person.role is not Role.CUSTOMER or not person.active:
            raise NotFound("There is no such customer.")
        if person.tier is self.tier:
            raise Conflict("The customer is in this tier already.", tier=self.tier)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        person = books.get(Person.by_id(self.user_id))
        books.put(msgspec.structs.replace(person, tier=self.tier))
        facts = {"user": person.id, "wallet": person.wallet, "tier": self.tier, "was": person.tier}
        books.record("wallet.tier_changed", person.wallet, {**facts, "proposal": proposal_id})
        return facts
