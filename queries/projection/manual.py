"""Manual entries: what is to be taken back, what recurs, templates."""

from __future__ import annotations

from queries.projection.step import Step

PLAN = """
    INSERT INTO planned_reversal (entry_number, reverse_on, state)
    SELECT l.entry_number, (l.payload ->> 'reverseOn')::date, 'planned'
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind = 'manual.posted' AND l.payload ->> 'reverseOn' IS NOT NULL
"""

# Whoever has reversed it first: its day, or people.
REVERSE = """
    UPDATE planned_reversal AS p
    SET
        state = CASE l.kind WHEN 'manual.reversed' THEN 'reversed' ELSE 'not_reversed' END,
        reversed_by = coalesce(l.entry_number, (l.payload ->> 'by')::bigint)
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind IN ('manual.reversed', 'manual.not_reversed')
        AND p.entry_number = (l.payload ->> 'reverses')::bigint
"""

START = """
    INSERT INTO recurring_entry (
        id, name, content, next_on, state, times, approved_by, started_at
    )
    SELECT
        l.subject, l.payload ->> 'name', l.payload ->> 'content',
        (l.payload ->> 'nextOn')::date, l.payload ->> 'state', 0,
        (l.payload ->> 'checker')::uuid, l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'recurring.started'
"""

# The newest word of each in the batch says it all, but for how often it has posted.
RECUR = """
    UPDATE recurring_entry AS r
    SET
        next_on = n.next_on, state = n.state, times = r.times + n.times,
        last_entry = coalesce(n.last_entry, r.last_entry),
        ended_reason = coalesce(n.reason, r.ended_reason)
    FROM (
        SELECT
            coalesce((l.payload ->> 'recurring')::uuid, l.subject) AS id,
            (array_agg((l.payload ->> 'nextOn')::date ORDER BY l.position DESC))[1] AS next_on,
            (array_agg(l.payload ->> 'state' ORDER BY l.position DESC))[1] AS state,
            (
                array_agg(l.entry_number ORDER BY l.position DESC)
                FILTER (WHERE l.entry_number IS NOT NULL)
            )[1] AS last_entry,
            count(l.entry_number) AS times,
            max(l.payload ->> 'reason') AS reason
        FROM ledger.log AS l
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s
            AND l.kind IN ('manual.recurred', 'recurring.ended')
        GROUP BY 1
    ) AS n
    WHERE r.id = n.id
"""

KEEP = """
    INSERT INTO entry_template (id, name, lines, state, kept_by, kept_at)
    SELECT
        l.subject, l.payload ->> 'name', l.payload ->> 'lines', l.payload ->> 'state',
        (l.payload ->> 'by')::uuid, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'template.kept'
"""

RETIRE = """
    UPDATE entry_template AS t
    SET state = l.payload ->> 'state'
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'template.retired'
        AND t.id = l.subject
"""

STEPS = (
    Step(PLAN, ("manual.posted",)),
    Step(REVERSE, ("manual.reversed", "manual.not_reversed")),
    Step(START, ("recurring.started",)),
    Step(RECUR, ("manual.recurred", "recurring.ended")),
    Step(KEEP, ("template.kept",)),
    Step(RETIRE, ("template.retired",)),
)
