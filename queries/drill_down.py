"""Drilling down: a withdrawal, its entries, the switch's messages and who did what, from any of
them to all of them.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.errors import InvalidRequest, NotFound
from ledger.journal import written
from ledger.money import CVE, Money
from queries import journal
from queries.answer import Answer
from queries.journal import Entry
from queries.reader import Reader
from queries.report_tables import log_record
from queries.tables import entry, switch_operation, withdrawal

MANY_MAX = 200  # records of one transaction


class By(msgspec.Struct, frozen=True, kw_only=True):
    """Where to begin: exactly one of these."""

    transaction_id: UUID | None = None
    entry: str | None = None
    rrn: str | None = None
    position: int | None = None


class Message(Answer, frozen=True, kw_only=True):
    """An operation of the switch, by its own keys."""

    acquirer_id: str
    terminal_id: str
    stan: str
    rrn: str
    local_date: date
    response_code: str | None
    amount: Money | None
    reversal_noted: bool
    disputed: Money | None
    dispute_state: str | None
    transaction_id: UUID | None
    first_at: datetime
    updated_at: datetime


class Cash(Answer, frozen=True, kw_only=True):
    """The withdrawal or request at a counter."""

    transaction_id: UUID
    channel: str
    state: str
    user_id: UUID
    wallet_id: UUID
    agent_id: UUID | None
    amount: Money
    fee: Money
    captured: Money | None
    captured_fee: Money | None
    reason: str | None
    tries: int
    acquirer_id: str | None
    terminal_id: str | None
    rrn: str | None
    approval_code: str | None
    settlement_date: date | None
    requested_at: datetime
    updated_at: datetime


class Record(Answer, frozen=True, kw_only=True):
    """A record of the log: who did what when, the entry that it made, and its hash."""

    position: int
    kind: str
    subject: UUID
    actor: str
    request_id: str
    recorded_at: datetime
    entry: str | None
    hash: str


class DrillDown(Answer, frozen=True, kw_only=True):
    """All that is known of one transaction."""

    transaction_id: UUID
    withdrawal: Cash | None
    entries: tuple[Entry, ...]
    messages: tuple[Message, ...]
    records: tuple[Record, ...]


async def of(reader: Reader, by: By) -> DrillDown:
    """From any of its parts. Raises NotFound, InvalidRequest."""
    given = [name for name in By.__struct_fields__ if getattr(by, name) is not None]
    if len(given) != 1:
        raise InvalidRequest(field="transactionId", reason="or entry, rrn, position: one of them")
    id_ = await _transaction(reader, by)
    cash = await reader.first(sa.select(withdrawal).where(withdrawal.c.id == id_))
    entries = await journal.entries_of(reader, id_)
    records = await _records(reader, id_, [each.position for each in entries])
    messages = await _messages(reader, by.rrn or (None if cash is None else cash.rrn))
    if not records:
        raise NotFound
    return DrillDown(
        transaction_id=id_,
        withdrawal=None if cash is None else _cash(cash),
        entries=entries,
        messages=messages,
        records=records,
    )


async def _transaction(reader: Reader, by: By) -> UUID:
    if by.transaction_id is not None:
        return by.transaction_id
    if by.entry is not None:
        number = journal.number_in(by.entry)
        query = sa.select(entry.c.transaction_id.label("id")).where(entry.c.number == number)
    elif by.rrn is not None:
        # Approved ones first: an RRN may have been declined before.
        referred = sa.select(entry.c.transaction_id.label("id")).where(
            entry.c.reference_key == by.rrn
        )
        approved = sa.select(switch_operation.c.withdrawal_id.label("id")).where(
            switch_operation.c.rrn == by.rrn, switch_operation.c.withdrawal_id.is_not(None)
        )
        both = sa.union_all(approved, referred).subquery()
        query = sa.select(both.c.id).limit(1)
    else:
        query = sa.select(
            sa.func.coalesce(entry.c.transaction_id, log_record.c.subject).label("id")
        ).select_from(sa.outerjoin(log_record, entry, entry.c.position == log_record.c.position))
        query = query.where(log_record.c.position == by.position)
    row = await reader.first(query)
    if row is None:
        raise NotFound
    found: UUID = row.id
    return found


async def _records(reader: Reader, id_: UUID, positions: list[int]) -> tuple[Record, ...]:
    rows = await reader.all(
        sa.select(log_record)
        .where(sa.or_(log_record.c.subject == id_, log_record.c.position.in_(positions)))
        .order_by(log_record.c.position)
        .limit(MANY_MAX)
    )
    return tuple(
        Record(
            position=row.position,
            kind=row.kind,
            subject=row.subject,
            actor=row.actor,
            request_id=row.request_id,
            recorded_at=row.recorded_at,
            entry=None if row.entry_number is None else written(row.entry_number),
            hash=bytes(row.hash).hex(),
        )
        for row in rows
    )


async def _messages(reader: Reader, rrn: str | None) -> tuple[Message, ...]:
    """By the number that the switch calls an operation by, in every message about it."""
    if rrn is None:
        return ()
    rows = await reader.all(
        sa.select(switch_operation)
        .where(switch_operation.c.rrn == rrn)
        .order_by(switch_operation.c.first_at)
        .limit(MANY_MAX)
    )
    return tuple(_message(row) for row in rows)


def _message(row: sa.Row[Any]) -> Message:
    return Message(
        acquirer_id=row.acquirer_id,
        terminal_id=row.terminal_id,
        stan=row.stan,
        rrn=row.rrn,
        local_date=row.local_date,
        response_code=row.response_code,
        amount=_money(row.amount),
        reversal_noted=row.reversal_noted,
        disputed=_money(row.disputed),
        dispute_state=row.dispute_state,
        transaction_id=row.withdrawal_id,
        first_at=row.first_at,
        updated_at=row.updated_at,
    )


def _cash(row: sa.Row[Any]) -> Cash:
    return Cash(
        transaction_id=row.id,
        channel=row.channel,
        state=row.state,
        user_id=row.user_id,
        wallet_id=row.wallet_id,
        agent_id=row.agent_id,
        amount=Money(row.amount, CVE),
        fee=Money(row.fee, CVE),
        captured=_money(row.captured),
        captured_fee=_money(row.captured_fee),
        reason=row.reason,
        tries=row.tries,
        acquirer_id=row.acquirer_id,
        terminal_id=row.terminal_id,
        rrn=row.rrn,
        approval_code=row.approval_code,
        settlement_date=row.settlement_date,
        requested_at=row.requested_at,
        updated_at=row.updated_at,
    )


def _money(minor: int | None) -> Money | None:
    return None if minor is None else Money(minor, CVE)
