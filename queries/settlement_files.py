"""Settlement files as accountants look at them: what came, what was made of it, what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
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
from queries.reader import Reader
from queries.reconciliation_tables import mismatch, settlement_file, settlement_item
from queries.tables import entry, line, withdrawal

COMPLETED, WAITING = "completed", ("authorised", "in_doubt")
DUE_DAYS = 7  # so long files are looked through for what earlier ones have left out
BOOKED_AROUND = timedelta(days=5)  # of a settlement date, its entries are booked


class File(Answer, frozen=True, kw_only=True):
    """A settlement file: counts and sums as its trailer has them."""

    file_id: UUID
    acquirer_id: str
    number: int
    settlement_date: date
    cut_off_at: datetime
    state: str
    records: int
    captured: int
    captured_amount: Money
    reversed: int
    taken_back: int
    taken_back_amount: Money
    fees: Money
    net: Money
    taken_in_by: str
    taken_in_at: datetime
    matched_at: datetime | None
    open_breaks: int


class Files(Answer, frozen=True, kw_only=True):
    """A page of them, newest first."""

    items: tuple[File, ...]
    next_cursor: str | None


class NewestFile(Answer, frozen=True, kw_only=True):
    """An acquirer's last file; the number is 0 when there is none yet."""

    number: int
    settlement_date: date | None
    state: str | None


class BreakCount(Answer, frozen=True, kw_only=True):
    """Breaks of one kind in one state, and by how much file and books differ in them."""

    kind: str
    state: str
    count: int
    difference: Money


class FileDetail(File, frozen=True, kw_only=True):
    """A file with what matching has made of it. `owed` is what our books owe for its date, not paid
    yet; `interchange` what of the fees was agreed or accepted: what `settle_switch` may pay."""

    key_id: str
    digest: str
    signature: str
    outcomes: dict[str, int]
    breaks: tuple[BreakCount, ...]
    owed: Money
    interchange: Money


class FileItem(Answer, frozen=True, kw_only=True):
    """An item as it stands in the file, and its outcome."""

    number: int
    kind: str
    local_date: date
    terminal_id: str
    rrn: str
    stan: str
    approval_code: str | None
    requested: Money
    amount: Money
    fee: Money
    authorised_at: datetime
    ended_at: datetime
    outcome: str
    transaction_id: UUID | None


class FileItems(Answer, frozen=True, kw_only=True):
    """A page of them, in the file's order."""

    items: tuple[FileItem, ...]
    next_cursor: str | None


class FileFilters(msgspec.Struct, frozen=True, kw_only=True):
    """What a page of files is limited to: settlement dates, both included."""

    acquirer_id: str | None = None
    from_: date | None = None
    to: date | None = None
    state: str | None = None


class Due(msgspec.Struct, frozen=True):
    """A withdrawal that a file should name, by its trace; `settlement_date` and `id` are its place
    among the others."""

    id: UUID
    settlement_date: date
    acquirer_id: str
    terminal_id: str
    stan: str
    rrn: str
    local_date: date


OPEN_BREAKS = (
    sa.select(sa.func.count())
    .where(mismatch.c.file_id == settlement_file.c.id, mismatch.c.state == "open")
    .scalar_subquery()
    .label("open_breaks")
)
FILES = sa.select(settlement_file, OPEN_BREAKS)


async def files(
    reader: Reader, filters: FileFilters, limit: int = cursors.PAGE_USUAL, after: str | None = None
) -> Files:
    """Files, newest first. Raises InvalidRequest for a wrong limit or cursor."""
    limit = cursors.require_page(limit)
    query = FILES.order_by(settlement_file.c.position.desc()).limit(limit + 1)
    for column, value in (
        (settlement_file.c.acquirer_id, filters.acquirer_id),
        (settlement_file.c.state, filters.state),
    ):
        if value is not None:
            query = query.where(column == value)
    if filters.from_ is not None:
        query = query.where(settlement_file.c.settlement_date >= filters.from_)
    if filters.to is not None:
        query = query.where(settlement_file.c.settlement_date <= filters.to)
    if after is not None:
        below = cursors.read(after, filters, cursors.Number)
        query = query.where(settlement_file.c.position < below)
    rows = await reader.all(query)
    return Files(
        items=tuple(File(**_file(row)) for row in rows[:limit]),
        next_cursor=cursors.write(filters, rows[limit - 1].position) if len(rows) > limit else None,
    )


async def file(reader: Reader, file_id: UUID) -> FileDetail:
    """A file with what was made of it. Raises NotFound."""
    row = await reader.first(FILES.where(settlement_file.c.id == file_id))
    if row is None:
        raise NotFound("There is no such file.")
    outcomes = await reader.all(
        sa.select(settlement_item.c.outcome, sa.func.count().label("many"))
        .where(settlement_item.c.file_id == file_id)
        .group_by(settlement_item.c.outcome)
        .order_by(settlement_item.c.outcome)
    )
    breaks = await _breaks_of(reader, file_id)
    refused_fees = sum(each.signed for each in breaks if each.kind == "fee" and not each.accepted)
    return FileDetail(
        **_file(row),
        key_id=row.key_id,
        digest=row.digest,
        signature=row.signature,
        outcomes={each.outcome: each.many for each in outcomes},
        breaks=tuple(
            BreakCount(
                kind=each.kind,
                state=each.state,
                count=each.count,
                difference=Money(each.difference, CVE),
            )
            for each in breaks
        ),
        owed=Money(await _owed(reader, row.settlement_date), CVE),
        interchange=Money(row.fees - refused_fees, CVE),
    )


