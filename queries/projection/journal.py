"""Entries and lines, and what follows from them: balances and the turnover of a day."""

from __future__ import annotations

from queries.projection.step import ENTRIES, Step

# A dispute is filed under the trace of the switch's message; its customer knows the withdrawal.
ENTER = """
    INSERT INTO entry (
        number, position, transaction_id, kind, booking_date, value_date, recorded_at, actor,
        request_id, reverses
    )
    SELECT
        l.entry_number, l.position,
        CASE
            WHEN starts_with(l.kind, 'dispute.')
                THEN coalesce((l.payload ->> 'withdrawal')::uuid, l.subject)
            ELSE l.subject
        END,
        l.kind, l.booking_date, l.value_date, l.recorded_at, l.actor, l.request_id, l.reverses
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND l.entry_number IS NOT NULL
"""

# LEFT JOIN: a line of an account that never was opened must fail on its code, not go missing.
DRAW_LINES = """
    INSERT INTO line (entry_number, line_number, account_id, code, amount, balance)
    SELECT i.entry_number, i.line_number, i.account, a.code, i.amount, i.balance
    FROM ledger.line AS i
    LEFT JOIN account AS a ON i.account = a.id
    WHERE i.entry_number BETWEEN %(first_entry)s AND %(last_entry)s
"""

BALANCE_ACCOUNTS = """
    UPDATE account AS a
    SET balance = n.balance, position = n.position, updated_at = n.recorded_at
    FROM (
        SELECT DISTINCT ON (i.account_id) i.account_id, i.balance, e.position, e.recorded_at
        FROM line AS i
        INNER JOIN entry AS e ON i.entry_number = e.number
        WHERE i.entry_number BETWEEN %(first_entry)s AND %(last_entry)s
        ORDER BY i.account_id, i.entry_number DESC, i.line_number DESC
    ) AS n
    WHERE a.id = n.account_id
"""

TURN_OVER = """
    INSERT INTO turnover AS t (code, currency, booking_date, debits, credits)
    SELECT
        i.code, a.currency, e.booking_date,
        sum(greatest(i.amount, 0)), sum(greatest(-i.amount, 0))
    FROM line AS i
    INNER JOIN entry AS e ON i.entry_number = e.number
    INNER JOIN account AS a ON i.account_id = a.id
    WHERE i.entry_number BETWEEN %(first_entry)s AND %(last_entry)s
    GROUP BY i.code, a.currency, e.booking_date
    ON CONFLICT (code, currency, booking_date) DO UPDATE
        SET debits = t.debits + excluded.debits, credits = t.credits + excluded.credits
"""

STEPS = tuple(Step(sql, (ENTRIES,)) for sql in (ENTER, DRAW_LINES, BALANCE_ACCOUNTS, TURN_OVER))
