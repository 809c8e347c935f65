"""Claims on withdrawals, with what machines and files say beside them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger.errors import NotFound
from ledger.money import CVE, Money
from queries.answer import Answer
from queries.care_tables import claim, evidence
from queries.reader import Reader
from queries.tables import withdrawal

LIST_MAX = 200
EVIDENCE_MAX = 100


class OwnClaim(Answer, frozen=True, kw_only=True):
    """How a customer's claim stands. `paid` is what came back, with the fee; null until then."""

    transaction_id: UUID
    status: str
    asked: Money
    received: Money
    paid: Money | None
    opened_at: datetime
    timestamp: datetime


class Evidence(Answer, frozen=True, kw_only=True):
    """What one source says was dispensed, and who said so."""

    source: str
    dispensed: Money
    note: str
    by: str
    added_at: datetime


class Claim(Answer, frozen=True, kw_only=True):
    """A claim as whoever decides about it sees it. The trace names the machine's operation."""

    transaction_id: UUID
    user_id: UUID
    status: str
    asked: Money
    received: Money
    paid: Money | None
    withdrawal_status: str
    terminal_id: str | None
    rrn: str | None
    stan: str | None
    local_date: date | None
    settlement_date: date | None
    resolution: str | None
    opened_at: datetime
    timestamp: datetime
    evidence: tuple[Evidence, ...]


class Claims(Answer, frozen=True, kw_only=True):
    """Open claims, the oldest first; the newest are left out when there are too many."""

    items: tuple[Claim, ...]


CLAIMS = sa.select(
    claim,
    withdrawal.c.state.label("withdrawal_state"),
    withdrawal.c.terminal_id,
    withdrawal.c.rrn,
    withdrawal.c.stan,
    withdrawal.c.local_date,
    withdrawal.c.settlement_date,
).join_from(claim, withdrawal, withdrawal.c.id == claim.c.withdrawal_id)


async def own(reader: Reader, user_id: UUID, transaction_id: UUID) -> OwnClaim:
    """A customer's own claim. Raises NotFound."""
    row = await reader.first(
        CLAIMS.where(claim.c.withdrawal_id == transaction_id, claim.c.user_id == user_id)
    )
    if row is None:
        raise NotFound
    return OwnClaim(
        transaction_id=row.withdrawal_id,
        status=row.state,
        asked=Money(row.captured, CVE),
        received=Money(row.received, CVE),
        paid=_paid(row),
        opened_at=row.opened_at,
        timestamp=row.updated_at,
    )


async def one(reader: Reader, transaction_id: UUID) -> Claim:
    """A claim with all that is beside it. Raises NotFound."""
    row = await reader.first(CLAIMS.where(claim.c.withdrawal_id == transaction_id))
    if row is None:
        raise NotFound
    pieces = await reader.all(
        sa.select(evidence)
        .where(evidence.c.withdrawal_id == transaction_id)
        .order_by(evidence.c.position)
        .limit(EVIDENCE_MAX)
    )
    return _claim(row, tuple(_evidence(piece) for piece in pieces))


async def open_ones(reader: Reader) -> Claims:
    """What waits for a decision; each claim's evidence stands with it alone."""
    rows = await reader.all(
        CLAIMS.where(claim.c.state == "open")
        .order_by(claim.c.opened_at, claim.c.withdrawal_id)
        .limit(LIST_MAX)
    )
    return Claims(items=tuple(_claim(row, ()) for row in rows))


def _claim(row: sa.Row[Any], pieces: tuple[Evidence, ...]) -> Claim:
    return Claim(
        transaction_id=row.withdrawal_id,
        user_id=row.user_id,
        status=row.state,
        asked=Money(row.captured, CVE),
        received=Money(row.received, CVE),
        paid=_paid(row),
        withdrawal_status=row.withdrawal_state,
        terminal_id=row.terminal_id,
        rrn=row.rrn,
        stan=row.stan,
        local_date=row.local_date,
        settlement_date=row.settlement_date,
        resolution=row.evidence,
        opened_at=row.opened_at,
        timestamp=row.updated_at,
        evidence=pieces,
    )


def _evidence(row: sa.Row[Any]) -> Evidence:
    return Evidence(
        source=row.source,
        dispensed=Money(row.dispensed, CVE),
        note=row.note,
        by=row.actor,
        added_at=row.added_at,
    )


def _paid(row: sa.Row[Any]) -> Money | None:
    return None if row.paid is None else Money(row.paid, CVE)