async def items(
    reader: Reader,
    file_id: UUID,
    outcome: str | None,
    limit: int = cursors.PAGE_USUAL,
    after: str | None = None,
) -> FileItems:
    """Items of a file, in its order. Raises InvalidRequest for a wrong limit or cursor."""
    limit = cursors.require_page(limit)
    known = sa.select(settlement_file.c.id).where(settlement_file.c.id == file_id)
    if await reader.first(known) is None:
        raise NotFound("There is no such file.")
    filters = (file_id, outcome)
    query = (
        sa.select(settlement_item)
        .where(settlement_item.c.file_id == file_id)
        .order_by(settlement_item.c.number)
        .limit(limit + 1)
    )
    if outcome is not None:
        query = query.where(settlement_item.c.outcome == outcome)
    if after is not None:
        query = query.where(settlement_item.c.number > cursors.read(after, filters, cursors.Number))
    rows = await reader.all(query)
    more = len(rows) > limit
    return FileItems(
        items=tuple(_item(row) for row in rows[:limit]),
        next_cursor=cursors.write(filters, rows[limit - 1].number) if more else None,
    )


async def due(
    reader: Reader, acquirer_id: str, on: date, cut_off_at: datetime, after: Due | None, limit: int
) -> Sequence[Due]:
    """Withdrawals that the file of a date should have named and that no file has, in the order of
    dates and ids. Whether each really should, a decision tells."""
    # Counted, not asked for by EXISTS: of a table that has just grown PostgreSQL has no statistics
    # yet, and joins it so that each withdrawal looks at every item.
    named = (
        sa.select(sa.func.count())
        .where(settlement_item.c.withdrawal_id == withdrawal.c.id)
        .scalar_subquery()
    )
    place = sa.tuple_(withdrawal.c.settlement_date, withdrawal.c.id)
    query = (
        sa.select(*(getattr(withdrawal.c, name) for name in Due.__struct_fields__))
        .where(
            withdrawal.c.acquirer_id == acquirer_id,
            withdrawal.c.settlement_date.between(on - timedelta(days=DUE_DAYS), on),
            withdrawal.c.state.in_((COMPLETED, *WAITING)),
            # What came to us after the cut-off may belong to the next file.
            withdrawal.c.state.in_(WAITING) | (withdrawal.c.updated_at <= cut_off_at),
            named == 0,
        )
        .order_by(withdrawal.c.settlement_date, withdrawal.c.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(place > (after.settlement_date, after.id))
    rows = await reader.all(query)
    return [Due(**dict(zip(Due.__struct_fields__, row, strict=True))) for row in rows]


async def newest(reader: Reader, acquirer_id: str) -> NewestFile:
    """An acquirer's last file."""
    row = await reader.first(
        sa.select(settlement_file)
        .where(settlement_file.c.acquirer_id == acquirer_id)
        .order_by(settlement_file.c.position.desc())
        .limit(1)
    )
    if row is None:
        return NewestFile(number=0, settlement_date=None, state=None)
    return NewestFile(number=row.number, settlement_date=row.settlement_date, state=row.state)


class _Count(msgspec.Struct, frozen=True):
    kind: str
    state: str
    count: int
    difference: int
    signed: int

    @property
    def accepted(self) -> bool:
        return self.state == "booked"


async def _breaks_of(reader: Reader, file_id: UUID) -> list[_Count]:
    apart = mismatch.c.in_file - mismatch.c.in_books
    rows = await reader.all(
        sa.select(
            mismatch.c.kind,
            mismatch.c.state,
            sa.func.count().label("many"),
            sa.cast(sa.func.sum(sa.func.abs(apart)), sa.BigInteger()).label("difference"),
            sa.cast(sa.func.sum(apart), sa.BigInteger()).label("signed"),
        )
        .where(mismatch.c.file_id == file_id)
        .group_by(mismatch.c.kind, mismatch.c.state)
        .order_by(mismatch.c.kind, mismatch.c.state)
    )
    return [_Count(row.kind, row.state, row.many, row.difference, row.signed) for row in rows]


async def _owed(reader: Reader, on: date) -> int:
    """What our books owe the switch for a date and have not paid."""
    first = sa.select(sa.func.min(entry.c.number)).where(entry.c.booking_date >= on - BOOKED_AROUND)
    row = await reader.first(
        sa.select(-sa.func.coalesce(sa.func.sum(line.c.amount), 0))
        .join_from(line, entry, entry.c.number == line.c.entry_number)
        .where(
            line.c.code == chart.SWITCH_PAYABLE,
            line.c.entry_number >= first.scalar_subquery(),
            entry.c.value_date == on,
        )
    )
    return 0 if row is None else int(row[0])


def _file(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "file_id": row.id,
        "acquirer_id": row.acquirer_id,
        "number": row.number,
        "settlement_date": row.settlement_date,
        "cut_off_at": row.cut_off_at,
        "state": row.state,
        "records": row.records,
        "captured": row.captured,
        "captured_amount": Money(row.captured_amount, CVE),
        "reversed": row.reversed,
        "taken_back": row.taken_back,
        "taken_back_amount": Money(row.taken_back_amount, CVE),
        "fees": Money(row.fees, CVE),
        "net": Money(row.net, CVE),
        "taken_in_by": row.actor,
        "taken_in_at": row.taken_in_at,
        "matched_at": row.matched_at,
        "open_breaks": row.open_breaks,
    }


def _item(row: sa.Row[Any]) -> FileItem:
    return FileItem(
        number=row.number,
        kind=row.kind,
        local_date=row.local_date,
        terminal_id=row.terminal_id,
        rrn=row.rrn,
        stan=row.stan,
        approval_code=row.approval_code,
        requested=Money(row.requested, CVE),
        amount=Money(row.amount, CVE),
        fee=Money(row.fee, CVE),
        authorised_at=row.authorised_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        transaction_id=row.withdrawal_id,
    )
