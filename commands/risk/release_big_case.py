"""Much money waits for a case: one operator proposes to let it go on, another approves."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person
from commands.risk.work_case import MAY_WORK, ReleaseCase
from ledger.books import Books


class ReleaseBigCase(Change, frozen=True, kw_only=True):
    """Release a case, whatever is held for it. Neither of the two works a case about themselves."""

    MAKERS: ClassVar = MAY_WORK
    CHECKERS: ClassVar = MAY_WORK

    case_id: UUID
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]

    def touches(self, books: Books) -> Rounds:
        yield from self._by(self.case_id).touches(books)  # its people are known already

    def require_possible(self, books: Books, maker: Person) -> None:
        self._by(maker.id).require_releasable(books)

    def require_checker(self, books: Books, checker: Person) -> None:
        self._by(checker.id).require_releasable(books)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        self._by(checker.id).decide(books)
        return {"case": self.case_id}

    def _by(self, operator_id: UUID) -> ReleaseCase:
        return ReleaseCase(
            case_id=self.case_id,
            operator_id=operator_id,
            text=self.text,
            alone_max=None,
        )
