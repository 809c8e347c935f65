"""Entries and lines, and what follows from them: balances, and totals of days and stretches.

Entries are taken by their positions, never by a span of numbers: one that is booked into a year
that is over has a number of that year.
"""

from __future__ import annotations

from psycopg.types.numeric import Int8

from queries.projection.step import ENTRIES, Step

STRETCH = 4_096  # positions between two milestones
MILESTONES = {"stretch": Int8(STRETCH)}

# A dispute is filed under the trace of the switch's message; its customer knows the withdrawal.
ENTER = """
    INSERT INTO entry (
        number, position, transaction_id, kind, booking_date, value_date, recorded_at, actor,
        request_id, reverses, amount, reference, reference_key, memo, late
    )
    SELECT
        l.entry_number, l.position,
        CASE
            WHEN starts_with(l.kind, 'dispute.')
                THEN coalesce((l.payload ->> 'withdrawal')::uuid, l.subject)
            ELSE l.subject
        END,
        l.kind, l.booking_date, l.value_date, l.recorded_at, l.actor, l.request_id, l.reverses,
        (
            SELECT sum(i.amount)
            FROM ledger.line AS i
            WHERE i.entry_number = l.entry_number AND i.amount > 0
        ),
        CASE
            WHEN l.payload ?| ARRAY['reference', 'rrn']
                THEN coalesce(l.payload ->> 'reference', l.payload ->> 'rrn')
        END,
        CASE
            WHEN l.payload ?| ARRAY['reference', 'rrn']
                THEN lower(coalesce(l.payload ->> 'reference', l.payload ->> 'rrn'))
        END,
        CASE
            WHEN l.payload ?| ARRAY['reason', 'evidence', 'note', 'text', 'document']
                THEN nullif(
                    concat_ws(
                        ' · ', l.payload ->> 'reason', l.payload ->> 'evidence',
                        l.payload ->> 'note', l.payload ->> 'text', l.payload ->> 'document'
                    ),
                    ''
                )
        END,
        l.booking_date < (l.recorded_at AT TIME ZONE 'Atlantic/Cape_Verde')::date
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND l.entry_number IS NOT NULL
"""

# LEFT JOIN: a line of an account that never was opened must fail on its code, not go missing.
DRAW_LINES = """
    INSERT INTO line (
        entry_number, line_number, account_id, code, amount, balance, booking_date, value_date
    )
    SELECT
        i.entry_number, i.line_number, i.account, a.code, i.amount, i.balance, e.booking_date,
        e.value_date
    FROM entry AS e
    INNER JOIN ledger.line AS i ON e.number = i.entry_number
    LEFT JOIN account AS a ON i.account = a.id
    WHERE e.position > %(after)s AND e.position <= %(up_to)s
"""

BALANCE_ACCOUNTS = """
    UPDATE account AS a
    SET balance = n.balance, position = n.position, updated_at = n.recorded_at
    FROM (
        SELECT DISTINCT ON (i.account_id) i.account_id, i.balance, e.position, e.recorded_at
        FROM entry AS e
        INNER JOIN line AS i ON e.number = i.entry_number
        WHERE e.position > %(after)s AND e.position <= %(up_to)s
        ORDER BY i.account_id, e.position DESC, i.line_number DESC
    ) AS n
    WHERE a.id = n.account_id
"""

