"""Accounts and wallets come into being, and wallets change their status."""

from __future__ import annotations

from queries.projection.step import Step

OPEN_ACCOUNTS = """
    INSERT INTO account (id, code, owner, currency, balance, position, updated_at)
    SELECT
        (a.value ->> 'id')::uuid, a.value ->> 'code', (a.value ->> 'owner')::uuid,
        a.value ->> 'currency', 0, l.position, l.recorded_at
    FROM ledger.log AS l
    CROSS JOIN LATERAL jsonb_array_elements(l.payload -> 'accounts') AS a (value)
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'books.opened'
    UNION ALL
    SELECT
        l.subject, l.payload ->> 'code', (l.payload ->> 'user')::uuid,
        l.payload ->> 'currency', 0, l.position, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'wallet.opened'
    UNION ALL
    SELECT
        (l.payload ->> 'float')::uuid, l.payload ->> 'code', l.subject,
        l.payload ->> 'currency', 0, l.position, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'agent.enrolled'
    UNION ALL
    SELECT
        l.subject, l.payload ->> 'code', (l.payload ->> 'debtor')::uuid,
        l.payload ->> 'currency', 0, l.position, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'receivable.opened'
"""

OPEN_WALLETS = """
    INSERT INTO wallet (id, user_id, status, held, updated_at)
    SELECT l.subject, (l.payload ->> 'user')::uuid, 'open', 0, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'wallet.opened'
"""

CHANGE_STATUS = """
    UPDATE wallet AS w
    SET status = n.status, updated_at = greatest(w.updated_at, n.recorded_at)
    FROM (
        SELECT DISTINCT ON (l.subject)
            l.subject, l.payload ->> 'status' AS status, l.recorded_at
        FROM ledger.log AS l
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s
            AND l.kind = 'wallet.status_changed'
        ORDER BY l.subject, l.position DESC
    ) AS n
    WHERE w.id = n.subject
"""

STEPS = (
    Step(OPEN_ACCOUNTS, ("books.opened", "wallet.opened", "agent.enrolled", "receivable.opened")),
    Step(OPEN_WALLETS, ("wallet.opened",)),
    Step(CHANGE_STATUS, ("wallet.status_changed",)),
)
