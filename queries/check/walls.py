"""I17: nothing in the log can be changed or deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from queries.check import rules
from queries.check.reading import Reading
from queries.check.rules import Grant, Policy, Trigger
from queries.check.truth import Truth, Untrue

TRIGGERS = """
    SELECT
        c.relname, t.tgname, p.proname, t.tgenabled = 'A' AS always,
        t.tgtype & 2 <> 0 AS before,
        t.tgtype & 1 <> 0 AS each_row,
        array_remove(ARRAY[
            CASE WHEN t.tgtype & 4 <> 0 THEN 'INSERT' END,
            CASE WHEN t.tgtype & 8 <> 0 THEN 'DELETE' END,
            CASE WHEN t.tgtype & 16 <> 0 THEN 'UPDATE' END,
            CASE WHEN t.tgtype & 32 <> 0 THEN 'TRUNCATE' END
        ], NULL) AS events
    FROM pg_trigger AS t
    INNER JOIN pg_class AS c ON t.tgrelid = c.oid
    INNER JOIN pg_proc AS p ON t.tgfoid = p.oid
    WHERE c.relnamespace = to_regnamespace('ledger') AND NOT t.tgisinternal
    ORDER BY c.relname, t.tgname
"""

FUNCTIONS = """
    SELECT 'ledger.' || p.proname, p.prosrc, p.prosecdef, coalesce(p.proconfig, '{}')
    FROM pg_proc AS p
    WHERE p.pronamespace = to_regnamespace('ledger')
    ORDER BY p.proname
"""

CONSTRAINTS = """
    SELECT o.conname
    FROM pg_constraint AS o
    WHERE
        o.connamespace IN (to_regnamespace('ledger'), to_regnamespace('queries'))
        AND o.convalidated
    UNION
    SELECT c.relname
    FROM pg_index AS i
    INNER JOIN pg_class AS c ON i.indexrelid = c.oid
    WHERE
        c.relnamespace IN (to_regnamespace('ledger'), to_regnamespace('queries'))
        AND i.indisunique AND i.indisvalid AND i.indisready AND i.indislive
"""

# What everybody but the owner may do, table by table, column by column.
GRANTS = """
    SELECT a.grantee::regrole::text, a.privilege_type, a.thing, a.column_name
    FROM (
        SELECT
            x.grantee, x.privilege_type, n.nspname AS thing, '' AS column_name,
            n.nspowner AS owner
        FROM pg_namespace AS n
        CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS x
        WHERE n.nspname IN ('ledger', 'queries')
        UNION ALL
        SELECT x.grantee, x.privilege_type, n.nspname || '.' || c.relname, '', c.relowner
        FROM pg_class AS c
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS x
        WHERE n.nspname IN ('ledger', 'queries') AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        UNION ALL
        SELECT x.grantee, x.privilege_type, n.nspname || '.' || c.relname, a.attname, c.relowner
        FROM pg_attribute AS a
        INNER JOIN pg_class AS c ON a.attrelid = c.oid
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        CROSS JOIN LATERAL aclexplode(a.attacl) AS x
        WHERE n.nspname IN ('ledger', 'queries')
        UNION ALL
        SELECT x.grantee, x.privilege_type, n.nspname || '.' || p.proname, '', p.proowner
        FROM pg_proc AS p
        INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
        CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x
        WHERE n.nspname IN ('ledger', 'queries')
    ) AS a
    WHERE a.grantee <> a.owner
"""

# Which rows each role sees. One that may see all of them may do so on one condition only: TRUE.
POLICIES = """
    SELECT
        n.nspname || '.' || c.relname, r.rolname, p.polname,
        CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN '*' THEN 'ALL' ELSE p.polcmd::text END,
        pg_get_expr(p.polqual, p.polrelid) = 'true'
    FROM pg_policy AS p
    INNER JOIN pg_class AS c ON p.polrelid = c.oid
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    LEFT JOIN pg_roles AS r ON r.oid = ANY(p.polroles)  -- null: everybody
    WHERE n.nspname IN ('ledger', 'queries')
"""

UNGUARDED = """
    SELECT 'queries.' || c.relname
    FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace('queries') AND c.relkind = 'r' AND NOT c.relrowsecurity
"""

# Roles that would walk through any grant, and memberships that would lend them another's.
ROLES = """
    SELECT r.rolname, m.roleid::regrole::text
    FROM pg_roles AS r
    LEFT JOIN pg_auth_members AS m ON r.oid = m.member
    WHERE
        r.rolname = ANY(%(roles)s)
        AND (
            m.roleid IS NOT NULL
            OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls
        )
    ORDER BY r.rolname
