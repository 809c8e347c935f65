"""Statements of the trust's bank, and what became of their lines."""

from __future__ import annotations

from queries.projection.step import Step

TAKE_IN = """
    INSERT INTO bank_statement (
        id, account, number, first_day, last_day, opening, closing, lines, digest, actor, position,
        taken_in_at
    )
    SELECT
        l.subject, l.payload ->> 'account', (l.payload ->> 'number')::bigint,
        (l.payload ->> 'first_day')::date, (l.payload ->> 'last_day')::date,
        (l.payload ->> 'opening')::bigint, (l.payload ->> 'closing')::bigint,
        jsonb_array_length(l.payload -> 'lines'), l.payload ->> 'digest', l.actor, l.position,
        l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'bank.statement_taken_in'
"""

LINES = """
    INSERT INTO bank_line (
        id, statement_id, number, amount, reference, booked_on, value_on, state, updated_at
    )
    SELECT
        (i.row ->> 0)::uuid, l.subject, (i.row ->> 1)::integer, (i.row ->> 2)::bigint,
        i.row ->> 3, (i.row ->> 4)::date, (i.row ->> 5)::date, 'open', l.recorded_at
    FROM ledger.log AS l
    CROSS JOIN LATERAL jsonb_array_elements(l.payload -> 'lines') AS i (row)
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'bank.statement_taken_in'
"""

# What became of a line last, whichever of the three it was.
ENDS = """
    UPDATE bank_line AS b
    SET
        state = n.state, rule = n.rule, entry_number = n.entry_number, entry_line = n.entry_line,
        evidence = n.evidence, updated_at = n.at
    FROM (
        SELECT DISTINCT ON (e.id) e.*
        FROM (
            SELECT
                l.position, (i.row ->> 0)::uuid AS id, 'matched' AS state, i.row ->> 1 AS rule,
                (i.row ->> 2)::bigint AS entry_number, (i.row ->> 3)::smallint AS entry_line,
                NULL AS evidence, l.recorded_at AS at
            FROM ledger.log AS l
            CROSS JOIN LATERAL jsonb_array_elements(l.payload -> 'matches') AS i (row)
            WHERE
                l.position > %(after)s AND l.position <= %(up_to)s
                AND l.kind = 'bank.lines_matched'
            UNION ALL
            SELECT
                l.position, l.subject, l.payload ->> 'state', NULL, NULL, NULL,
                l.payload ->> 'evidence', l.recorded_at
            FROM ledger.log AS l
            WHERE
                l.position > %(after)s AND l.position <= %(up_to)s
                AND l.kind IN ('bank.line_explained', 'bank.line_reopened')
        ) AS e
        ORDER BY e.id, e.position DESC
    ) AS n
    WHERE b.id = n.id
"""

STEPS = (
    Step(TAKE_IN, ("bank.statement_taken_in",)),
    Step(LINES, ("bank.statement_taken_in",)),
    Step(ENDS, ("bank.lines_matched", "bank.line_")),
)
