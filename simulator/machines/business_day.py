"""The switch's business day: what was captured and reversed in it, and the file that it ends with.

The day ends at its cut-off, not at midnight: whatever is captured later belongs to the next
settlement date. Each operation stands in a file once, with what became of it in the end; what an
earlier file claimed and was reversed later stands in a later one as given back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from simulator.words import COUNTRY

CUT_OFF = time(23)
ITEMS_MAX = 20_000  # of one day; then its file is written, and the day goes on with another
CLAIMS_MAX = 20_000  # operations of earlier files that may still be given back
INTERCHANGE = 12  # escudos for each captured item; illustrative, as makeba's books have it


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """What names one authorisation towards the issuer, in every message about it."""

    acquirer_id: str
    terminal_id: str
    stan: str
    rrn: str
    local_date: date


class Ended(StrEnum):
    """What became of an operation, as files have it."""

    CAPTURED = "CAP"
    REVERSED = "REV"
    TAKEN_BACK = "TBK"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One operation that has ended. `claimed` is what earlier files have claimed for it."""

    trace: Trace
    approval_code: str | None
    requested: int
    paid: int
    authorised_at: datetime
    ended_at: datetime
    claimed: int = 0

    @property
    def kind(self) -> Ended:
        """How it stands in the next file."""
        if self.claimed:
            return Ended.TAKEN_BACK
        return Ended.CAPTURED if self.paid else Ended.REVERSED

    @property
    def amount(self) -> int:
        """What is claimed, or given back."""
        return self.claimed - self.paid if self.claimed else self.paid


Items = Mapping[str, Item]  # by RRN


class DayFile(msgspec.Struct, frozen=True, kw_only=True):
    """A day as its file has it. Its number is the acquirer's next, which makeba knows too."""

    settlement_date: date
    cut_off_at: datetime
    items: tuple[Item, ...]  # in the order of the acquirer's references
    number: int | None = None


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """The business day that is open, and what earlier files have claimed."""

    settlement_date: date
    cut_off: time = CUT_OFF
    items: Items = {}
    claimed: Items = {}

    @property
    def ends_at(self) -> datetime:
        """Its cut-off."""
        return datetime.combine(self.settlement_date, self.cut_off, COUNTRY)


def opened(now: datetime, cut_off: time = CUT_OFF) -> Day:
    """The business day that a moment belongs to."""
    today = now.astimezone(COUNTRY).date()
    day = Day(settlement_date=today, cut_off=cut_off)
    return day if now < day.ends_at else replace(day, settlement_date=today + timedelta(days=1))


def noted(day: Day, item: Item) -> Day:
    """An operation has ended, or has ended otherwise than was said before."""
    rrn = item.trace.rrn
    before = day.claimed.get(rrn)
    items = dict(day.items)
    if before is None:
        items[rrn] = item
    elif item.paid < before.paid:
        items[rrn] = replace(item, claimed=before.paid)
    return replace(day, items=items)


def filed(day: Day, now: datetime) -> tuple[Day, DayFile]:
    """What ended until now goes into a file: the day as it goes on, and the file.

    Only the clock leads to the next date: what is filed by hand before the cut-off is followed by
    another file of the same date.
    """
    items = tuple(sorted(day.items.values(), key=_reference))
    file = DayFile(
        settlement_date=day.settlement_date,
        cut_off_at=max([now, *(item.ended_at for item in items)]),  # a clock may be put back
        items=items,
    )
    following = max(day.settlement_date, opened(now, day.cut_off).settlement_date)
    return replace(day, settlement_date=following, items={}, claimed=_claimed(day)), file


def _claimed(day: Day) -> Items:
    """What files have claimed so far, the newest of it."""
    paid = {rrn: item for rrn, item in day.items.items() if item.paid or item.claimed}
    claims = {**day.claimed, **paid}
    while len(claims) > CLAIMS_MAX:
        del claims[next(iter(claims))]
    return claims


def _reference(item: Item) -> tuple[str, str, str, str]:
    trace = item.trace
    return (trace.local_date.isoformat(), trace.rrn, trace.terminal_id, trace.stan)
