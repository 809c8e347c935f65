"""A fiscal year ends: its income and expense go to the result in one entry, by two people.

The figures come from the read models, of the year's last day. They are still true when the year's
last entry is the one that they were read after: no number of a year is ever left out.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.books.periods import (
    THE_PERIODS,
    Month,
    PeriodState,
    count_late,
    periods_now,
    require_over,
)
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.treasury.trust import EARNED, PAID_TO_AGENTS, THE_TRUST, note
from ledger import chart
from ledger.accounts import Account, Kind
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest
from ledger.journal import ENTRIES_PER_YEAR_MAX, Entry, Line

RESULT = chart.the(chart.RETAINED_EARNINGS)
OF_THE_RESULT = tuple(
    heading.code for heading in chart.CHART if heading.kind in (Kind.INCOME, Kind.EXPENSE)
)
CLOSED = "year.closed"


class Carried(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What stood under a code of income or expense, debit positive, in minor units."""

    code: str
    balance: int


class CloseYear(Change, frozen=True, kw_only=True):
    """Carry a year's result over to retained earnings, on its last day. A second one carries what
    was booked since. `lastEntry` is the sequence number of the year's last entry when the figures
    were read."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT,)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT,)

    year: int
    last_entry: int
    lines: tuple[Carried, ...]

    def touches(self, books: Books) -> Rounds:
        codes = [line.code for line in self.lines if line.code in OF_THE_RESULT]
        accounts = (RESULT, *map(chart.the, codes))
        yield (THE_PERIODS, THE_TRUST, *(Account.by_id(account) for account in accounts))

    def require_possible(self, books: Books, maker: Person) -> None:
        december = Month.named(f"{self.year}-12")
        require_over(books, december)
        state = periods_now(books).state_of(december)
        if state is not PeriodState.SOFT_CLOSED:
            raise Conflict("December is to be soft-closed for this.", state=state)
        if books.last_entries.get(self.year, 0) != self.last_entry:
            raise Conflict("Something was booked in this year since these figures were read.")
        codes = [line.code for line in self.lines]
        if len(set(codes)) < len(codes) or not set(codes) <= set(OF_THE_RESULT):
            raise InvalidRequest(field="lines", reason="are of income and expense, each once")
        if not all(line.balance for line in self.lines):
            raise InvalidRequest(field="lines", reason="have balances that are not zero")

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        result = sum(line.balance for line in self.lines)
        facts = {"year": self.year, "result": -result, "checker": checker.id}
        number = books.record(CLOSED, proposal_id, facts, self._entry(result))
        last = self.last_entry if number is None else number % ENTRIES_PER_YEAR_MAX
        self._carry_trust(books)
        if number is not None:
            count_late(books, self._day)
        now = periods_now(books)
        years = {**now.years, str(self.year): last}
        books.put(msgspec.structs.replace(now, years=years))
        return {"entry": number, "year": self.year}

    @property
    def _day(self) -> date:
        return date(self.year, 12, 31)

    def _entry(self, result: int) -> Entry | None:
        """Each account to nothing; None when there is nothing to carry over."""
        if not self.lines:
            return None
        lines = [Line(chart.the(line.code), -line.balance) for line in self.lines]
        carried = [Line(RESULT, result)] if result else []
        return Entry((*lines, *carried), booking_date=self._day)

    def _carry_trust(self, books: Books) -> None:
        """What the trust has earned and paid stays so, on whatever account it stands."""
        balances = {chart.the(line.code): line.balance for line in self.lines}
        fees = sum(balances.get(account, 0) for account in EARNED)
        commission = sum(balances.get(account, 0) for account in PAID_TO_AGENTS)
        if fees or commission:
            note(books, fees_closed=-fees, commission_closed=commission)
