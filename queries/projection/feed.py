"""The feed: what is told of an event, and to whom. What does not stand here is told to nobody.

A customer is whoever a record names as `user`, or whose wallet it names; an agent likewise. Our own
people are told in the same way of what is about themselves; operators, of what they watch over.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from queries.projection.step import Step

CUSTOMER = "customer"
AGENT = "agent"
OPERATORS = "operators"

_LIFE = ("state", "amount", "fee", "captured", "capturedFee", "reason")
_REQUEST = ("state", "amount", "fee", "reason", "agent", "expiresAt")
_COUNTER = ("state", "amount", "commission", "reason", "expiresAt")
_TRACE = ("acquirerId", "terminalId", "stan", "rrn", "localDate", "withdrawal", "amount", "state")
_FLOAT = ("agent", "float", "low", "ok")
_ALERT = ("name", "about", "value", "level", "unit")
_CASE = ("state", "rule", "action", "amount", "user", "agent", "transaction", "watch", "reason")
_PROPOSAL = ("kind", "state", "maker", "expiresAt")
_WAITS = ("maker", "contentHash", "expiresAt")  # for somebody else
_REDEMPTION = ("state", "amount", "agent", "reason")
_WEBHOOK = ("webhook", "state", "reason")

_CLAIM = ("state", "received", "captured")
_CERTIFICATE = ("fingerprint", "acquirerId", "notAfter", "checker")
_BREAK = ("side", "amount", "remaining", "settlementDate")

# By kind and audience: the members of the payload that are told. Where there are none, it is told
# that it happened.
TOLD: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        # -- cash at machines
        "withdrawal.requested": {CUSTOMER: (*_LIFE, "expiresAt")},
        "withdrawal.code_tried": {CUSTOMER: (*_LIFE, "tries")},
        "withdrawal.approval_wanted": {CUSTOMER: (*_LIFE, "terminal")},
        "withdrawal.approved": {CUSTOMER: (*_LIFE, "terminal", "goodUntil")},
        "withdrawal.authorised": {CUSTOMER: (*_LIFE, "terminalId")},
        "withdrawal.completed": {CUSTOMER: _LIFE},
        "withdrawal.reversed": {CUSTOMER: _LIFE},
        "withdrawal.expired": {CUSTOMER: _LIFE},
        "withdrawal.cancelled": {CUSTOMER: _LIFE},
        "withdrawal.locked": {CUSTOMER: (*_LIFE, "tries")},
        "withdrawal.released": {CUSTOMER: _LIFE},
        "withdrawal.in_doubt": {CUSTOMER: _LIFE, OPERATORS: ("state", "amount")},
        "withdrawal.release_proposed": {OPERATORS: ("state", "amount", *_WAITS)},
        "withdrawal.release_lapsed": {OPERATORS: ("state", "amount", "maker", "contentHash")},
        "cardless.suspended": {CUSTOMER: ("wrong",)},
        "cardless.enabled": {CUSTOMER: ()},
        # -- cash at counters
        "cash_out.requested": {CUSTOMER: _REQUEST, AGENT: _COUNTER},
        "cash_out.taken": {CUSTOMER: _REQUEST, AGENT: _COUNTER},
        "cash_out.passed_on": {CUSTOMER: _REQUEST, AGENT: _COUNTER},
        "cash_out.code_tried": {CUSTOMER: (*_REQUEST, "tries"), AGENT: (*_COUNTER, "tries")},
        "cash_out.confirmed": {CUSTOMER: _REQUEST, AGENT: _COUNTER},
        "cash_out.refused": {CUSTOMER: _REQUEST, AGENT: _COUNTER},
        "cash_out.lapsed": {CUSTOMER: _REQUEST, AGENT: _COUNTER},
        "cash_out.cancelled": {CUSTOMER: _REQUEST, AGENT: _COUNTER},
        "cash_in.made": {CUSTOMER: ("amount", "agent"), AGENT: ("amount", "commission")},
        "cash_in.reversed": {
            CUSTOMER: ("amount", "agent", "reason"),
            AGENT: ("amount", "commission", "shortfall", "reason"),
        },
        # -- other money
        "transfer.made": {CUSTOMER: ("amount",)},
        "transfer.held": {CUSTOMER: ("amount", "reason")},
        "transfer.released": {CUSTOMER: ("amount",)},
        "transfer.refused": {CUSTOMER: ("amount", "reason")},
        "bank.credited": {
            CUSTOMER: ("amount",),
            AGENT: ("amount", "debtPaid"),
            OPERATORS: ("amount", "reference", "beneficiary"),
        },
        "float.sent": {AGENT: ("amount",)},
        "agent.debt_collected": {
            AGENT: ("amount", "owed"),
            OPERATORS: ("agent", "amount", "owed"),
        },
        "float.low": {AGENT: _FLOAT, OPERATORS: _FLOAT},
        "float.ok": {AGENT: _FLOAT, OPERATORS: _FLOAT},
        "agent.float_levels_set": {AGENT: ("floor", "low", "ok")},
        "redemption.requested": {AGENT: _REDEMPTION, OPERATORS: _REDEMPTION},
        "redemption.paid": {AGENT: _REDEMPTION, OPERATORS: _REDEMPTION},
        "redemption.refused": {AGENT: _REDEMPTION, OPERATORS: _REDEMPTION},
        "entry.reversed": {OPERATORS: ("reverses", "reason")},
        # -- people and wallets
        "wallet.opened": {CUSTOMER: ()},
        "wallet.status_changed": {CUSTOMER: ("status",), OPERATORS: ("user", "status", "reason")},
        "wallet.slept": {CUSTOMER: ("amount",)},
        "wallet.woken": {CUSTOMER: ("amount",)},
        "wallet.minimum_set": {CUSTOMER: ("amount",)},
        "bank.credit_assigned": {CUSTOMER: ("amount",), AGENT: ("amount", "debtPaid")},
        "adjustment.made": {CUSTOMER: ("amount", "adjustment"), AGENT: ("amount", "adjustment")},
        "person.erased": {OPERATORS: ("erased", "checker")},
        "device.key_enrolled": {CUSTOMER: ("kid",)},
        "device.key_removed": {CUSTOMER: ("kid",)},
        "wallet.tier_changed": {CUSTOMER: ("tier",), OPERATORS: ("user", "tier", "was")},
        "wallet.blacklisted": {OPERATORS: ("user", "reason")},
        "wallet.unlisted": {OPERATORS: ("user", "reason")},
        "agent.status_changed": {AGENT: ("status",), OPERATORS: ("agent", "status", "reason")},
        "session.opened": {CUSTOMER: ()},
        "session.closed": {CUSTOMER: ()},
        "login.failed": {CUSTOMER: ("reason", "failures", "locked")},
        "sessions.closed": {CUSTOMER: ("why",)},
        "device.added": {CUSTOMER: ("device", "devices"), AGENT: ("user", "device", "devices")},
        "device.forgotten": {CUSTOMER: ("device", "devices")},
        "pin.changed": {CUSTOMER: ()},
        "totp.changed": {CUSTOMER: ()},
        "recovery_codes.made": {CUSTOMER: ("left",)},
        "recovery_code.used": {CUSTOMER: ("left",)},
        "reset.opened": {CUSTOMER: ("what",), OPERATORS: ("user", "what", "proposal")},
        "reset.code_issued": {CUSTOMER: ("what",), OPERATORS: ("user", "what", "by")},
        "reset.used": {CUSTOMER: ("what",), OPERATORS: ("user", "what")},
        "reset.objected": {CUSTOMER: ("what",), OPERATORS: ("user", "what")},
        "reset.lapsed": {CUSTOMER: ("what",), OPERATORS: ("user", "what")},
        # -- our own people
        "person.invited": {OPERATORS: ("user", "role")},
        "person.admitted": {OPERATORS: ("user", "role", "proposal")},
        "person.disabled": {OPERATORS: ("user", "role", "reason")},
        "person.enabled": {OPERATORS: ("user", "role", "proposal")},
        "person.role_changed": {OPERATORS: ("user", "role", "was", "proposal")},
        "staff.device_added": {
            CUSTOMER: ("device", "devices"),
            OPERATORS: ("user", "role", "device", "devices"),
        },
        "passkey.added": {CUSTOMER: ("passkeys",), OPERATORS: ("user", "role", "passkeys")},
        "passkey.removed": {CUSTOMER: ("passkeys",), OPERATORS: ("user", "role", "passkeys")},
        # -- what operators watch over
        "alert.raised": {OPERATORS: _ALERT},
        "alert.cleared": {OPERATORS: _ALERT},
        "alert.levels_set": {OPERATORS: ("name", "raiseAt", "clearAt", "validFrom", "proposal")},
        "case.opened": {OPERATORS: _CASE},
        "case.assigned": {OPERATORS: _CASE},
        "case.noted": {OPERATORS: _CASE},
        "case.released": {OPERATORS: _CASE},
        "case.refused": {OPERATORS: _CASE},
        "case.closed": {OPERATORS: _CASE},
        "step_up.began": {OPERATORS: ("watch", "scope", "wrong", "until", "dryRun")},
        "dispute.opened": {OPERATORS: _TRACE},
        "dispute.resolution_proposed": {OPERATORS: (*_TRACE, "resolution", *_WAITS)},
        "dispute.resolution_lapsed": {
            OPERATORS: (*_TRACE, "resolution", "maker", "contentHash"),
        },
        "dispute.lessened": {
            CUSTOMER: ("refunded", "forgiven"),
            OPERATORS: (*_TRACE, "lessened"),
        },
        "dispute.resolved": {
            CUSTOMER: ("charged", "owed"),
            OPERATORS: (*_TRACE, "resolution"),
        },
        "claim.opened": {CUSTOMER: _CLAIM, OPERATORS: ("user", *_CLAIM)},
        "claim.evidence_added": {OPERATORS: ("source", "dispensed")},
        "claim.paid": {CUSTOMER: (*_CLAIM, "paid"), OPERATORS: ("user", *_CLAIM, "paid")},
        "claim.refused": {CUSTOMER: _CLAIM, OPERATORS: ("user", *_CLAIM)},
        "switch.key_enrolled": {OPERATORS: ("keyId", "acquirerId", "checker")},
        "switch.key_retired": {OPERATORS: ("keyId", "acquirerId", "checker")},
        "switch.certificate_bound": {OPERATORS: _CERTIFICATE},
        "switch.certificate_retired": {OPERATORS: _CERTIFICATE},
        "break.booked": {OPERATORS: _BREAK},
        "break.resolved": {CUSTOMER: ("charged", "owed"), OPERATORS: (*_BREAK, "how")},
        "tariff.published": {OPERATORS: ("operation", "tariffEdition", "validFrom", "proposal")},
        "limits.set": {OPERATORS: ("limitsEdition", "validFrom", "proposal")},
        "rules.set": {OPERATORS: ("edition", "validFrom", "proposal")},
        "settlement.paid": {OPERATORS: ("settlementDate", "amount", "interchange")},
        "safeguarding.recorded": {OPERATORS: ("day", "difference", "shortfall")},
        "safeguarding.stated": {OPERATORS: ("day", "balance")},
        "settlement.collected": {OPERATORS: ("amount",)},
        "period.soft_closed": {OPERATORS: ("month", "state")},
        "period.closed": {OPERATORS: ("month", "state")},
        "period.reopened": {OPERATORS: ("month", "state", "reason")},
        "year.closed": {OPERATORS: ("year", "result")},
        "proposal.proposed": {OPERATORS: _PROPOSAL},
        "proposal.applied": {OPERATORS: _PROPOSAL},
        "proposal.withdrawn": {OPERATORS: _PROPOSAL},
        "proposal.lapsed": {OPERATORS: _PROPOSAL},
        "webhook.added": {OPERATORS: _WEBHOOK},
        "webhook.rotated": {OPERATORS: _WEBHOOK},
        "webhook.removed": {OPERATORS: _WEBHOOK},
        "webhook.disabled": {OPERATORS: _WEBHOOK},
        "webhook.enabled": {OPERATORS: _WEBHOOK},
    }
)

ID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

# Names of a thing in a payload are looked up only when they are ids: nothing that a later kind
# calls by one of these names may stop the projector. Who does not have the money yet, and may never
# get it, is not told of it. Whoever is found twice is told once, in the first way: the one that
# knows where the money went.
TELL = """
    INSERT INTO feed (position, audience, owner, kind, subject, recorded_at, direction, payload)
    SELECT
        l.position, t.audience, t.owner, l.kind, l.subject, l.recorded_at, t.direction, l.payload
    FROM ledger.log AS l
    CROSS JOIN LATERAL (
        SELECT
            CASE a.code WHEN '2020' THEN 'agent' ELSE 'customer' END AS audience,
            a.owner,
            CASE a.id::text
                WHEN l.payload ->> 'from' THEN 'out'
                WHEN l.payload ->> 'to' THEN 'in'
            END AS direction
        FROM account AS a
        WHERE
            a.id = ANY(ARRAY[
                CASE WHEN l.payload ->> 'wallet' ~ %(id)s THEN (l.payload ->> 'wallet')::uuid END,
                CASE WHEN l.payload ->> 'account' ~ %(id)s THEN (l.payload ->> 'account')::uuid END,
                CASE WHEN l.payload ->> 'from' ~ %(id)s THEN (l.payload ->> 'from')::uuid END,
                CASE
                    WHEN
                        l.kind NOT IN ('transfer.held', 'transfer.refused')
                        AND l.payload ->> 'to' ~ %(id)s
                        THEN (l.payload ->> 'to')::uuid
                END
            ])
            AND a.owner IS NOT NULL AND a.code IN ('2010', '2020', '2040')
        UNION ALL
        SELECT 'customer', (l.payload ->> 'user')::uuid, NULL
        WHERE l.payload ->> 'user' ~ %(id)s
        UNION ALL
        SELECT
            'agent', (l.payload ->> 'agent')::uuid,
            CASE WHEN l.payload ? 'toAgent' THEN 'out' END
        WHERE l.payload ->> 'agent' ~ %(id)s
        UNION ALL
        SELECT 'agent', (l.payload ->> 'toAgent')::uuid, 'in'
        WHERE l.payload ->> 'toAgent' ~ %(id)s
        UNION ALL
        SELECT 'agent', o.id::uuid, NULL
        FROM jsonb_array_elements_text(
            CASE jsonb_typeof(l.payload -> 'offeredTo')
                WHEN 'array' THEN l.payload -> 'offeredTo'
                ELSE '[]'
            END
        ) AS o (id)
        WHERE o.id ~ %(id)s
        UNION ALL
        SELECT 'operators', '00000000-0000-0000-0000-000000000000'::uuid, NULL
    ) AS t
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND (
            t.audience = 'customer' AND l.kind = ANY(%(customer)s)
            OR t.audience = 'agent' AND l.kind = ANY(%(agent)s)
            OR t.audience = 'operators' AND l.kind = ANY(%(operators)s)
        )
    ON CONFLICT (position, audience, owner) DO NOTHING
"""


def _kinds_for(audience: str) -> list[str]:
    return [kind for kind, told in TOLD.items() if audience in told]


STEPS = (
    Step(
        TELL,
        tuple(TOLD),
        {
            "id": ID,
            CUSTOMER: _kinds_for(CUSTOMER),
            AGENT: _kinds_for(AGENT),
            OPERATORS: _kinds_for(OPERATORS),
        },
    ),
)
