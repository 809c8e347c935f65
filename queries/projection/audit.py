"""Who did what: every record of the log, and the notes of the trail once a record takes them up."""

from __future__ import annotations

from queries.projection.step import Step

RECORDS = """
    INSERT INTO audit (
        happened_at, position, note, kind, actor, session, request_id, subject, outcome, times
    )
    SELECT
        l.recorded_at, l.position, 0, l.kind, l.actor, l.session, l.request_id, l.subject,
        l.outcome, 1
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s
"""

# The first id that was asked for is whom it is about.
NOTES = """
    INSERT INTO audit (
        happened_at, position, note, kind, actor, session, request_id, subject, route, asked,
        outcome, times
    )
    SELECT
        n.recorded_at, l.position, n.position,
        CASE n.what WHEN 'read' THEN 'data.read' ELSE 'request.refused' END,
        n.actor, n.session, n.request_id,
        substring(n.asked FROM '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}')::uuid,
        n.route, n.asked, n.outcome, n.times
    FROM ledger.log AS l
    INNER JOIN ledger.trail AS n
        ON
            n.position > (l.payload ->> 'after')::bigint
            AND n.position <= (l.payload ->> 'position')::bigint
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'trail.sealed'
"""

STEPS = (Step(RECORDS, ("",)), Step(NOTES, ("trail.sealed",)))
