"""The trust's bank beside our books: statements, their lines, and what only one of the two has.

Books and bank agree when

    balance of 1010 = closing balance + in transit − open − explained

for the entries that are valued since the first statement: *in transit* is in our books and on no
statement yet, *open* is on a statement and not in our books. What is left is `difference`: what our
books held before the first statement against what that one began with.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger import chart
from ledger.errors import NotFound
from ledger.money import CVE, Money
from queries import cursor as cursors
from queries.answer import Answer
from queries.bank_tables import bank_line, bank_statement
from queries.reader import Reader
from queries.tables import account, entry, line

LIST_MAX = 200
OPEN_MAX = 5_000  # open lines, and entries, that are looked at in one matching
EARLIER = timedelta(days=10)  # before the first statement: an entry may have been on its way


class Statement(Answer, frozen=True, kw_only=True):
    """A statement; `open` of its lines are in our books nowhere."""

    statement_id: UUID
    account: str
    number: int
    first_day: date
    last_day: date
    opening: Money
    closing: Money
    lines: int
    open: int
    taken_in_by: str
    taken_in_at: datetime


class Statements(Answer, frozen=True, kw_only=True):
    """A page of them, newest first."""

    items: tuple[Statement, ...]
    next_cursor: str | None


class Line(Answer, frozen=True, kw_only=True):
    """A line as the bank states it: `amount` is above nothing when money came in."""

    line_id: UUID
    number: int
    amount: Money
    reference: str
    booked_on: date
    value_on: date
    state: str
    rule: str | None
    entry_number: int | None
    evidence: str | None


class StatementDetail(Statement, frozen=True, kw_only=True):
    """The same with all of its lines, in its order."""

    items: tuple[Line, ...]


class InTransit(Answer, frozen=True, kw_only=True):
    """A line of an entry on the trust's account that no statement has shown yet."""

    entry_number: int
    entry_line: int
    kind: str
    transaction_id: UUID
    amount: Money
    reference: str | None
    value_date: date


class Reconciliation(Answer, frozen=True, kw_only=True):
    """How books and bank come together. Lists leave the newest out when there are too many; sums
    and counts are of all."""

    position: int
    books: Money
    statement: Statement | None
    in_transit: Money
    in_transit_count: int
    in_transit_items: tuple[InTransit, ...]
    open: Money
    open_count: int
    open_items: tuple[Line, ...]
    explained: Money
    difference: Money


class OpenLine(msgspec.Struct, frozen=True):
    """An open line, as rules look at it."""

    id: UUID
    amount: int
    reference: str
    value_on: date


class Ours(msgspec.Struct, frozen=True):
    """A line of an entry on the trust's account that is matched with nothing yet."""

    entry_number: int
    entry_line: int
    kind: str
    amount: int
    reference_key: str | None
    value_date: date


OPEN_OF = (
    sa.select(sa.func.count())
    .where(bank_line.c.statement_id == bank_statement.c.id, bank_line.c.state == "open")
    .scalar_subquery()
    .label("open")
)
_statements = sa.select(bank_statement, OPEN_OF).order_by(bank_statement.c.position.desc())
IS_TRUST = line.c.code == chart.TRUST_BANK
UNMATCHED = ~sa.exists().where(
    bank_line.c.entry_number == line.c.entry_number, bank_line.c.entry_line == line.c.line_number
)


async def statements(
    reader: Reader, limit: int = cursors.PAGE_USUAL, after: str | None = None
) -> Statements:
    """Statements, newest first. Raises InvalidRequest for a wrong limit or cursor."""
    limit = cursors.require_page(limit)
    query = _statements.limit(limit + 1)
    if after is not None:
        before = cursors.read(after, "bank", cursors.Number)
        query = query.where(bank_statement.c.position < before)
    rows = await reader.all(query)
    more = len(rows) > limit
    return Statements(
        items=tuple(_statement(row) for row in rows[:limit]),
        next_cursor=cursors.write("bank", rows[limit - 1].position) if more else None,
    )


async def statement(reader: Reader, statement_id: UUID) -> StatementDetail:
    """One statement. Raises NotFound."""
    found = await reader.first(_statements.where(bank_statement.c.id == statement_id))
    if found is None:
        raise NotFound("There is no such statement.")
    rows = await reader.all(
        sa.select(bank_line)
        .where(bank_line.c.statement_id == statement_id)
        .order_by(bank_line.c.number)
    )
    return StatementDetail(
        **msgspec.structs.asdict(_statement(found)), items=tuple(_line(row) for row in rows)
    )


