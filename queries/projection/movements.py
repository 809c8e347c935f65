"""What each transaction did to a wallet or a float: one movement, whatever it took to make it."""

from __future__ import annotations

from queries.projection.step import ENTRIES, Step

# The first entry makes the movement and names its amount; later ones (a hold that is released)
# only move its balance on. Where a record states no amount of its own, the lines do. Cash-in takes
# from the float, even when its commission is more than its amount.
#
# Lines are taken by their entries before anything is said of codes: the planner would rather use
# the index on codes, which finds all lines there ever were.
MOVE = """
    WITH lines AS MATERIALIZED (
        SELECT
            i.account_id, i.code, i.entry_number AS number, sum(i.amount) AS moved,
            (array_agg(i.balance ORDER BY i.line_number DESC))[1] AS balance
        FROM entry AS e
        INNER JOIN line AS i ON e.number = i.entry_number
        WHERE e.position > %(after)s AND e.position <= %(up_to)s
        GROUP BY i.account_id, i.code, i.entry_number
    )
    INSERT INTO movement AS m (
        account_id, entry_number, transaction_id, kind, incoming, amount, fee, commission,
        counterparty, last_entry_number, balance
    )
    SELECT DISTINCT ON (n.account_id, n.transaction_id)
        n.account_id, n.number, n.transaction_id, n.kind,
        CASE WHEN n.kind = 'cash_in.made' THEN n.code = '2010' ELSE n.moved < 0 END,
        CASE
            -- What an agent owed is paid from it first, and never came into the float.
            WHEN n.payload ? 'debtPaid' THEN abs(n.moved)
            WHEN n.kind IN (
                'transfer.made', 'transfer.held', 'transfer.released', 'bank.credited',
                'cash_in.made', 'withdrawal.requested',
                'cash_out.requested', 'cash_out.confirmed'
            ) THEN (n.payload ->> 'amount')::bigint
            ELSE abs(n.moved)
        END,
        CASE
            WHEN
                n.kind IN ('withdrawal.requested', 'cash_out.requested')
                OR n.kind IN ('transfer.made', 'transfer.held') AND n.moved > 0
                THEN (n.payload ->> 'fee')::bigint
            ELSE 0
        END,
        CASE
            WHEN n.code = '2020' AND n.kind IN ('cash_in.made', 'cash_out.confirmed')
                THEN (n.payload ->> 'commission')::bigint
            ELSE 0
        END,
        CASE
            WHEN n.kind IN ('transfer.made', 'transfer.held', 'transfer.released') THEN (
                SELECT w.user_id
                FROM wallet AS w
                WHERE
                    w.id = (
                        CASE WHEN n.moved > 0 THEN n.payload ->> 'to' ELSE n.payload ->> 'from' END
                    )::uuid
            )
            WHEN n.code = '2010' THEN (n.payload ->> 'agent')::uuid
            ELSE (SELECT w.user_id FROM wallet AS w WHERE w.id = (n.payload ->> 'wallet')::uuid)
        END,
        last_value(n.number) OVER of_the_transaction,
        last_value(n.balance) OVER of_the_transaction
    FROM (
        SELECT
            i.account_id, i.code, i.number, i.moved, i.balance,
            l.subject AS transaction_id, l.kind, l.payload
        FROM lines AS i
        INNER JOIN ledger.log AS l ON i.number = l.entry_number
        WHERE i.code IN ('2010', '2020')
    ) AS n
    WINDOW of_the_transaction AS (
        PARTITION BY n.account_id, n.transaction_id
        ORDER BY n.number
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
    ORDER BY n.account_id, n.transaction_id, n.number
    ON CONFLICT (transaction_id, account_id) DO UPDATE
        SET last_entry_number = excluded.last_entry_number, balance = excluded.balance
"""

STEPS = (Step(MOVE, (ENTRIES,)),)
