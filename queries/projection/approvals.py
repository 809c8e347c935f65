"""Proposals: what was proposed, and what became of it."""

from __future__ import annotations

from queries.projection.step import Step

PROPOSE = """
    INSERT INTO proposal (
        id, kind, content, content_hash, maker_id, proposed_at, expires_at, state, updated_at
    )
    SELECT
        l.subject, l.payload ->> 'kind', l.payload ->> 'content', l.payload ->> 'contentHash',
        (l.payload ->> 'maker')::uuid, l.recorded_at, (l.payload ->> 'expiresAt')::timestamptz,
        l.payload ->> 'state', l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind = 'proposal.proposed'
"""

# A proposal ends once.
END = """
    UPDATE proposal AS p
    SET
        state = l.payload ->> 'state',
        checker_id = (l.payload ->> 'checker')::uuid,
        why = l.payload ->> 'why',
        updated_at = l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind IN ('proposal.applied', 'proposal.withdrawn', 'proposal.lapsed')
        AND p.id = l.subject
"""

STEPS = (
    Step(PROPOSE, ("proposal.proposed",)),
    Step(END, ("proposal.applied", "proposal.withdrawn", "proposal.lapsed")),
)
