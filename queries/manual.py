"""Manual entries: templates, what recurs and when next, what is to be taken back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.journal import written
from ledger.money import Money
from queries.answer import Answer, name_of
from queries.manual_tables import entry_template, planned_reversal, recurring_entry
from queries.reader import Reader

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
LIST_MAX = 500  # of each, the newest


class TemplateLine(Answer, frozen=True, kw_only=True):
    """A line; both amounts are nothing where one is to be filled in."""

    code: str
    name: str
    debit: Money
    credit: Money


class Template(Answer, frozen=True, kw_only=True):
    """Lines under a name."""

    template_id: UUID
    name: str
    lines: tuple[TemplateLine, ...]
    state: str
    kept_by: UUID
    kept_at: datetime


class Templates(Answer, frozen=True, kw_only=True):
    """All that are offered, by their names."""

    items: tuple[Template, ...]


class RecurringEntry(Answer, frozen=True, kw_only=True):
    """One that recurs, or did: `times` it was posted, `nextOn` is when it is due again."""

    recurring_id: UUID
    name: str
    document: str
    every_months: int
    day_of_month: int
    first_on: date
    last_on: date | None
    lines: tuple[TemplateLine, ...]
    state: str
    next_on: date | None
    times: int
    last_entry: str | None
    approved_by: UUID
    started_at: datetime
    ended_reason: str | None


class RecurringEntries(Answer, frozen=True, kw_only=True):
    """Those that recur first, by the day on which they are due."""

    items: tuple[RecurringEntry, ...]


class PlannedReversal(Answer, frozen=True, kw_only=True):
    """An entry that is taken back on a day: planned, reversed, or not_reversed as somebody had
    reversed it before."""

    entry_number: int
    entry: str
    reverse_on: date
    state: str
    reversed_by: int | None


class PlannedReversals(Answer, frozen=True, kw_only=True):
    """The newest day first."""

    items: tuple[PlannedReversal, ...]


async def templates(reader: Reader) -> Templates:
    """What an entry may begin with."""
    rows = await reader.all(
        sa.select(entry_template)
        .where(entry_template.c.state == "kept")
        .order_by(entry_template.c.name, entry_template.c.id)
        .limit(LIST_MAX)
    )
    return Templates(
        items=tuple(
            Template(
                template_id=row.id,
                name=row.name,
                lines=tuple(_template_line(line) for line in _decoded(row.lines)),
                state=row.state,
                kept_by=row.kept_by,
                kept_at=row.kept_at,
            )
            for row in rows
        )
    )


async def recurring(reader: Reader) -> RecurringEntries:
    """What recurs, and what did."""
    rows = await reader.all(
        sa.select(recurring_entry)
        .order_by(recurring_entry.c.next_on.nulls_last(), recurring_entry.c.id.desc())
        .limit(LIST_MAX)
    )
    return RecurringEntries(items=tuple(_recurring(row) for row in rows))


async def planned(reader: Reader) -> PlannedReversals:
    """What is to be taken back, and what was."""
    rows = await reader.all(
        sa.select(planned_reversal)
        .order_by(planned_reversal.c.reverse_on.desc(), planned_reversal.c.entry_number.desc())
        .limit(LIST_MAX)
    )
    return PlannedReversals(
        items=tuple(
            PlannedReversal(
                entry_number=row.entry_number,
                entry=written(row.entry_number),
                reverse_on=row.reverse_on,
                state=row.state,
                reversed_by=row.reversed_by,
            )
            for row in rows
        )
    )


def _recurring(row: Any) -> RecurringEntry:
    content = _decoded(row.content)
    schedule = content["schedule"]
    last_on = schedule["lastOn"]
    return RecurringEntry(
        recurring_id=row.id,
        name=row.name,
        document=content["document"],
        every_months=schedule["everyMonths"],
        day_of_month=schedule["dayOfMonth"],
        first_on=date.fromisoformat(schedule["firstOn"]),
        last_on=None if last_on is None else date.fromisoformat(last_on),
        lines=tuple(_line(code, minor) for code, minor in content["lines"]),
        state=row.state,
        next_on=row.next_on,
        times=row.times,
        last_entry=None if row.last_entry is None else written(row.last_entry),
        approved_by=row.approved_by,
        started_at=row.started_at,
        ended_reason=row.ended_reason,
    )


def _decoded(content: str) -> Any:
    return _decode(content)


def _template_line(line: dict[str, Any]) -> TemplateLine:
    return TemplateLine(
        code=line["code"],
        name=name_of(line["code"]),
        debit=Money.of(line["debit"]),
        credit=Money.of(line["credit"]),
    )


def _line(code: str, minor: int) -> TemplateLine:
    return TemplateLine(
        code=code, name=name_of(code), debit=Money(max(minor, 0)), credit=Money(max(-minor, 0))
    )
