"""What became of an operation of the switch, by its reference number, for its own acquirer only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger.errors import NotFound
from ledger.money import CVE, Money
from queries.answer import Answer
from queries.reader import Reader
from queries.tables import switch_operation, withdrawal

OPERATIONS_MAX = 50  # that one reference number may name on one day, over all terminals


class SwitchOperation(Answer, frozen=True, kw_only=True):
    """One trace. `state` is the withdrawal's, or declined, or reversed when only that came.

    `response_code` is null when there never was an authorisation. `paid` is what was captured,
    `disputed` what the switch says was paid beyond any hold, and `dispute` how that stands.
    """

    acquirer_id: str
    terminal_id: str
    stan: str
    rrn: str
    local_date: date
    state: str
    response_code: str | None
    approval_code: str | None
    transaction_id: UUID | None
    amount: Money | None
    paid: Money | None
    disputed: Money | None
    dispute: str | None
    settlement_date: date | None
    timestamp: datetime


class SwitchOperations(Answer, frozen=True, kw_only=True):
    """All operations with this reference number on this day, by terminal and STAN."""

    items: tuple[SwitchOperation, ...]


async def by_rrn(reader: Reader, acquirer_id: str, rrn: str, local_date: date) -> SwitchOperations:
    """The operations with a retrieval reference number. Raises NotFound when there is none."""
    operation = switch_operation
    rows = await reader.all(
        sa.select(
            operation,
            withdrawal.c.state,
            withdrawal.c.captured,
            withdrawal.c.approval_code,
            withdrawal.c.settlement_date,
            sa.func.greatest(operation.c.updated_at, withdrawal.c.updated_at).label("changed_at"),
        )
        .outerjoin_from(operation, withdrawal, withdrawal.c.id == operation.c.withdrawal_id)
        .where(
            operation.c.acquirer_id == acquirer_id,
            operation.c.rrn == rrn,
            operation.c.local_date == local_date,
        )
        .order_by(operation.c.terminal_id, operation.c.stan)
        .limit(OPERATIONS_MAX)
    )
    if not rows:
        raise NotFound
    return SwitchOperations(items=tuple(_operation(row) for row in rows))


def _operation(row: sa.Row[Any]) -> SwitchOperation:
    return SwitchOperation(
        acquirer_id=row.acquirer_id,
        terminal_id=row.terminal_id,
        stan=row.stan,
        rrn=row.rrn,
        local_date=row.local_date,
        state=_state(row),
        response_code=row.response_code,
        approval_code=row.approval_code,
        transaction_id=row.withdrawal_id,
        amount=_escudos(row.amount),
        paid=_escudos(row.captured) if row.state == "completed" else None,
        disputed=_escudos(row.disputed),
        dispute=row.dispute_state,
        settlement_date=row.settlement_date,
        timestamp=row.changed_at,
    )


def _state(row: sa.Row[Any]) -> str:
    if row.state is not None:
        state: str = row.state
        return state
    if row.response_code is not None:
        return "declined"
    return "reversed" if row.reversal_noted else "disputed"


def _escudos(minor: int | None) -> Money | None:
    """The switch's amounts are in escudos: our profile of its messages knows no other currency."""
    return None if minor is None else Money(minor, CVE)
