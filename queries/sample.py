"""An auditor's sample: entries drawn by lot, so that anyone who knows seed, days and position draws
the same ones, each with all that is known of it.

Every entry has the same chance, or (by amount) every escudo has: the usual two ways of auditing.
Lots come from SHA-256, not from the generator of any language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import sqlalchemy as sa

from ledger.errors import InvalidRequest
from queries import drill_down, journal
from queries.answer import Answer
from queries.drill_down import By, DrillDown
from queries.reader import Reader
from queries.report_tables import log_record
from queries.tables import entry

SIZE_MAX = 1_000
TRIES_EACH = 200  # draws for each wanted entry, before the span is taken to be too thin


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How many, by which seed, of which days of booking, up to which position of the log."""

    seed: str
    size: int
    first: date
    last: date
    position: int
    by_amount: bool = False


class Drawn(Answer, frozen=True, kw_only=True):
    """An entry of the sample, in the order in which it was drawn, with its evidence."""

    lot: int
    number: int
    written: str
    evidence: DrillDown


class Sample(Answer, frozen=True, kw_only=True):
    """The sample with all that it takes to draw it again; `hash` is that of the record at
    `position`, which fixes what was drawn from."""

    seed: str
    by_amount: bool
    first: date
    last: date
    position: int
    hash: str
    population: int
    items: tuple[Drawn, ...]


async def draw(reader: Reader, asked: Asked) -> Sample:
    """Draw it. Raises InvalidRequest."""
    if not 1 <= asked.size <= SIZE_MAX:
        raise InvalidRequest(field="size", reason=f"is between 1 and {SIZE_MAX}")
    fixed = await reader.first(
        sa.select(log_record.c.hash).where(log_record.c.position == asked.position)
    )
    if fixed is None:
        raise InvalidRequest(field="position", reason="is not one of the log's, or not yet read")
    ranges = await _ranges(reader, asked)
    population = sum(row.many for row in ranges)
    wanted = min(asked.size, population)
    numbers = await (
        _by_amount(reader, asked, wanted)
        if asked.by_amount
        else _by_lot(reader, asked, ranges, wanted)
    )
    items = []
    for lot, number in enumerate(numbers, start=1):
        found = await journal.one(reader, number)
        evidence = await drill_down.of(reader, By(transaction_id=found.transaction_id))
        items.append(Drawn(lot=lot, number=number, written=found.written, evidence=evidence))
    return Sample(
        seed=asked.seed,
        by_amount=asked.by_amount,
        first=asked.first,
        last=asked.last,
        position=asked.position,
        hash=bytes(fixed.hash).hex(),
        population=population,
        items=tuple(items),
    )


def lots(seed: str, below: int) -> Iterator[int]:
    """Whole numbers from zero up to, but not, `below`: for one seed always the same ones."""
    turn = 0
    while True:
        drawn = hashlib.sha256(f"{seed}/{turn}".encode()).digest()
        yield int.from_bytes(drawn, "big") % below
        turn += 1


def _within(asked: Asked) -> tuple[sa.ColumnElement[bool], ...]:
    days = entry.c.booking_date.between(asked.first, asked.last)
    return (days, entry.c.position <= asked.position)


async def _ranges(reader: Reader, asked: Asked) -> Any:
    """Of each fiscal year the first and last number in the span; numbers have no gaps."""
    year = sa.cast(sa.func.extract("year", entry.c.booking_date), sa.Integer())
    return await reader.all(
        sa.select(
            sa.func.min(entry.c.number).label("first"),
            sa.func.max(entry.c.number).label("last"),
            sa.func.count().label("many"),
        )
        .where(*_within(asked))
        .group_by(year)
        .order_by(sa.func.min(entry.c.number))
    )


async def _by_lot(reader: Reader, asked: Asked, ranges: Any, wanted: int) -> list[int]:
    """Numbers by lot; one that is not of the span is drawn again."""
    total = sum(row.last - row.first + 1 for row in ranges)
    if not total:
        return []
    seen: set[int] = set()
    drawn: list[int] = []
    for turn, lot in enumerate(lots(asked.seed, total)):
        number = lot
        for row in ranges:
            size = row.last - row.first + 1
            if number < size:
                number += row.first
                break
            number -= size
        if number not in seen:
            seen.add(number)
            row = await reader.first(
                sa.select(entry.c.number).where(entry.c.number == number, *_within(asked))
            )
            drawn += [] if row is None else [number]
        if len(drawn) == wanted or turn > TRIES_EACH * wanted:
            break
    return drawn


async def _by_amount(reader: Reader, asked: Asked, wanted: int) -> list[int]:
    """Escudos by lot: an entry is drawn by any of its centavos, a large one more than once."""
    amount = sa.cast(sa.func.sum(entry.c.amount), sa.BigInteger()).label("amount")
    days = await reader.all(
        sa.select(entry.c.booking_date.label("day"), amount)
        .where(*_within(asked))
        .group_by(entry.c.booking_date)
        .order_by(entry.c.booking_date)
    )
    total = sum(row.amount for row in days)
    drawn: dict[int, None] = {}
    for turn, lot in enumerate(lots(asked.seed, total) if total else ()):
        left = lot
        for row in days:
            if left < row.amount:
                number = await _centavo(reader, asked, row.day, left)
                drawn[number] = None
                break
            left -= row.amount
        if len(drawn) == wanted or turn > TRIES_EACH * wanted:
            break
    return list(drawn)


async def _centavo(reader: Reader, asked: Asked, day: date, place: int) -> int:
    """The entry that has this centavo of a day."""
    so_far = sa.func.sum(entry.c.amount).over(order_by=entry.c.number)
    of_day = (
        sa.select(entry.c.number, so_far.label("so_far"))
        .where(entry.c.booking_date == day, entry.c.position <= asked.position)
        .subquery()
    )
    row = await reader.first(
        sa.select(of_day.c.number).where(of_day.c.so_far > place).order_by(of_day.c.so_far).limit(1)
    )
    assert row is not None, "a day has as many centavos as were counted"
    number: int = row.number
    return number
