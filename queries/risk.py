"""Fraud as operators see it: cases with their hits, the rules with their history, all hits."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger.errors import NotFound
from ledger.money import Money
from queries import cursor as cursors
from queries.answer import Answer
from queries.reader import Reader
from queries.risk_tables import case_event, risk_case, risk_hit, rule_edition

HITS_MAX = 200  # of one case
EVENTS_MAX = 500
EDITIONS_MAX = 500


class Case(Answer, frozen=True, kw_only=True):
    """Why somebody has to look, about whom, and who does. `watch` names machines."""

    case_id: UUID
    rule: str
    action: str
    state: str
    reason: str
    wallet_id: UUID | None
    user_id: UUID | None
    agent_id: UUID | None
    transaction_id: UUID | None
    watch: str | None
    amount: Money | None
    assignee_id: UUID | None
    opened_at: datetime
    timestamp: datetime


class Cases(Answer, frozen=True, kw_only=True):
    """A page of cases, oldest first: that is the order in which they are worked."""

    items: tuple[Case, ...]
    next_cursor: str | None


class Hit(Answer, frozen=True, kw_only=True):
    """A rule that was hit. `action` is None when it did nothing: in dry run, or cleared."""

    rule: str
    edition: int
    action: str | None
    case_id: UUID | None
    wallet_id: UUID | None
    user_id: UUID | None
    agent_id: UUID | None
    watch: str | None
    operation: str | None
    amount: Money | None
    transaction_id: UUID | None
    timestamp: datetime


class Hits(Answer, frozen=True, kw_only=True):
    """A page of hits, newest first."""

    items: tuple[Hit, ...]
    next_cursor: str | None


class CaseEvent(Answer, frozen=True, kw_only=True):
    """Something that was done about a case: assigned, noted, released, refused, closed."""

    kind: str
    author: str
    text: str | None
    timestamp: datetime


class CaseFile(Case, frozen=True, kw_only=True):
    """A case with all that belongs to it."""

    hits: tuple[Hit, ...]
    events: tuple[CaseEvent, ...]


class Rule(Answer, frozen=True, kw_only=True):
    """A rule as an edition has it."""

    name: str
    action: str
    mode: str
    thresholds: dict[str, int]


class RuleEdition(Answer, frozen=True, kw_only=True):
    """All rules as they count from a moment on."""

    edition: int
    valid_from: datetime
    rules: tuple[Rule, ...]


class RuleHistory(Answer, frozen=True, kw_only=True):
    """All editions, newest first; `current` counts now."""

    current: int | None
    editions: tuple[RuleEdition, ...]


async def cases(reader: Reader, state: str | None, limit: int, after: str | None) -> Cases:
    """Cases in a state, or all. Raises InvalidRequest for a cursor of another list."""
    limit = cursors.require_page(limit)
    filters = ("cases", state)
    query = sa.select(risk_case).order_by(risk_case.c.opened_position).limit(limit + 1)
    if state is not None:
        query = query.where(risk_case.c.state == state)
    if after is not None:
        before = cursors.read(after, filters, cursors.Number)
        query = query.where(risk_case.c.opened_position > before)
    rows = await reader.all(query)
    more = len(rows) > limit
    return Cases(
        items=tuple(Case(**_case(row)) for row in rows[:limit]),
        next_cursor=cursors.write(filters, rows[limit - 1].opened_position) if more else None,
    )


async def case(reader: Reader, case_id: UUID) -> CaseFile:
    """A case with its newest hits and all that was done about it. Raises NotFound."""
    row = await reader.first(sa.select(risk_case).where(risk_case.c.id == case_id))
    if row is None:
        raise NotFound
    hits_ = await reader.all(
        sa.select(risk_hit)
        .where(risk_hit.c.case_id == case_id)
        .order_by(risk_hit.c.position.desc())
        .limit(HITS_MAX)
    )
    events = await reader.all(
        sa.select(case_event)
        .where(case_event.c.case_id == case_id)
        .order_by(case_event.c.position)
        .limit(EVENTS_MAX)
    )
    return CaseFile(**_case(row), hits=tuple(map(_hit, hits_)), events=tuple(map(_event, events)))


async def hits(reader: Reader, rule: str | None, limit: int, after: str | None) -> Hits:
    """Hits of a rule, or of all, those in dry run too. Raises InvalidRequest for a cursor of
    another list."""
    limit = cursors.require_page(limit)
    filters = ("hits", rule)
    query = sa.select(risk_hit).order_by(risk_hit.c.position.desc(), risk_hit.c.rule.desc())
    if rule is not None:
        query = query.where(risk_hit.c.rule == rule)
    if after is not None:
        key = cursors.read(after, filters, tuple[int, str])
        query = query.where(sa.tuple_(risk_hit.c.position, risk_hit.c.rule) < key)
    rows = await reader.all(query.limit(limit + 1))
    last = rows[limit - 1] if len(rows) > limit else None
    return Hits(
        items=tuple(map(_hit, rows[:limit])),
        next_cursor=(None if last is None else cursors.write(filters, (last.position, last.rule))),
    )


async def rules(reader: Reader) -> RuleHistory:
    """All editions of the rules, and which one counts now."""
    counts = (rule_edition.c.valid_from <= sa.func.clock_timestamp()).label("counts")
    rows = await reader.all(
        sa.select(rule_edition, counts)
        .order_by(rule_edition.c.valid_from.desc(), rule_edition.c.number.desc())
        .limit(EDITIONS_MAX)
    )
    return RuleHistory(
        current=next((row.number for row in rows if row.counts), None),
        editions=tuple(
            RuleEdition(
                edition=row.number,
                valid_from=row.valid_from,
                rules=tuple(Rule(**rule) for rule in row.rules),
            )
            for row in rows
        ),
    )


def _case(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "case_id": row.id,
        "rule": row.rule,
        "action": row.action,
        "state": row.state,
        "reason": row.reason,
        "wallet_id": row.wallet_id,
        "user_id": row.user_id,
        "agent_id": row.agent_id,
        "transaction_id": row.transaction_id,
        "watch": row.watch,
        "amount": None if row.amount is None else Money(row.amount),
        "assignee_id": row.assignee_id,
        "opened_at": row.opened_at,
        "timestamp": row.updated_at,
    }


def _hit(row: sa.Row[Any]) -> Hit:
    return Hit(
        rule=row.rule,
        edition=row.edition,
        action=row.action,
        case_id=row.case_id,
        wallet_id=row.wallet_id,
        user_id=row.user_id,
        agent_id=row.agent_id,
        watch=row.watch,
        operation=row.operation,
        amount=None if row.amount is None else Money(row.amount),
        transaction_id=row.transaction_id,
        timestamp=row.hit_at,
    )


def _event(row: sa.Row[Any]) -> CaseEvent:
    return CaseEvent(kind=row.kind, author=row.author, text=row.body, timestamp=row.happened_at)
