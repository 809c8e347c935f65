"""Periods: every step that a month has taken."""

from __future__ import annotations

from queries.projection.step import Step

FILE_STEPS = """
    INSERT INTO period_event (
        position, month, what, state, soft_closed_to, closed_to, done_by, proposal_id, reason,
        lines, happened_at
    )
    SELECT
        l.position, (l.payload ->> 'month' || '-01')::date, split_part(l.kind, '.', 2),
        l.payload ->> 'state', (l.payload ->> 'softClosedTo')::date,
        (l.payload ->> 'closedTo')::date, (l.payload ->> 'by')::uuid,
        (l.payload ->> 'proposal')::uuid, nullif(l.payload ->> 'reason', ''),
        l.payload -> 'lines', l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind IN ('period.soft_closed', 'period.closed', 'period.reopened')
"""

STEPS = (Step(FILE_STEPS, ("period.",)),)
