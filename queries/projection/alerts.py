"""Alerts as they stand: those that were judged, and floats, which tell of themselves."""

from __future__ import annotations

from queries.projection.step import Step

KINDS = ("alert.raised", "alert.cleared", "float.low", "float.ok")

# The newest word counts; it was raised as often as a record said so.
CHANGE = """
    INSERT INTO alert AS a (
        id, name, about, raised, value, level, unit, times, raised_at, cleared_at, position
    )
    SELECT
        n.id, n.name, n.about, n.raised, n.value, n.level, n.unit, n.times, n.raised_at,
        CASE WHEN NOT n.raised THEN n.recorded_at END, n.position
    FROM (
        SELECT DISTINCT ON (f.id)
            f.id, f.name, f.about, f.raised, f.value, f.level, f.unit, f.recorded_at, f.position,
            count(*) FILTER (WHERE f.raised) OVER (PARTITION BY f.id) AS times,
            coalesce(
                max(f.recorded_at) FILTER (WHERE f.raised) OVER (PARTITION BY f.id), f.recorded_at
            ) AS raised_at
        FROM (
            SELECT
                l.subject AS id, l.position, l.recorded_at,
                coalesce(l.payload ->> 'name', 'float_low') AS name,
                CASE
                    WHEN starts_with(l.kind, 'float.') THEN l.subject
                    ELSE (l.payload ->> 'about')::uuid
                END AS about,
                l.kind IN ('alert.raised', 'float.low') AS raised,
                coalesce(l.payload ->> 'value', l.payload ->> 'float')::bigint AS value,
                CASE l.kind
                    WHEN 'float.low' THEN l.payload ->> 'low'
                    WHEN 'float.ok' THEN l.payload ->> 'ok'
                    ELSE l.payload ->> 'level'
                END::bigint AS level,
                coalesce(l.payload ->> 'unit', 'centavos') AS unit
            FROM ledger.log AS l
            WHERE
                l.position > %(after)s AND l.position <= %(up_to)s
                AND l.kind IN ('alert.raised', 'alert.cleared', 'float.low', 'float.ok')
        ) AS f
        ORDER BY f.id, f.position DESC
    ) AS n
    ON CONFLICT (id) DO UPDATE
        SET
            raised = excluded.raised,
            value = excluded.value,
            level = excluded.level,
            times = a.times + excluded.times,
            raised_at
            = CASE WHEN excluded.times > 0 THEN excluded.raised_at ELSE a.raised_at END,
            cleared_at = excluded.cleared_at,
            position = excluded.position
"""

STEPS = (Step(CHANGE, KINDS),)
