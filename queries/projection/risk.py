"""Fraud rules, their hits, cases and what was done about them, transfers that are held."""

from __future__ import annotations

from queries.projection.step import Step

# -- held transfers: before the step that sums up what is held of a wallet ------------------------

HOLD_TRANSFER = """
    INSERT INTO held_transfer (id, wallet_id, to_wallet_id, state, amount, fee, held_at, updated_at)
    SELECT
        l.subject, (l.payload ->> 'wallet')::uuid, (l.payload ->> 'to')::uuid,
        l.payload ->> 'state', (l.payload ->> 'amount')::bigint, (l.payload ->> 'fee')::bigint,
        l.recorded_at, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'transfer.held'
"""

# It ends once.
END_TRANSFER = """
    UPDATE held_transfer AS h
    SET state = l.payload ->> 'state', updated_at = l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind IN ('transfer.released', 'transfer.refused')
        AND h.id = l.subject
"""

HELD_STEPS = (
    Step(HOLD_TRANSFER, ("transfer.held",)),
    Step(END_TRANSFER, ("transfer.released", "transfer.refused")),
)

# -- rules and hits -------------------------------------------------------------------------------

SET_RULES = """
    INSERT INTO rule_edition (number, valid_from, rules, position)
    SELECT
        (l.payload ->> 'edition')::integer, (l.payload ->> 'validFrom')::timestamptz,
        l.payload -> 'rules', l.position
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'rules.set'
"""

HIT = """
    INSERT INTO risk_hit (
        position, rule, edition, action, case_id, wallet_id, user_id, agent_id, watch, operation,
        amount, transaction_id, hit_at
    )
    SELECT
        l.position, l.payload ->> 'rule', (l.payload ->> 'edition')::integer,
        CASE WHEN NOT (l.payload ->> 'dryRun')::boolean THEN l.payload ->> 'action' END,
        (l.payload ->> 'case')::uuid, (l.payload ->> 'wallet')::uuid, (l.payload ->> 'user')::uuid,
        (l.payload ->> 'agent')::uuid, l.payload ->> 'watch', l.payload ->> 'operation',
        (l.payload ->> 'amount')::bigint, (l.payload ->> 'transaction')::uuid, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'risk.hit'
"""

# Hits that do nothing stand in the movement's own record.
MOVEMENTS = (
    "withdrawal.requested",
    "cash_out.requested",
    "cash_in.made",
    "transfer.made",
    "transfer.held",
)
HIT_SILENTLY = """
    INSERT INTO risk_hit (
        position, rule, edition, wallet_id, user_id, agent_id, operation, amount, transaction_id,
        hit_at
    )
    SELECT
        l.position, r.rule, (l.payload ->> 'ruleEdition')::integer,
        coalesce(l.payload ->> 'wallet', l.payload ->> 'from')::uuid,
        (l.payload ->> 'user')::uuid, (l.payload ->> 'agent')::uuid,
        CASE l.kind
            WHEN 'withdrawal.requested' THEN 'atm_withdrawal'
            WHEN 'cash_out.requested' THEN 'agent_cash_out'
            WHEN 'cash_in.made' THEN 'agent_cash_in'
            ELSE 'transfer'
        END,
        (l.payload ->> 'amount')::bigint, l.subject, l.recorded_at
    FROM ledger.log AS l
    CROSS JOIN LATERAL jsonb_array_elements_text(l.payload -> 'dryRun') AS r (rule)
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind IN (
            'withdrawal.requested', 'cash_out.requested', 'cash_in.made', 'transfer.made',
            'transfer.held'
        )
        AND l.payload ? 'ruleEdition'
"""

# -- cases ----------------------------------------------------------------------------------------

OPEN_CASE = """
    INSERT INTO risk_case (
        id, rule, action, state, reason, wallet_id, user_id, agent_id, transaction_id, watch,
        amount, opened_at, opened_position, updated_at
    )
    SELECT
        l.subject, l.payload ->> 'rule', l.payload ->> 'action', l.payload ->> 'state',
        l.payload ->> 'reason', (l.payload ->> 'wallet')::uuid, (l.payload ->> 'user')::uuid,
        (l.payload ->> 'agent')::uuid, (l.payload ->> 'transaction')::uuid, l.payload ->> 'watch',
        (l.payload ->> 'amount')::bigint, l.recorded_at, l.position, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'case.opened'
"""

WORK_CASE = """
    UPDATE risk_case AS c
    SET
        state = coalesce(n.facts ->> 'state', c.state),
        assignee_id = coalesce((n.facts ->> 'assignee')::uuid, c.assignee_id),
        updated_at = n.recorded_at
    FROM (
        SELECT
            l.subject,
            jsonb_object_agg(f.key, f.value ORDER BY l.position) AS facts,
            max(l.recorded_at) AS recorded_at
        FROM ledger.log AS l
        CROSS JOIN LATERAL jsonb_each(jsonb_strip_nulls(l.payload)) AS f (key, value)
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s AND starts_with(l.kind, 'case.')
        GROUP BY l.subject
    ) AS n
    WHERE c.id = n.subject
"""

NOTE_CASE = """
    INSERT INTO case_event (position, case_id, kind, author, body, happened_at)
    SELECT
        l.position, l.subject, substr(l.kind, 6), l.actor,
        coalesce(l.payload ->> 'text', l.payload ->> 'assignee'), l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND starts_with(l.kind, 'case.')
        AND l.kind <> 'case.opened'
"""

STEPS = (
    Step(SET_RULES, ("rules.set",)),
    Step(HIT, ("risk.hit",)),
    Step(HIT_SILENTLY, MOVEMENTS),
    Step(OPEN_CASE, ("case.opened",)),
    Step(WORK_CASE, ("case.",)),
    Step(NOTE_CASE, ("case.",)),
)