async def reconciliation(reader: Reader) -> Reconciliation:
    """Books and bank, as they stand now."""
    position = await reader.position()
    newest = await reader.first(_statements.limit(1))
    first = await reader.first(
        sa.select(bank_statement).order_by(bank_statement.c.first_day, bank_statement.c.number)
    )
    books = await _sum(
        reader,
        sa.select(account.c.balance.label("amount")).where(account.c.code == chart.TRUST_BANK),
    )
    if newest is None or first is None:
        return _not_begun(position, books)
    opened, explained = await _lines_in(reader, "open"), await _lines_in(reader, "explained")
    unmatched = _unmatched(first.first_day)
    transit = await _sum(reader, unmatched)
    count = await reader.first(sa.select(sa.func.count()).select_from(unmatched.subquery()))
    shown = await reader.all(
        unmatched.order_by(line.c.value_date, line.c.entry_number).limit(LIST_MAX)
    )
    open_items = await reader.all(
        sa.select(bank_line)
        .where(bank_line.c.state == "open")
        .order_by(bank_line.c.booked_on, bank_line.c.id)
        .limit(LIST_MAX)
    )
    difference = books - newest.closing - transit + opened.total + explained.total
    return Reconciliation(
        position=position,
        books=Money(books, CVE),
        statement=_statement(newest),
        in_transit=Money(transit, CVE),
        in_transit_count=0 if count is None else int(count[0]),
        in_transit_items=tuple(_in_transit(row) for row in shown),
        open=Money(opened.total, CVE),
        open_count=opened.count,
        open_items=tuple(_line(row) for row in open_items),
        explained=Money(explained.total, CVE),
        difference=Money(difference, CVE),
    )


async def open_lines(reader: Reader) -> list[OpenLine]:
    """The lines that wait, the oldest first."""
    rows = await reader.all(
        sa.select(bank_line.c.id, bank_line.c.amount, bank_line.c.reference, bank_line.c.value_on)
        .where(bank_line.c.state == "open")
        .order_by(bank_line.c.booked_on, bank_line.c.id)
        .limit(OPEN_MAX)
    )
    return [OpenLine(row.id, row.amount, row.reference, row.value_on) for row in rows]


async def ours(reader: Reader, since: date) -> list[Ours]:
    """What of our books may be on a statement that begins on this day, or on a later one: the
    oldest first."""
    rows = await reader.all(
        _unmatched(since - EARLIER)
        .order_by(line.c.value_date, line.c.entry_number, line.c.line_number)
        .limit(OPEN_MAX)
    )
    return [
        Ours(
            row.entry_number,
            row.line_number,
            row.kind,
            row.amount,
            row.reference_key,
            row.value_date,
        )
        for row in rows
    ]


async def first_day(reader: Reader) -> date | None:
    """The day with which the first statement begins; None before there is one."""
    row = await reader.first(sa.select(sa.func.min(bank_statement.c.first_day).label("day")))
    return None if row is None else row.day


class _Total(msgspec.Struct, frozen=True):
    count: int
    total: int


async def _lines_in(reader: Reader, state: str) -> _Total:
    row = await reader.first(
        sa.select(
            sa.func.count().label("lines"),
            sa.func.coalesce(sa.func.sum(bank_line.c.amount), 0).label("total"),
        ).where(bank_line.c.state == state)
    )
    assert row is not None, "a sum is one row"
    return _Total(int(row.lines), int(row.total))


async def _sum(reader: Reader, amounts: sa.Select[Any]) -> int:
    found = amounts.subquery()
    row = await reader.first(sa.select(sa.func.coalesce(sa.func.sum(found.c.amount), 0)))
    return 0 if row is None else int(row[0])


def _unmatched(since: date) -> sa.Select[Any]:
    """Lines on the trust's account, valued since a day, that are on no statement."""
    return (
        sa.select(
            line.c.entry_number,
            line.c.line_number,
            line.c.amount,
            line.c.value_date,
            entry.c.kind,
            entry.c.transaction_id,
            entry.c.reference,
            entry.c.reference_key,
        )
        .join_from(line, entry, entry.c.number == line.c.entry_number)
        .where(IS_TRUST, line.c.value_date >= since, UNMATCHED)
    )


def _not_begun(position: int, books: int) -> Reconciliation:
    """There is no statement yet: all that the books hold is unproven."""
    nothing = Money(0, CVE)
    return Reconciliation(
        position=position,
        books=Money(books, CVE),
        statement=None,
        in_transit=nothing,
        in_transit_count=0,
        in_transit_items=(),
        open=nothing,
        open_count=0,
        open_items=(),
        explained=nothing,
        difference=Money(books, CVE),
    )


def _statement(row: sa.Row[Any]) -> Statement:
    return Statement(
        statement_id=row.id,
        account=row.account,
        number=row.number,
        first_day=row.first_day,
        last_day=row.last_day,
        opening=Money(row.opening, CVE),
        closing=Money(row.closing, CVE),
        lines=row.lines,
        open=row.open,
        taken_in_by=row.actor,
        taken_in_at=row.taken_in_at,
    )


def _line(row: sa.Row[Any]) -> Line:
    return Line(
        line_id=row.id,
        number=row.number,
        amount=Money(row.amount, CVE),
        reference=row.reference,
        booked_on=row.booked_on,
        value_on=row.value_on,
        state=row.state,
        rule=row.rule,
        entry_number=row.entry_number,
        evidence=row.evidence,
    )


def _in_transit(row: sa.Row[Any]) -> InTransit:
    return InTransit(
        entry_number=row.entry_number,
        entry_line=row.line_number,
        kind=row.kind,
        transaction_id=row.transaction_id,
        amount=Money(row.amount, CVE),
        reference=row.reference,
        value_date=row.value_date,
    )
