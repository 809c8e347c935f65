"""A large entry was wrong: one person proposes to take it back, another approves."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from commands.account.reverse_entry import (
    require_reversible,
    reversal_touches,
    write_reversal,
)
from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from ledger.books import Books


class ReverseBigEntry(Change, frozen=True, kw_only=True):
    """Reverse a posted entry of any size, once."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT, Role.OPERATOR)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT, Role.OPERATOR)

    entry_number: int

    def touches(self, books: Books) -> Rounds:
        yield from reversal_touches(books, self.entry_number)

    def require_possible(self, books: Books, maker: Person) -> None:
        require_reversible(books, self.entry_number)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        original = require_reversible(books, self.entry_number)
        number = write_reversal(books, original, proposal_id, checker=checker.id)
        return {"entry": number}
