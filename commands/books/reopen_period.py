"""A closed month has to take something after all: two people reopen it, one step, on record."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.books.periods import (
    THE_PERIODS,
    Month,
    MonthName,
    Periods,
    PeriodState,
    move,
    periods_now,
)
from commands.command import Rounds
from commands.identity.person import Person, Role
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest


class ReopenPeriod(Change, frozen=True, kw_only=True):
    """Take back the last close, or the last soft-close: a closed month is soft-closed again, a
    soft-closed one open. Months are reopened from the newest on."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT,)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT,)

    month: MonthName

    def touches(self, books: Books) -> Rounds:
        yield (THE_PERIODS,)

    def require_possible(self, books: Books, maker: Person) -> None:
        if not self.reason.strip():
            raise InvalidRequest(field="reason", reason="says why it is reopened")
        self._reopened(periods_now(books))

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        after = self._reopened(periods_now(books))
        facts = {"by": checker.id, "proposal": proposal_id, "reason": self.reason}
        move(books, "period.reopened", Month.named(self.month), after, **facts)
        return {"month": self.month}

    def _reopened(self, now: Periods) -> Periods:
        month = Month.named(self.month)
        state, last = now.state_of(month), month.before.last
        if state is PeriodState.OPEN:
            raise Conflict("This month is open.", month=str(month), state=state)
        if state is PeriodState.CLOSED and now.closed_to == month.last:
            return msgspec.structs.replace(now, closed_to=last)
        if state is PeriodState.SOFT_CLOSED and now.soft_closed_to == month.last:
            return msgspec.structs.replace(now, soft_closed_to=last)
        raise Conflict("A month after it has to be reopened first.", month=str(month), state=state)
