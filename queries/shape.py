"""The read models' tables once more, empty, in another schema: columns, keys, indexes, views,
policies, grants.

They are copied from the catalogue, so that a rebuild has whatever the newest migration made.
"""

from __future__ import annotations

from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow

TABLES = """
    SELECT c.oid, c.relname, coalesce(c.reloptions, '{}')
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname = %(schema)s AND c.relkind = 'r'
    ORDER BY c.relname
"""

# CHECK constraints come with LIKE, by their names; these would get new ones.
KEYS = """
    SELECT k.conname, pg_catalog.pg_get_constraintdef(k.oid)
    FROM pg_catalog.pg_constraint AS k
    WHERE k.conrelid = %(table)s AND k.contype IN ('p', 'u')
"""

# Without a schema in front of the table, as it is in the search path.
INDEXES = """
    SELECT pg_catalog.pg_get_indexdef(i.indexrelid, 0, TRUE)
    FROM pg_catalog.pg_index AS i
    WHERE
        i.indrelid = %(table)s
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid)
"""

# Names of tables in what follows come without a schema too.
VIEWS = """
    SELECT c.oid, c.relname, pg_catalog.pg_get_viewdef(c.oid)
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname = %(schema)s AND c.relkind = 'v'
    ORDER BY c.relname
"""

GUARDED = """
    SELECT c.relname
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname = %(schema)s AND c.relrowsecurity
    ORDER BY c.relname
"""

POLICIES = """
    SELECT
        c.relname, p.polname, r.rolname,
        CASE p.polcmd WHEN 'r' THEN 'SELECT' ELSE 'ALL' END,
        pg_catalog.pg_get_expr(p.polqual, p.polrelid),
        p.polwithcheck IS NOT NULL
    FROM pg_catalog.pg_policy AS p
    INNER JOIN pg_catalog.pg_class AS c ON p.polrelid = c.oid
    INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
    INNER JOIN pg_catalog.pg_roles AS r ON r.oid = ANY(p.polroles)
    WHERE n.nspname = %(schema)s
    ORDER BY c.relname, p.polname
"""

TABLE_GRANTS = """
    SELECT g.privilege_type, r.rolname
    FROM pg_catalog.pg_class AS c
    CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS g
    INNER JOIN pg_catalog.pg_roles AS r ON g.grantee = r.oid
    WHERE c.oid = %(table)s AND g.grantee <> c.relowner
"""

SCHEMA_GRANTS = """
    SELECT g.privilege_type, r.rolname
    FROM pg_catalog.pg_namespace AS n
    CROSS JOIN LATERAL pg_catalog.aclexplode(n.nspacl) AS g
    INNER JOIN pg_catalog.pg_roles AS r ON g.grantee = r.oid
    WHERE n.nspname = %(schema)s AND g.grantee <> n.nspowner
"""

BEGIN_AT_NOTHING = "INSERT INTO projection (position) VALUES (0)"

Connection = AsyncConnection[TupleRow]
Statement = sql.SQL | sql.Composed


async def copy(connection: Connection, of: str, to: str) -> None:
    """Make the schema `to`, with empty tables like those of the schema `of`, at position zero."""
    async with connection.transaction():
        await _look_in(connection, of)
        statements = await _statements(connection, of, to)
        await connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(to)))
        await _look_in(connection, to)
        for statement in statements:
            await connection.execute(statement)
        await connection.execute(BEGIN_AT_NOTHING)


async def drop(connection: Connection, schema: str) -> None:
    """Drop a schema and all that is in it, if it exists."""
    await connection.execute(
        sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema))
    )


async def analyze(connection: Connection, schema: str, table: str) -> None:
    """Let the planner know what is in a table."""
    await connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(schema, table)))


async def _look_in(connection: Connection, schema: str) -> None:
    await connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(schema)))


async def _statements(connection: Connection, of: str, to: str) -> list[Statement]:
    """All that makes the tables of one schema in another, when that one is the search path."""
    statements: list[Statement] = []
    for privilege, role in await _all(connection, SCHEMA_GRANTS, schema=of):
        statements.append(_grant(privilege, sql.SQL("SCHEMA {}").format(sql.Identifier(to)), role))
    for oid, name, options in await _all(connection, TABLES, schema=of):
        table = sql.Identifier(name)
        statements.append(
            sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL EXCLUDING INDEXES)").format(
                table, sql.Identifier(of, name)
            )
        )
        statements += [_set(table, option) for option in options]
        for key, definition in await _all(connection, KEYS, table=oid):
            statements.append(
                sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                    table, sql.Identifier(key), sql.SQL(definition)
                )
            )
        statements += [sql.SQL(index) for (index,) in await _all(connection, INDEXES, table=oid)]
        for privilege, role in await _all(connection, TABLE_GRANTS, table=oid):
            statements.append(_grant(privilege, table, role))
    return statements + await _views(connection, of) + await _policies(connection, of)


async def _views(connection: Connection, of: str) -> list[Statement]:
    statements: list[Statement] = []
    for oid, name, definition in await _all(connection, VIEWS, schema=of):
        view = sql.Identifier(name)
        statements.append(sql.SQL("CREATE VIEW {} AS {}").format(view, sql.SQL(definition)))
        for privilege, role in await _all(connection, TABLE_GRANTS, table=oid):
            statements.append(_grant(privilege, view, role))
    return statements


async def _policies(connection: Connection, of: str) -> list[Statement]:
    """Who sees which rows: without them whoever reads would see nothing of the tables beside."""
    statements: list[Statement] = [
        sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(sql.Identifier(table))
        for (table,) in await _all(connection, GUARDED, schema=of)
    ]
    for table, name, role, verb, sees, checks in await _all(connection, POLICIES, schema=of):
        statements.append(
            sql.SQL("CREATE POLICY {} ON {} FOR {} TO {} USING ({}){}").format(
                sql.Identifier(name),
                sql.Identifier(table),
                sql.SQL(verb),
                sql.Identifier(role),
                sql.SQL(sees),
                sql.SQL(" WITH CHECK (TRUE)" if checks else ""),
            )
        )
    return statements


def _set(table: sql.Identifier, option: str) -> sql.Composed:
    """A storage parameter, as the catalogue has it: fillfactor=50."""
    name, _, value = option.partition("=")
    return sql.SQL("ALTER TABLE {} SET ({} = {})").format(
        table, sql.Identifier(name), sql.Literal(value)
    )


def _grant(privilege: str, on: sql.Composable, role: str) -> sql.Composed:
    return sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(privilege), on, sql.Identifier(role))


async def _all(connection: Connection, query: str, **values: object) -> list[TupleRow]:
    return await (await connection.execute(query, values)).fetchall()
