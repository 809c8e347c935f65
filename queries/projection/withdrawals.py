"""Withdrawals at machines and requests at counters: their life, and what they hold of a wallet."""

from __future__ import annotations

from queries.projection.step import Step

KINDS = ("withdrawal.", "cash_out.")

REQUEST = """
    INSERT INTO withdrawal (
        id, channel, user_id, wallet_id, agent_id, state, amount, fee, commission, tariff_edition,
        tries, requested_at, requested_position, expires_at, position, updated_at
    )
    SELECT
        l.subject, CASE l.kind WHEN 'cash_out.requested' THEN 'agent' ELSE 'atm' END,
        (l.payload ->> 'user')::uuid, (l.payload ->> 'wallet')::uuid,
        (l.payload ->> 'agent')::uuid, l.payload ->> 'state', (l.payload ->> 'amount')::bigint,
        (l.payload ->> 'fee')::bigint, (l.payload ->> 'commission')::bigint,
        (l.payload ->> 'tariffEdition')::integer, 0, l.recorded_at, l.position,
        (l.payload ->> 'expiresAt')::timestamptz, l.position, l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind IN ('withdrawal.requested', 'cash_out.requested')
"""

# Each fact is the last that a record stated; one that states nothing (null) changes nothing. So
# the records of one withdrawal may fall into one batch or into many.
GO_ON = """
    UPDATE withdrawal AS w
    SET
        state = coalesce(n.facts ->> 'state', w.state),
        captured = coalesce((n.facts ->> 'captured')::bigint, w.captured),
        captured_fee = coalesce((n.facts ->> 'capturedFee')::bigint, w.captured_fee),
        reason = coalesce(n.facts ->> 'reason', w.reason),
        tries = coalesce((n.facts ->> 'tries')::smallint, w.tries),
        doubt_at = coalesce((n.facts ->> 'doubtAt')::timestamptz, w.doubt_at),
        acquirer_id = coalesce(n.facts ->> 'acquirerId', w.acquirer_id),
        terminal_id = coalesce(n.facts ->> 'terminalId', w.terminal_id),
        stan = coalesce(n.facts ->> 'stan', w.stan),
        rrn = coalesce(n.facts ->> 'rrn', w.rrn),
        local_date = coalesce((n.facts ->> 'localDate')::date, w.local_date),
        approval_code = coalesce(n.facts ->> 'approvalCode', w.approval_code),
        settlement_date = coalesce((n.facts ->> 'settlementDate')::date, w.settlement_date),
        position = n.position,
        updated_at = n.recorded_at
    FROM (
        SELECT
            l.subject,
            jsonb_object_agg(f.key, f.value ORDER BY l.position) AS facts,
            max(l.position) AS position,
            max(l.recorded_at) AS recorded_at
        FROM ledger.log AS l
        CROSS JOIN LATERAL jsonb_each(jsonb_strip_nulls(l.payload)) AS f (key, value)
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s
            AND (starts_with(l.kind, 'withdrawal.') OR starts_with(l.kind, 'cash_out.'))
        GROUP BY l.subject
    ) AS n
    WHERE w.id = n.subject
"""

# Whose an offered request is now: nobody's again when it was passed on.
ASSIGN = """
    UPDATE withdrawal AS w
    SET agent_id = n.agent_id
    FROM (
        SELECT DISTINCT ON (l.subject) l.subject, (l.payload ->> 'agent')::uuid AS agent_id
        FROM ledger.log AS l
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s
            AND l.kind IN ('cash_out.taken', 'cash_out.passed_on')
        ORDER BY l.subject, l.position DESC
    ) AS n
    WHERE w.id = n.subject
"""

HOLD = """
    UPDATE wallet AS w
    SET
        held = (
            SELECT coalesce(sum(o.amount + o.fee), 0)
            FROM withdrawal AS o
            WHERE
                o.wallet_id = w.id
                AND o.state IN ('active', 'authorised', 'in_doubt', 'pending')
        ) + (
            SELECT coalesce(sum(t.amount + t.fee), 0)
            FROM held_transfer AS t
            WHERE t.wallet_id = w.id AND t.state = 'held'
        ),
        updated_at = greatest(w.updated_at, n.recorded_at)
    FROM (
        SELECT (l.payload ->> 'wallet')::uuid AS wallet_id, max(l.recorded_at) AS recorded_at
        FROM ledger.log AS l
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s
            AND (
                starts_with(l.kind, 'withdrawal.') OR starts_with(l.kind, 'cash_out.')
                OR l.kind IN ('transfer.held', 'transfer.released', 'transfer.refused')
            )
        GROUP BY l.payload ->> 'wallet'
    ) AS n
    WHERE w.id = n.wallet_id
"""

STEPS = (
    Step(REQUEST, ("withdrawal.requested", "cash_out.requested")),
    Step(ASSIGN, ("cash_out.taken", "cash_out.passed_on")),  # before it may be confirmed
    Step(GO_ON, KINDS),
    Step(HOLD, (*KINDS, "transfer.held", "transfer.released", "transfer.refused")),
)
