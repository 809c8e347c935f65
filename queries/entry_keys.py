"""Keys of entries, (day, number), newest first: each way to find them by an index in that order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.chart import ONE_PER_OWNER, the
from queries import cursor
from queries.filters import words_in
from queries.report_tables import entry_word
from queries.tables import entry, line, switch_operation

Key = tuple[date | cursor.Number, cursor.Number]
Keys = sa.Select[Any]


class Span(msgspec.Struct, frozen=True):
    """The part of the order that is looked at."""

    order: str
    first: Any  # a day, or a position
    last: Any
    below: Key | None

    def of(self, day: sa.ColumnElement[Any], number: sa.ColumnElement[int]) -> Iterator[Any]:
        """Conditions on a day and a number."""
        if self.first is not None:
            yield day >= self.first
        if self.last is not None:
            yield day <= self.last
        if self.below is not None:
            yield sa.tuple_(day, number) < sa.tuple_(*map(sa.literal, self.below))

    def keys(
        self, day: sa.ColumnElement[Any], number: sa.ColumnElement[int], *which: Any, count: int
    ) -> Keys:
        """Entries or lines as keys, each once."""
        return (
            sa.select(day.label("day"), number.label("number"))
            .distinct()
            .where(*which, *self.of(day, number))
            .order_by(day.desc(), number.desc())
            .limit(count)
        )


def by_entry(which: tuple[Any, ...]) -> Any:
    def keys(span: Span, count: int) -> Keys:
        if span.order == "booking":
            return span.keys(entry.c.booking_date, entry.c.number, *which, count=count)
        # Where both dates are one, the index by booking date is in the order of value dates.
        same = span.keys(
            entry.c.booking_date, entry.c.number, *which,
            entry.c.value_date == entry.c.booking_date, count=count,
        )  # fmt: skip
        other = span.keys(
            entry.c.value_date, entry.c.number, *which,
            entry.c.value_date != entry.c.booking_date, count=count,
        )  # fmt: skip
        return _merged(same, other, count=count)

    return keys


def by_account(account_id: UUID) -> Any:
    mine = line.c.account_id == account_id

    def keys(span: Span, count: int) -> Keys:
        if span.order == "booking":
            return span.keys(line.c.booking_date, line.c.entry_number, mine, count=count)
        same = span.keys(
            line.c.booking_date, line.c.entry_number, mine,
            line.c.value_date == line.c.booking_date, count=count,
        )  # fmt: skip
        other = span.keys(
            line.c.value_date, line.c.entry_number, mine,
            line.c.value_date != line.c.booking_date, count=count,
        )  # fmt: skip
        return _merged(same, other, count=count)

    return keys


def by_code(codes: list[str]) -> Any:
    """The newest of each code are the newest of all."""

    def keys(span: Span, count: int) -> Keys:
        parts = [
            span.keys(
                line.c.booking_date,
                line.c.entry_number,
                line.c.code == code if code in ONE_PER_OWNER else line.c.account_id == the(code),
                count=count,
            )
            for code in codes
        ]
        return parts[0] if len(parts) == 1 else _merged(*parts, count=count)

    return keys


def by_word(text: str | None) -> Any:
    """By the longest word, which mostly is the rarest."""
    word = "" if text is None else max(words_in(text), key=len)

    def keys(span: Span, count: int) -> Keys:
        return span.keys(
            entry_word.c.booking_date,
            entry_word.c.entry_number,
            entry_word.c.word == word,
            count=count,
        )

    return keys


def by_rrn(rrn: str | None) -> Any:
    """The switch's own entries, and those of the withdrawal that it has approved."""
    approved = sa.select(switch_operation.c.withdrawal_id).where(switch_operation.c.rrn == rrn)

    def keys(span: Span, count: int) -> Keys:
        return _merged(
            span.keys(entry.c.booking_date, entry.c.number, referred(rrn), count=count),
            span.keys(
                entry.c.booking_date,
                entry.c.number,
                entry.c.transaction_id.in_(approved),
                count=count,
            ),
            count=count,
        )

    return keys


def by_position(span: Span, count: int) -> Keys:
    """Positions rise with the time at which they were written."""
    return span.keys(entry.c.position, entry.c.number, count=count)


def referred(reference: str | None) -> sa.ColumnElement[bool]:
    """Whatever the case in which it is written."""
    return entry.c.reference_key == (reference or "").strip().lower()


def _merged(*parts: Keys, count: int) -> Keys:
    whole = sa.union_all(*(part.subquery().select() for part in parts)).subquery()
    return (
        sa.select(whole.c.day, whole.c.number)
        .distinct()
        .order_by(whole.c.day.desc(), whole.c.number.desc())
        .limit(count)
    )