"""

# One owner for everything, who is none of those roles; and nothing that would show another table.
OWNERS = """
    SELECT c.oid::regclass::text, 'is owned by ' || c.relowner::regrole
    FROM pg_class AS c
    WHERE
        c.relnamespace IN (to_regnamespace('ledger'), to_regnamespace('queries'))
        AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND (
            c.relowner <> (
                SELECT o.relowner FROM pg_class AS o WHERE o.oid = to_regclass('ledger.log')
            )
            OR c.relowner::regrole::text = ANY(%(roles)s)
        )
    UNION ALL
    SELECT p.oid::regprocedure::text, 'is owned by ' || p.proowner::regrole
    FROM pg_proc AS p
    WHERE
        p.pronamespace = to_regnamespace('ledger')
        AND p.proowner <> (
            SELECT o.relowner FROM pg_class AS o WHERE o.oid = to_regclass('ledger.log')
        )
    UNION ALL
    SELECT c.oid::regclass::text, 'hides rows from its readers'
    FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace('ledger') AND (c.relrowsecurity OR c.relhasrules)
    UNION ALL
    SELECT i.inhrelid::regclass::text, 'is a part of ' || i.inhparent::regclass
    FROM pg_inherits AS i
    INNER JOIN pg_class AS c ON i.inhparent = c.oid
    WHERE c.relnamespace = to_regnamespace('ledger') AND c.relkind = 'r'
    ORDER BY 1
"""

OUR_ROLES = [rules.COMMANDS, rules.PROJECTOR, rules.QUERIES, rules.AUDITOR]


class WallsStand(Truth):
    """Triggers, functions, constraints, grants, owners: as the catalog has them now."""

    CODE: ClassVar[str] = "I17"
    SENTENCE: ClassVar[str] = (
        "Nothing in the log can be changed or deleted: every trigger fires for everybody, every"
        " rule is in place, and no role may do more than it was meant to."
    )

    def compare(self, reading: Reading) -> None:
        self._require_triggers(reading)
        self._require_functions(reading)
        self._require_constraints(reading)
        for role, lent in reading.look(ROLES, roles=OUR_ROLES):
            raise Untrue(
                f"Role {role} has the rights of {lent}."
                if lent
                else f"Role {role} may pass by grants (superuser or the like)."
            )
        for thing, what in reading.look(OWNERS, roles=OUR_ROLES):
            raise Untrue(f"{thing} {what}.")
        self._require_grants(reading)
        self._require_policies(reading)

    def _require_triggers(self, reading: Reading) -> None:
        found = set()
        for table, name, function, always, before, each_row, events in reading.look(TRIGGERS):
            found.add(Trigger(table, name, function, before, each_row, frozenset(events)))
            if not always:
                raise Untrue(f"Trigger {name} on ledger.{table} does not fire for everybody.")
        self.looked_at["triggers"] += len(found)
        for trigger in sorted(rules.TRIGGERS - found):
            raise Untrue(f"Trigger {trigger.name} on ledger.{trigger.table} is missing or changed.")
        for trigger in sorted(found - rules.TRIGGERS):
            raise Untrue(f"Trigger {trigger.name} on ledger.{trigger.table} is not one of ours.")

    def _require_functions(self, reading: Reading) -> None:
        wanted = rules.bodies()
        found = set()
        for name, body, definer, settings in reading.look(FUNCTIONS):
            found.add(name)
            if wanted.get(name) != body:
                raise Untrue(f"Function {name} is not as the migrations made it.")
            if definer != (name in rules.DEFINERS):
                whose = "the owner's" if definer else "its caller's"
                raise Untrue(f"Function {name} runs with {whose} rights.")
            if definer and rules.DEFINERS_SEARCH_PATH not in settings:
                raise Untrue(f"Function {name} looks for names where its caller says.")
        self.looked_at["functions"] += len(found)
        _require_nothing_lacks("Function", wanted.keys() - found)

    def _require_constraints(self, reading: Reading) -> None:
        found = {name for (name,) in reading.look(CONSTRAINTS)}
        self.looked_at["constraints"] += len(rules.constraints())
        _require_nothing_lacks("Constraint", rules.constraints() - found)

    def _require_grants(self, reading: Reading) -> None:
        found = {Grant(*row) for row in reading.look(GRANTS)}
        self.looked_at["grants"] += len(found)
        for grant in sorted(found - rules.GRANTS):
            who = "everybody" if grant.role == "-" else grant.role
            raise Untrue(f"{who} may {_in_words(grant)}, which nobody should have granted.")
        for grant in sorted(rules.GRANTS - found):
            raise Untrue(f"{grant.role} may not {_in_words(grant)}, which it must.")

    def _require_policies(self, reading: Reading) -> None:
        found = set()
        for table, role, name, verb, everything in reading.look(POLICIES):
            found.add(Policy(table, role or "everybody", name, verb))
            if everything != (role != rules.QUERIES):
                raise Untrue(f"Policy {name} on {table} is not as the migrations made it.")
        self.looked_at["policies"] += len(found)
        wanted = rules.policies()
        for policy in sorted(found - wanted):
            raise Untrue(f"Policy {policy.name} on {policy.table} is not one of ours.")
        for policy in sorted(wanted - found):
            raise Untrue(f"Policy {policy.name} on {policy.table} is missing.")
        for (table,) in reading.look(UNGUARDED):
            if table not in rules.UNGUARDED:
                raise Untrue(f"The rows of {table} are shown to whoever may read it.")


def _require_nothing_lacks(what: str, missing: Iterable[str]) -> None:
    for name in sorted(missing):
        raise Untrue(f"{what} {name} is missing.")


def _in_words(grant: Grant) -> str:
    return f"{grant.privilege} {grant.thing}" + (f" ({grant.column})" if grant.column else "")
