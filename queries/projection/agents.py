"""Principals, outlets, tills, offers and redemptions."""

from __future__ import annotations

from queries.projection.step import Step

ENROL_PRINCIPALS = """
    INSERT INTO principal (id, name, enrolled_at)
    SELECT l.subject, l.payload ->> 'name', l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'principal.enrolled'
"""

ENROL_OUTLETS = """
    INSERT INTO outlet (
        id, float_id, principal_id, parent_id, name, island, latitude, longitude, status,
        tills_required, float_floor, float_low, float_ok, float_state, position
    )
    SELECT
        l.subject, (l.payload ->> 'float')::uuid, (l.payload ->> 'principal')::uuid,
        (l.payload ->> 'parent')::uuid, coalesce(l.payload ->> 'name', ''),
        l.payload ->> 'island', (l.payload ->> 'latitude')::integer,
        (l.payload ->> 'longitude')::integer, 'open',
        coalesce((l.payload ->> 'tillsRequired')::boolean, FALSE), 0, 0, 0, 'ok', l.position
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'agent.enrolled'
"""

# Each fact is the last that a record stated; one that states nothing changes nothing.
CHANGE_OUTLETS = """
    UPDATE outlet AS o
    SET
        status = coalesce(n.facts ->> 'status', o.status),
        float_floor = coalesce((n.facts ->> 'floor')::bigint, o.float_floor),
        float_low = coalesce((n.facts ->> 'low')::bigint, o.float_low),
        float_ok = coalesce((n.facts ->> 'ok')::bigint, o.float_ok),
        float_state = coalesce(n.facts ->> 'floatState', o.float_state),
        position = n.position
    FROM (
        SELECT
            l.subject,
            jsonb_object_agg(f.key, f.value ORDER BY l.position) AS facts,
            max(l.position) AS position
        FROM ledger.log AS l
        CROSS JOIN LATERAL jsonb_each(
            l.payload
            || CASE l.kind
                WHEN 'float.low' THEN '{"floatState": "low"}'::jsonb
                WHEN 'float.ok' THEN '{"floatState": "ok"}'::jsonb
                ELSE '{}'::jsonb
            END
        ) AS f (key, value)
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s
            AND l.kind IN (
                'agent.status_changed', 'agent.float_levels_set', 'float.low', 'float.ok'
            )
        GROUP BY l.subject
    ) AS n
    WHERE o.id = n.subject
"""

ENROL_TILLS = """
    INSERT INTO till (
        id, agent_id, name, state, operator_id, opened_at, cash, differences, position
    )
    SELECT
        l.subject, (l.payload ->> 'agent')::uuid, l.payload ->> 'name', 'closed', NULL, NULL, 0,
        0, l.position
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'till.enrolled'
"""

# What each record has put into a drawer or taken from it. A count books its difference only.
WORK = """
    SELECT
        CASE
            WHEN starts_with(l.kind, 'till.') THEN l.subject
            ELSE (l.payload ->> 'till')::uuid
        END AS till_id,
        l.position, l.kind, l.recorded_at, l.payload,
        (l.recorded_at AT TIME ZONE 'Atlantic/Cape_Verde')::date AS day,
        CASE l.kind
            WHEN 'cash_in.made' THEN (l.payload ->> 'amount')::bigint
            WHEN 'cash_in.reversed' THEN -(l.payload ->> 'amount')::bigint
            ELSE 0
        END AS cash_in,
        CASE l.kind WHEN 'cash_out.confirmed' THEN (l.payload ->> 'amount')::bigint ELSE 0 END
            AS cash_out,
        CASE
            WHEN l.kind IN ('cash_in.made', 'cash_out.confirmed')
                THEN (l.payload ->> 'commission')::bigint
            WHEN l.kind = 'cash_in.reversed' THEN -(l.payload ->> 'commission')::bigint
            ELSE 0
        END AS commission,
        coalesce((l.payload ->> 'brought')::bigint, 0) AS brought,
        coalesce((l.payload ->> 'difference')::bigint, 0) AS difference
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND (
            l.kind IN ('till.opened', 'till.closed', 'till.cash_moved')
            OR l.kind IN ('cash_in.made', 'cash_in.reversed', 'cash_out.confirmed')
            AND l.payload ->> 'till' IS NOT NULL
        )
"""

