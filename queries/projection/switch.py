"""What the switch asked for: approvals, declines, reversals of the unknown, disputes."""

from __future__ import annotations

from queries.projection.step import Step

# The first answer to a trace stands; of a dispute, the last word counts.
OPERATE = """
    INSERT INTO switch_operation AS s (
        acquirer_id, rrn, local_date, terminal_id, stan, response_code, amount, withdrawal_id,
        reversal_noted, disputed, dispute_state, position, first_at, updated_at
    )
    SELECT
        n.acquirer_id, n.rrn, n.local_date, n.terminal_id, n.stan,
        (array_agg(n.response_code ORDER BY n.position)
            FILTER (WHERE n.response_code IS NOT NULL))[1],
        (array_agg(n.amount ORDER BY n.position) FILTER (WHERE n.amount IS NOT NULL))[1],
        (array_agg(n.withdrawal_id ORDER BY n.position)
            FILTER (WHERE n.withdrawal_id IS NOT NULL))[1],
        bool_or(n.kind = 'switch.reversal_noted'),
        (array_agg(n.disputed ORDER BY n.position DESC) FILTER (WHERE n.disputed IS NOT NULL))[1],
        (array_agg(n.dispute_state ORDER BY n.position DESC)
            FILTER (WHERE n.dispute_state IS NOT NULL))[1],
        max(n.position), min(n.recorded_at), max(n.recorded_at)
    FROM (
        SELECT
            l.position, l.kind, l.recorded_at,
            l.payload ->> 'acquirerId' AS acquirer_id,
            l.payload ->> 'rrn' AS rrn,
            (l.payload ->> 'localDate')::date AS local_date,
            l.payload ->> 'terminalId' AS terminal_id,
            l.payload ->> 'stan' AS stan,
            CASE l.kind
                WHEN 'withdrawal.authorised' THEN '00'
                WHEN 'switch.declined' THEN l.payload ->> 'responseCode'
            END AS response_code,
            CASE
                WHEN l.kind IN ('withdrawal.authorised', 'switch.declined')
                    THEN (l.payload ->> 'amount')::bigint
            END AS amount,
            CASE
                WHEN l.kind = 'withdrawal.authorised' THEN l.subject
                WHEN starts_with(l.kind, 'dispute.') THEN (l.payload ->> 'withdrawal')::uuid
            END AS withdrawal_id,
            CASE
                WHEN starts_with(l.kind, 'dispute.') THEN (l.payload ->> 'amount')::bigint
            END AS disputed,
            CASE
                WHEN starts_with(l.kind, 'dispute.') THEN l.payload ->> 'state'
            END AS dispute_state
        FROM ledger.log AS l
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s
            AND l.kind IN (
                'withdrawal.authorised', 'switch.declined', 'switch.reversal_noted',
                'dispute.opened', 'dispute.lessened', 'dispute.resolved'
            )
    ) AS n
    GROUP BY n.acquirer_id, n.rrn, n.local_date, n.terminal_id, n.stan
    ON CONFLICT (acquirer_id, rrn, local_date, terminal_id, stan) DO UPDATE
        SET
            response_code = coalesce(s.response_code, excluded.response_code),
            amount = coalesce(s.amount, excluded.amount),
            withdrawal_id = coalesce(s.withdrawal_id, excluded.withdrawal_id),
            reversal_noted = s.reversal_noted OR excluded.reversal_noted,
            disputed = coalesce(excluded.disputed, s.disputed),
            dispute_state = coalesce(excluded.dispute_state, s.dispute_state),
            position = excluded.position,
            updated_at = excluded.updated_at
"""

STEPS = (
    Step(
        OPERATE,
        (
            "withdrawal.authorised",
            "switch.declined",
            "switch.reversal_noted",
            "dispute.opened",
            "dispute.lessened",
            "dispute.resolved",
        ),
    ),
)
