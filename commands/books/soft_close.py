"""A month is over: an accountant closes it to all but what two people approve for it."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.books.periods import (
    THE_PERIODS,
    Month,
    PeriodState,
    move,
    periods_now,
    require_come,
    require_over,
)
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from commands.identity.step_up import require_confirmed, session_keys
from ledger.books import Books
from ledger.errors import Conflict


class PeriodStatus(Answer, frozen=True, kw_only=True):
    """What a month takes now."""

    month: str
    state: PeriodState


class SoftClose(Command[PeriodStatus], frozen=True, kw_only=True):
    """Soft-close a month that is over. The first one takes all months before it with it."""

    month: str
    user_id: UUID
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), THE_PERIODS, *session_keys(self.session_id))

    def decide(self, books: Books) -> PeriodStatus:
        person = require_staff(books, self.user_id, Role.ACCOUNTANT)
        month, now = Month.named(self.month), periods_now(books)
        require_come(month, books.today)
        require_confirmed(books, self.session_id)
        state = now.state_of(month)
        if state is not PeriodState.OPEN:
            raise Conflict("This month is not open.", month=str(month), state=state)
        require_over(books, month)
        if now.soft_closed_to is not None and now.soft_closed_to != month.before.last:
            raise Conflict("A month before it is still open.", month=str(month.before))
        # From here on nothing is refused.
        after = msgspec.structs.replace(now, soft_closed_to=month.last)
        move(books, "period.soft_closed", month, after, by=person.id)
        return PeriodStatus(month=str(month), state=PeriodState.SOFT_CLOSED)
