"""Bank credits and whose they were found to be, claims with their evidence, settlements, breaks."""

from __future__ import annotations

from queries.projection.step import Step

CREDIT = """
    INSERT INTO bank_credit (
        reference, transaction_id, amount, value_date, beneficiary, state, entry_number, booked_at
    )
    SELECT
        l.payload ->> 'reference', l.subject, (l.payload ->> 'amount')::bigint, l.value_date,
        l.payload ->> 'beneficiary',
        CASE l.payload ->> 'beneficiary' WHEN 'unidentified' THEN 'unidentified' ELSE 'booked' END,
        l.entry_number, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'bank.credited'
"""

ASSIGN = """
    UPDATE bank_credit AS c
    SET
        state = 'assigned',
        assigned_to = l.payload ->> 'beneficiary',
        assigned_account = (l.payload ->> 'account')::uuid,
        assigned_at = l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'bank.credit_assigned'
        AND c.reference = l.payload ->> 'reference'
"""

TAKE_BACK = """
    UPDATE bank_credit AS c
    SET state = 'reversed'
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'entry.reversed'
        AND c.entry_number = l.reverses
"""

CLAIM = """
    INSERT INTO claim (
        withdrawal_id, user_id, wallet_id, state, received, captured, captured_fee, opened_at,
        updated_at
    )
    SELECT
        l.subject, (l.payload ->> 'user')::uuid, (l.payload ->> 'wallet')::uuid,
        l.payload ->> 'state', (l.payload ->> 'received')::bigint,
        (l.payload ->> 'captured')::bigint, (l.payload ->> 'capturedFee')::bigint,
        l.recorded_at, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'claim.opened'
"""

END_CLAIM = """
    UPDATE claim AS c
    SET
        state = l.payload ->> 'state',
        paid = (l.payload ->> 'paid')::bigint,
        evidence = l.payload ->> 'evidence',
        updated_at = l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind IN ('claim.paid', 'claim.refused')
        AND c.withdrawal_id = l.subject
"""

ADD_EVIDENCE = """
    INSERT INTO evidence (position, withdrawal_id, source, dispensed, note, actor, added_at)
    SELECT
        l.position, l.subject, l.payload ->> 'source', (l.payload ->> 'dispensed')::bigint,
        l.payload ->> 'note', l.actor, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'claim.evidence_added'
"""

SETTLE = """
    INSERT INTO settlement AS s (settlement_date, amount, interchange, settled_at)
    SELECT
        (l.payload ->> 'settlementDate')::date, sum((l.payload ->> 'amount')::bigint),
        sum((l.payload ->> 'interchange')::bigint), min(l.recorded_at)
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'settlement.paid'
    GROUP BY l.payload ->> 'settlementDate'
    ON CONFLICT (settlement_date) DO UPDATE
        SET
            amount = s.amount + excluded.amount,
            interchange = s.interchange + excluded.interchange
"""

# The last word about a break counts, whichever it is: each tells all.
DIFFER = """
    INSERT INTO difference AS d (
        id, side, amount, remaining, settlement_date, reference, withdrawal_id, how, booked_at,
        updated_at
    )
    SELECT DISTINCT ON (l.subject)
        l.subject, l.payload ->> 'side', (l.payload ->> 'amount')::bigint,
        (l.payload ->> 'remaining')::bigint, (l.payload ->> 'settlementDate')::date,
        l.payload ->> 'reference', (l.payload ->> 'withdrawal')::uuid, l.payload ->> 'how',
        min(l.recorded_at) OVER (PARTITION BY l.subject), l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind IN ('break.booked', 'break.resolved')
    ORDER BY l.subject, l.position DESC
    ON CONFLICT (id) DO UPDATE
        SET
            side = excluded.side, amount = excluded.amount, remaining = excluded.remaining,
            reference = excluded.reference, how = excluded.how, updated_at = excluded.updated_at
"""

STEPS = (
    Step(CREDIT, ("bank.credited",)),
    Step(ASSIGN, ("bank.credit_assigned",)),
    Step(TAKE_BACK, ("entry.reversed",)),
    Step(CLAIM, ("claim.opened",)),
    Step(END_CLAIM, ("claim.paid", "claim.refused")),
    Step(ADD_EVIDENCE, ("claim.evidence_added",)),
    Step(SETTLE, ("settlement.paid",)),
    Step(DIFFER, ("break.",)),
)
