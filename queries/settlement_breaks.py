"""Breaks as matching has found them, with three legs beside each other: the switch's file, our
books, and what the machine's own count or journal says. And what is still in doubt.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger import chart
from ledger.money import CVE, Money
from queries import cursor as cursors
from queries.answer import Answer
from queries.care_tables import evidence
from queries.reader import Reader
from queries.reconciliation_tables import absence, mismatch
from queries.tables import withdrawal

MACHINES_OWN = ("cassette_count", "atm_journal")
LIST_MAX = 200


class Posts(Answer, frozen=True, kw_only=True):
    """What booking a break debits and credits, by codes of the chart."""

    debit: str
    credit: str
    amount: Money
    value_date: date


class MachineSays(Answer, frozen=True, kw_only=True):
    """The third leg: the newest that a machine's own count or journal says was dispensed."""

    source: str
    dispensed: Money
    note: str


class FoundBreak(Answer, frozen=True, kw_only=True):
    """A break as matching has found it. It is ended by two people: the proposal `resolve_mismatch`
    with `mismatchId` and an `end`; `book` would then post what stands in `posts`."""

    mismatch_id: UUID
    kind: str
    state: str
    file_id: UUID
    number: int | None
    acquirer_id: str
    terminal_id: str
    stan: str
    rrn: str
    local_date: date
    transaction_id: UUID | None
    in_file: Money
    in_books: Money
    machine_says: MachineSays | None
    withdrawal_status: str | None
    file_date: date
    book_date: date | None
    posts: tuple[Posts, ...]
    evidence: str | None
    found_at: datetime
    timestamp: datetime


class FoundBreaks(Answer, frozen=True, kw_only=True):
    """A page of them, newest first."""

    items: tuple[FoundBreak, ...]
    next_cursor: str | None


class Doubt(Answer, frozen=True, kw_only=True):
    """A withdrawal that no word of the switch has ended yet: of so many settlement dates the files
    have not named it. With enough of them, and a machine that says nothing else, two people may
    release it."""

    transaction_id: UUID
    status: str
    amount: Money
    terminal_id: str | None
    rrn: str | None
    settlement_date: date | None
    absences: int
    absent_on: date | None
    machine_says: MachineSays | None
    timestamp: datetime


class Doubts(Answer, frozen=True, kw_only=True):
    """The longest first; the newest are left out when there are too many."""

    items: tuple[Doubt, ...]


class BreakFilters(msgspec.Struct, frozen=True, kw_only=True):
    """What a page of breaks is limited to: the file's settlement dates, both included."""

    kind: str | None = None
    state: str | None = None
    file_id: UUID | None = None
    transaction_id: UUID | None = None
    from_: date | None = None
    to: date | None = None


MACHINE = (
    sa.select(evidence.c.source, evidence.c.dispensed, evidence.c.note)
    .where(evidence.c.source.in_(MACHINES_OWN))
    .order_by(evidence.c.position.desc())
    .limit(1)
)