WORK_TILLS = (
    "WITH work AS ("
    + WORK
    + """)
    UPDATE till AS t
    SET
        state = coalesce(n.state, t.state),
        operator_id = CASE WHEN n.state IS NULL THEN t.operator_id ELSE n.operator_id END,
        opened_at = CASE
            WHEN n.state = 'closed' THEN NULL
            ELSE coalesce(n.opened_at, t.opened_at)
        END,
        cash = t.cash + n.moved,
        differences = t.differences + n.differences,
        position = n.position
    FROM (
        SELECT
            w.till_id,
            (array_agg(w.payload ->> 'state' ORDER BY w.position DESC)
                FILTER (WHERE starts_with(w.kind, 'till.')))[1] AS state,
            (array_agg((w.payload ->> 'operator')::uuid ORDER BY w.position DESC)
                FILTER (WHERE starts_with(w.kind, 'till.')))[1] AS operator_id,
            max(w.recorded_at) FILTER (WHERE w.kind = 'till.opened') AS opened_at,
            sum(w.cash_in - w.cash_out + w.brought + w.difference) AS moved,
            sum(w.difference) AS differences,
            max(w.position) AS position
        FROM work AS w
        GROUP BY w.till_id
    ) AS n
    WHERE t.id = n.till_id
"""
)

TILL_DAYS = (
    "WITH work AS ("
    + WORK
    + """)
    INSERT INTO till_day AS d (
        till_id, day, cash_in_count, cash_in, cash_out_count, cash_out, commission, brought,
        differences
    )
    SELECT
        w.till_id, w.day,
        count(*) FILTER (WHERE w.kind = 'cash_in.made'), sum(w.cash_in),
        count(*) FILTER (WHERE w.kind = 'cash_out.confirmed'), sum(w.cash_out),
        sum(w.commission), sum(w.brought), sum(w.difference)
    FROM work AS w
    GROUP BY w.till_id, w.day
    ON CONFLICT (till_id, day) DO UPDATE
        SET
            cash_in_count = d.cash_in_count + excluded.cash_in_count,
            cash_in = d.cash_in + excluded.cash_in,
            cash_out_count = d.cash_out_count + excluded.cash_out_count,
            cash_out = d.cash_out + excluded.cash_out,
            commission = d.commission + excluded.commission,
            brought = d.brought + excluded.brought,
            differences = d.differences + excluded.differences
"""
)

OFFER = """
    INSERT INTO offer (request_id, agent_id, open)
    SELECT l.subject, o.value::uuid, TRUE
    FROM ledger.log AS l
    CROSS JOIN LATERAL jsonb_array_elements_text(l.payload -> 'offeredTo') AS o (value)
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'cash_out.requested'
"""

# Who has had it once is not asked again; that the others wait meanwhile, the request itself says.
WITHDRAW_OFFERS = """
    UPDATE offer AS o
    SET open = FALSE
    FROM (
        SELECT l.subject, (l.payload ->> 'agent')::uuid AS agent_id
        FROM ledger.log AS l
        WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'cash_out.taken'
        UNION
        SELECT l.subject, (l.payload ->> 'by')::uuid
        FROM ledger.log AS l
        WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'cash_out.passed_on'
        UNION
        SELECT l.subject, NULL
        FROM ledger.log AS l
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s
            AND starts_with(l.kind, 'cash_out.') AND l.payload ->> 'state' <> 'pending'
    ) AS n
    WHERE o.request_id = n.subject AND o.agent_id = coalesce(n.agent_id, o.agent_id)
"""

NAME_COUNTERPARTY = """
    UPDATE movement AS m
    SET counterparty = (l.payload ->> 'agent')::uuid
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'cash_out.confirmed'
        AND m.transaction_id = l.subject
        AND m.account_id = (l.payload ->> 'wallet')::uuid
        AND m.counterparty IS NULL
"""

REQUEST_REDEMPTIONS = """
    INSERT INTO redemption (
        id, agent_id, amount, state, requested_at, requested_position, position, updated_at
    )
    SELECT
        l.subject, (l.payload ->> 'agent')::uuid, (l.payload ->> 'amount')::bigint,
        l.payload ->> 'state', l.recorded_at, l.position, l.position, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'redemption.requested'
"""

END_REDEMPTIONS = """
    UPDATE redemption AS d
    SET
        state = l.payload ->> 'state', reference = l.payload ->> 'reference',
        reason = l.payload ->> 'reason', position = l.position, updated_at = l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind IN ('redemption.paid', 'redemption.refused')
        AND d.id = l.subject
"""

TILL_WORK = (
    "till.opened",
    "till.closed",
    "till.cash_moved",
    "cash_in.",
    "cash_out.confirmed",
)

STEPS = (
    Step(ENROL_PRINCIPALS, ("principal.enrolled",)),
    Step(ENROL_OUTLETS, ("agent.enrolled",)),
    Step(
        CHANGE_OUTLETS, ("agent.status_changed", "agent.float_levels_set", "float.low", "float.ok")
    ),
    Step(ENROL_TILLS, ("till.enrolled",)),
    Step(WORK_TILLS, TILL_WORK),
    Step(TILL_DAYS, TILL_WORK),
    Step(OFFER, ("cash_out.requested",)),
    Step(WITHDRAW_OFFERS, ("cash_out.",)),
    Step(NAME_COUNTERPARTY, ("cash_out.confirmed",)),
    Step(REQUEST_REDEMPTIONS, ("redemption.requested",)),
    Step(END_REDEMPTIONS, ("redemption.paid", "redemption.refused")),
)