# A line counts on its booking date and on its value date; mostly that is one day.
TURN_OVER = """
    WITH moved AS MATERIALIZED (
        SELECT
            d.day, i.account_id, i.code, a.currency,
            sum(greatest(i.amount, 0)) FILTER (WHERE d.booked) AS booked_debits,
            sum(greatest(-i.amount, 0)) FILTER (WHERE d.booked) AS booked_credits,
            sum(greatest(i.amount, 0)) FILTER (WHERE d.valued) AS valued_debits,
            sum(greatest(-i.amount, 0)) FILTER (WHERE d.valued) AS valued_credits
        FROM entry AS e
        INNER JOIN line AS i ON e.number = i.entry_number
        INNER JOIN account AS a ON i.account_id = a.id
        CROSS JOIN LATERAL (
            SELECT e.booking_date AS day, TRUE AS booked, e.value_date = e.booking_date AS valued
            UNION ALL
            SELECT e.value_date, FALSE, TRUE
            WHERE e.value_date <> e.booking_date
        ) AS d
        WHERE e.position > %(after)s AND e.position <= %(up_to)s
        GROUP BY d.day, i.account_id, i.code, a.currency
    ),
    by_account AS (
        INSERT INTO account_day AS t (
            account_id, day, booked_debits, booked_credits, valued_debits, valued_credits
        )
        SELECT
            m.account_id, m.day, coalesce(m.booked_debits, 0), coalesce(m.booked_credits, 0),
            coalesce(m.valued_debits, 0), coalesce(m.valued_credits, 0)
        FROM moved AS m
        ON CONFLICT (account_id, day) DO UPDATE
            SET
                booked_debits = t.booked_debits + excluded.booked_debits,
                booked_credits = t.booked_credits + excluded.booked_credits,
                valued_debits = t.valued_debits + excluded.valued_debits,
                valued_credits = t.valued_credits + excluded.valued_credits
    )
    INSERT INTO turnover AS t (
        code, currency, day, booked_debits, booked_credits, valued_debits, valued_credits
    )
    SELECT
        m.code, m.currency, m.day, coalesce(sum(m.booked_debits), 0),
        coalesce(sum(m.booked_credits), 0), coalesce(sum(m.valued_debits), 0),
        coalesce(sum(m.valued_credits), 0)
    FROM moved AS m
    GROUP BY m.code, m.currency, m.day
    ON CONFLICT (code, currency, day) DO UPDATE
        SET
            booked_debits = t.booked_debits + excluded.booked_debits,
            booked_credits = t.booked_credits + excluded.booked_credits,
            valued_debits = t.valued_debits + excluded.valued_debits,
            valued_credits = t.valued_credits + excluded.valued_credits
"""

# Each milestone has all that was before it, so the newest says it all.
REACH_MILESTONES = """
    INSERT INTO milestone (code, currency, stretch, debits, credits)
    SELECT
        n.code, n.currency, n.stretch,
        coalesce(b.debits, 0) + sum(n.debits) OVER so_far,
        coalesce(b.credits, 0) + sum(n.credits) OVER so_far
    FROM (
        SELECT
            i.code, a.currency, e.position / %(stretch)s AS stretch,
            sum(greatest(i.amount, 0)) AS debits, sum(greatest(-i.amount, 0)) AS credits
        FROM entry AS e
        INNER JOIN line AS i ON e.number = i.entry_number
        INNER JOIN account AS a ON i.account_id = a.id
        WHERE e.position > %(after)s AND e.position <= %(up_to)s
        GROUP BY i.code, a.currency, e.position / %(stretch)s
    ) AS n
    LEFT JOIN LATERAL (
        SELECT m.debits, m.credits
        FROM milestone AS m
        WHERE m.code = n.code AND m.currency = n.currency
        ORDER BY m.stretch DESC
        LIMIT 1
    ) AS b ON TRUE
    WINDOW so_far AS (PARTITION BY n.code, n.currency ORDER BY n.stretch)
    ON CONFLICT (code, currency, stretch) DO UPDATE
        SET debits = excluded.debits, credits = excluded.credits
"""

STEPS = (
    Step(ENTER, (ENTRIES,)),
    Step(DRAW_LINES, (ENTRIES,)),
    Step(BALANCE_ACCOUNTS, (ENTRIES,)),
    Step(TURN_OVER, (ENTRIES,)),
    Step(REACH_MILESTONES, (ENTRIES,), MILESTONES),
)
