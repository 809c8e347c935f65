"""A desk of two accountants, who close months."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.books.close_period import MUST_HOLD, CheckedLine, ClosePeriod
from commands.books.close_year import OF_THE_RESULT, Carried, CloseYear
from commands.books.periods import THE_PERIODS, Month, Periods, PeriodState
from commands.books.soft_close import SoftClose
from commands.identity.person import Role
from ledger import chart
from ledger.accounts import Account
from ledger.books import COUNTRY
from tests.commands.desk import Desk

MAY = "2030-05"
JUNE = datetime(2030, 6, 3, 9, tzinfo=COUNTRY)
GOOD = tuple(CheckedLine(name=name, ok=True, figure=0) for name in MUST_HOLD)


class MonthEnd(Desk):
    """A desk with a second accountant."""

    def __init__(self) -> None:
        super().__init__()
        self.colleague = self.staff(Role.ACCOUNTANT)

    @property
    def periods(self) -> Periods:
        return self.find(THE_PERIODS) or Periods()

    def state(self, month: str = MAY) -> PeriodState:
        return self.periods.state_of(Month.named(month))

    def soft_close(self, month: str = MAY, who: UUID | None = None) -> SoftClose:
        return SoftClose(month=month, user_id=who or self.accountant)

    def closing(self, month: str = MAY, **changes: Any) -> ClosePeriod:
        close = ClosePeriod(month=month, late=self.periods.late, read_to=9, lines=GOOD)
        return msgspec.structs.replace(close, **changes)

    def both(self, change: Change) -> None:
        self.agree(self.suggest(change), self.colleague)

    def close(self, month: str = MAY) -> None:
        self.do(self.soft_close(month))
        self.both(self.closing(month))

    def year(self, year: int = 2030) -> CloseYear:
        """With the balances as they stand now."""
        standing = {
            code: self.find(Account.by_id(chart.the(code))).balance for code in OF_THE_RESULT
        }
        return CloseYear(
            year=year,
            last_entry=self.last_entries.get(year, 0),
            lines=tuple(Carried(code=code, balance=b) for code, b in standing.items() if b),
        )