async def breaks(
    reader: Reader,
    filters: BreakFilters,
    limit: int = cursors.PAGE_USUAL,
    after: str | None = None,
) -> FoundBreaks:
    """Breaks, newest first. Raises InvalidRequest for a wrong limit or cursor."""
    limit = cursors.require_page(limit)
    machine = MACHINE.where(evidence.c.withdrawal_id == mismatch.c.withdrawal_id).lateral("machine")
    query = (
        sa.select(
            mismatch,
            withdrawal.c.state.label("withdrawal_state"),
            machine.c.source.label("machine_source"),
            machine.c.dispensed,
            machine.c.note,
        )
        .select_from(mismatch)
        .outerjoin(withdrawal, withdrawal.c.id == mismatch.c.withdrawal_id)
        .outerjoin(machine, sa.true())
        .order_by(mismatch.c.position.desc())
        .limit(limit + 1)
    )
    for column, value in (
        (mismatch.c.kind, filters.kind),
        (mismatch.c.state, filters.state),
        (mismatch.c.file_id, filters.file_id),
        (mismatch.c.withdrawal_id, filters.transaction_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if filters.from_ is not None:
        query = query.where(mismatch.c.file_date >= filters.from_)
    if filters.to is not None:
        query = query.where(mismatch.c.file_date <= filters.to)
    if after is not None:
        query = query.where(mismatch.c.position < cursors.read(after, filters, cursors.Number))
    rows = await reader.all(query)
    return FoundBreaks(
        items=tuple(_break(row) for row in rows[:limit]),
        next_cursor=cursors.write(filters, rows[limit - 1].position) if len(rows) > limit else None,
    )


async def doubts(reader: Reader) -> Doubts:
    """What still waits for a word of the switch after its deadline."""
    machine = MACHINE.where(evidence.c.withdrawal_id == withdrawal.c.id).lateral("machine")
    rows = await reader.all(
        sa.select(
            withdrawal,
            absence.c.absences,
            absence.c.absent_on,
            machine.c.source.label("machine_source"),
            machine.c.dispensed,
            machine.c.note,
        )
        .select_from(withdrawal)
        .outerjoin(absence, absence.c.withdrawal_id == withdrawal.c.id)
        .outerjoin(machine, sa.true())
        .where(withdrawal.c.state == "in_doubt")
        .order_by(withdrawal.c.settlement_date, withdrawal.c.id)
        .limit(LIST_MAX)
    )
    return Doubts(
        items=tuple(
            Doubt(
                transaction_id=row.id,
                status=row.state,
                amount=Money(row.amount, CVE),
                terminal_id=row.terminal_id,
                rrn=row.rrn,
                settlement_date=row.settlement_date,
                absences=row.absences or 0,
                absent_on=row.absent_on,
                machine_says=_machine(row),
                timestamp=row.updated_at,
            )
            for row in rows
        )
    )


def _break(row: sa.Row[Any]) -> FoundBreak:
    return FoundBreak(
        mismatch_id=row.id,
        kind=row.kind,
        state=row.state,
        file_id=row.file_id,
        number=row.number,
        acquirer_id=row.acquirer_id,
        terminal_id=row.terminal_id,
        stan=row.stan,
        rrn=row.rrn,
        local_date=row.local_date,
        transaction_id=row.withdrawal_id,
        in_file=Money(row.in_file, CVE),
        in_books=Money(row.in_books, CVE),
        machine_says=_machine(row),
        withdrawal_status=row.withdrawal_state,
        file_date=row.file_date,
        book_date=row.book_date,
        posts=_posts(row) if row.state == "open" else (),
        evidence=row.evidence,
        found_at=row.found_at,
        timestamp=row.updated_at,
    )


def _machine(row: sa.Row[Any]) -> MachineSays | None:
    if row.machine_source is None:
        return None
    return MachineSays(
        source=row.machine_source, dispensed=Money(row.dispensed, CVE), note=row.note
    )


def _posts(row: sa.Row[Any]) -> tuple[Posts, ...]:
    """What booking it would post; a fee that comes back with the amount is not in it."""
    apart = row.in_file - row.in_books
    on = row.book_date or row.file_date
    suspense, owed, unclaimed = (
        chart.SUSPENSE_BREAKS,
        chart.SWITCH_PAYABLE,
        chart.UNIDENTIFIED_CREDITS,
    )
    match row.kind:
        case "fee":
            return ()
        case "late" | "wrong_date":
            return (
                _post(owed, suspense, row.in_books, on),
                _post(suspense, owed, row.in_file, row.file_date),
            )
        case "reversed_there_only":
            return (_post(owed, chart.WALLET, -apart, on),)
        case _ if apart >= 0:
            return (_post(suspense, owed, apart, row.file_date),)
        case _:
            return (_post(owed, unclaimed, -apart, on),)


def _post(debit: str, credit: str, minor: int, value_date: date) -> Posts:
    return Posts(debit=debit, credit=credit, amount=Money(minor, CVE), value_date=value_date)
