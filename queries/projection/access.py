"""Who may do what, and when they last did: everybody but customers."""

from __future__ import annotations

from queries.projection.step import Step

ID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

ENROL = """
    INSERT INTO access (
        user_id, role, status, agent_id, principal_id, enrolled_at, pin_set_at, totp_set_at,
        passkeys, recovery_codes, devices
    )
    SELECT
        l.subject, l.payload ->> 'role',
        CASE l.kind WHEN 'person.invited' THEN 'invited' ELSE 'active' END,
        (l.payload ->> 'agent')::uuid, (l.payload ->> 'principal')::uuid, l.recorded_at,
        CASE l.kind WHEN 'person.enrolled' THEN l.recorded_at END,
        CASE l.kind WHEN 'person.enrolled' THEN l.recorded_at END,
        0, 0, 0
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind IN ('person.enrolled', 'person.invited')
"""

# Of several records of one batch about one person the newest says how it is now.
CHANGE = """
    UPDATE access AS a
    SET
        role = coalesce(n.role, a.role),
        status = coalesce(n.status, a.status),
        pin_set_at = coalesce(n.pin_set_at, a.pin_set_at),
        totp_set_at = coalesce(n.totp_set_at, a.totp_set_at),
        passkeys = coalesce(n.passkeys, a.passkeys),
        recovery_codes = coalesce(n.recovery_codes, a.recovery_codes),
        devices = coalesce(n.devices, a.devices),
        last_sign_in_at = coalesce(n.last_sign_in_at, a.last_sign_in_at),
        given_by = coalesce(n.given_by, a.given_by),
        let_in_by = CASE
            WHEN n.let_in_by IS NOT NULL OR n.given_by IS NOT NULL THEN n.let_in_by
            ELSE a.let_in_by
        END
    FROM (
        SELECT
            (l.payload ->> 'user')::uuid AS user_id,
            (array_agg(l.payload ->> 'role' ORDER BY l.position DESC)
                FILTER (WHERE l.kind = 'person.role_changed'))[1] AS role,
            (array_agg(
                CASE l.kind WHEN 'person.disabled' THEN 'disabled' ELSE 'active' END
                ORDER BY l.position DESC
            ) FILTER (WHERE l.kind IN ('person.admitted', 'person.disabled', 'person.enabled')))[1]
                AS status,
            max(l.recorded_at) FILTER (
                WHERE
                    l.kind = 'pin.changed'
                    OR l.kind = 'reset.used' AND l.payload ->> 'what' IN ('pin', 'both')
            ) AS pin_set_at,
            max(l.recorded_at) FILTER (
                WHERE
                    l.kind = 'totp.changed'
                    OR l.kind = 'reset.used' AND l.payload ->> 'what' IN ('totp', 'both')
            ) AS totp_set_at,
            (array_agg((l.payload ->> 'passkeys')::bigint ORDER BY l.position DESC)
                FILTER (WHERE l.kind IN ('passkey.added', 'passkey.removed')))[1] AS passkeys,
            (array_agg(coalesce((l.payload ->> 'left')::bigint, 0) ORDER BY l.position DESC)
                FILTER (
                    WHERE
                        l.kind IN ('recovery_codes.made', 'recovery_code.used')
                        OR l.kind = 'reset.used' AND l.payload ->> 'what' IN ('totp', 'both')
                ))[1] AS recovery_codes,
            (array_agg(coalesce((l.payload ->> 'devices')::bigint, 0) ORDER BY l.position DESC)
                FILTER (
                    WHERE
                        l.kind IN (
                            'device.added', 'staff.device_added', 'device.forgotten', 'reset.used'
                        )
                ))[1] AS devices,
            max(l.recorded_at) FILTER (WHERE l.kind = 'session.opened') AS last_sign_in_at,
            (array_agg((l.payload ->> 'giver')::uuid ORDER BY l.position DESC)
                FILTER (WHERE l.kind IN ('person.admitted', 'person.role_changed')))[1] AS given_by,
            -- Another role is given by somebody else: letting in before it counts no more.
            (array_agg(
                CASE l.kind WHEN 'person.enabled' THEN (l.payload ->> 'giver')::uuid END
                ORDER BY l.position DESC
            ) FILTER (
                WHERE l.kind IN ('person.admitted', 'person.role_changed', 'person.enabled')
            ))[1] AS let_in_by
        FROM ledger.log AS l
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s
            AND l.kind = ANY(%(kinds)s) AND l.payload ->> 'user' ~ %(id)s
        GROUP BY l.payload ->> 'user'
    ) AS n
    WHERE a.user_id = n.user_id
"""

# What somebody did is the last that stands in the log as theirs, and not what followed from it by
# itself. A failed log-in may be anybody's.
ACT = """
    UPDATE access AS a
    SET last_act = n.kind, last_acted_at = n.recorded_at
    FROM (
        SELECT DISTINCT ON (l.actor)
            CASE WHEN l.actor ~ %(id)s THEN l.actor::uuid END AS user_id, l.kind, l.recorded_at
        FROM ledger.log AS l
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s
            AND l.kind <> ALL(%(consequences)s)
        ORDER BY l.actor, l.position DESC
    ) AS n
    WHERE a.user_id = n.user_id
"""

KINDS = (
    "person.admitted", "person.disabled", "person.enabled", "person.role_changed", "pin.changed",
    "totp.changed", "reset.used", "passkey.added", "passkey.removed", "recovery_codes.made",
    "recovery_code.used", "device.added", "staff.device_added", "device.forgotten",
    "session.opened",
)  # fmt: skip

CONSEQUENCES = (
    "login.failed", "risk.hit", "case.opened", "step_up.began", "sessions.closed", "device.added",
    "staff.device_added", "float.low", "float.ok",
)  # fmt: skip

STEPS = (
    Step(ENROL, ("person.enrolled", "person.invited")),
    Step(CHANGE, KINDS, {"kinds": list(KINDS), "id": ID}),
    Step(ACT, ("",), {"id": ID, "consequences": list(CONSEQUENCES)}),
)
