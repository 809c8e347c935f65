"""When something recurs: on a day of the month, every so many months, from one day to another."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from ledger.errors import InvalidRequest

YEARS_MAX = 10  # from the first day to the last


class Schedule(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """On `dayOfMonth` (a month that is shorter: on its last day) of the month of `firstOn` and of
    every `everyMonths`th after it, until `lastOn`."""

    every_months: Annotated[int, Meta(ge=1, le=12)]
    day_of_month: Annotated[int, Meta(ge=1, le=31)]
    first_on: date
    last_on: date | None = None

    @property
    def first(self) -> date | None:
        """The first day on which something is due."""
        day = self._in(self.first_on.year, self.first_on.month)
        return self._ended(day) if day >= self.first_on else self.after(day)

    def after(self, due: date) -> date | None:
        """The next day after one on which something was due; None when that was the last."""
        months = due.year * 12 + due.month - 1 + self.every_months
        year, month = divmod(months, 12)
        return None if year >= date.max.year else self._ended(self._in(year, month + 1))

    def require_sound(self, today: date) -> None:
        """Raises InvalidRequest for one that begins before today, never comes or never ends."""
        if self.first_on < today:
            raise InvalidRequest(field="firstOn", reason="is over")
        if self.first is None:
            raise InvalidRequest(field="lastOn", reason="is before the first day")
        last = self.last_on or self.first_on
        if max(last.year, self.first_on.year) - today.year > YEARS_MAX:
            raise InvalidRequest(field="lastOn", reason=f"is more than {YEARS_MAX} years ahead")

    def _in(self, year: int, month: int) -> date:
        return date(year, month, min(self.day_of_month, monthrange(year, month)[1]))

    def _ended(self, day: date) -> date | None:
        return None if self.last_on is not None and day > self.last_on else day
