"""I17 is shown to fail for each wall that somebody has taken down, and to name it."""

from __future__ import annotations

from typing import NamedTuple

import psycopg
import pytest

from tests.conftest import Database
from tests.queries.check.planting import found


class Breach(NamedTuple):
    """What an owner did to the schema. Roles belong to all databases: `back` mends them."""

    sql: str
    says: str
    back: str = ""


BREACHES = (
    Breach(
        "ALTER TABLE ledger.log DISABLE TRIGGER log_stays",
        "Trigger log_stays on ledger.log does not fire for everybody.",
    ),
    Breach(
        "ALTER TABLE ledger.line ENABLE TRIGGER lines_follow_the_rules",
        "Trigger lines_follow_the_rules on ledger.line does not fire for everybody.",
    ),
    Breach(
        "ALTER TABLE ledger.head ENABLE REPLICA TRIGGER head_stays",
        "Trigger head_stays on ledger.head does not fire for everybody.",
    ),
    Breach(
        "DROP TRIGGER keys_stay ON ledger.idempotency",
        "Trigger keys_stay on ledger.idempotency is missing or changed.",
    ),
    Breach(
        """DROP TRIGGER log_stays ON ledger.log;
        CREATE TRIGGER log_stays BEFORE DELETE ON ledger.log
        FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
        ALTER TABLE ledger.log ENABLE ALWAYS TRIGGER log_stays""",
        "Trigger log_stays on ledger.log is missing or changed.",
    ),
    Breach(
        """CREATE TRIGGER quietly BEFORE INSERT ON ledger.log
        FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
        ALTER TABLE ledger.log ENABLE ALWAYS TRIGGER quietly""",
        "Trigger quietly on ledger.log is not one of ours.",
    ),
    Breach(
        """CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RETURN NULL; END $$""",
        "Function ledger.refuse_change is not as the migrations made it.",
    ),
    Breach(
        """CREATE FUNCTION ledger.back_door() RETURNS void LANGUAGE sql SECURITY DEFINER
        AS $$ SELECT $$""",
        "Function ledger.back_door is not as the migrations made it.",
    ),
    Breach("DROP FUNCTION ledger.lock_expected_head", "ledger.lock_expected_head is missing."),
    Breach(
        "ALTER FUNCTION ledger.saved_all SECURITY DEFINER",
        "Function ledger.saved_all runs with the owner's rights.",
    ),
    Breach(
        "ALTER FUNCTION ledger.write_batch SECURITY INVOKER",
        "Function ledger.write_batch runs with its caller's rights.",
    ),
    Breach(
        "ALTER FUNCTION ledger.lock_head SET search_path = pg_catalog",
        "Function ledger.lock_head looks for names where its caller says.",
    ),
    Breach(
        "ALTER TABLE ledger.line DROP CONSTRAINT a_line_moves_something",
        "Constraint a_line_moves_something is missing.",
    ),
    Breach(
        """ALTER TABLE ledger.line DROP CONSTRAINT a_line_moves_something;
        ALTER TABLE ledger.line ADD CONSTRAINT a_line_moves_something
        CHECK (amount <> 0) NOT VALID""",
        "Constraint a_line_moves_something is missing.",
    ),
    Breach(
        "DROP INDEX ledger.a_live_code_is_unique", "Constraint a_live_code_is_unique is missing."
    ),
    Breach(
        """DROP INDEX ledger.a_live_code_is_unique;
        CREATE INDEX a_live_code_is_unique ON ledger.withdrawal (code_digest)""",
        "Constraint a_live_code_is_unique is missing.",
    ),
    Breach(
        "GRANT UPDATE ON ledger.log TO makeba_commands",
        "makeba_commands may UPDATE ledger.log, which nobody should have granted.",
    ),
    Breach(
        "GRANT UPDATE (balance) ON ledger.account TO makeba_commands",
        "makeba_commands may UPDATE ledger.account (balance), which nobody should have granted.",
    ),
    Breach(
        "GRANT SELECT (code_digest) ON ledger.withdrawal TO makeba_auditor",
        "makeba_auditor may SELECT ledger.withdrawal (code_digest), which nobody should have",
    ),
    Breach(
        "GRANT DELETE ON queries.entry TO makeba_queries",
        "makeba_queries may DELETE queries.entry, which nobody should have granted.",
    ),
    Breach(
        "GRANT SELECT ON ledger.person TO PUBLIC",
        "everybody may SELECT ledger.person, which nobody should have granted.",
    ),
    Breach(
        "GRANT EXECUTE ON FUNCTION ledger.write_batch TO makeba_projector",
        "makeba_projector may EXECUTE ledger.write_batch, which nobody should have granted.",
    ),
    Breach(
        "GRANT CREATE ON SCHEMA ledger TO makeba_commands",
        "makeba_commands may CREATE ledger, which nobody should have granted.",
    ),
    Breach(
        "REVOKE SELECT ON ledger.person FROM makeba_commands",
        "makeba_commands may not SELECT ledger.person, which it must.",
    ),
    Breach(
        "ALTER ROLE makeba_queries BYPASSRLS",
        "Role makeba_queries may pass by grants (superuser or the like).",
        "ALTER ROLE makeba_queries NOBYPASSRLS",
    ),
    Breach(
        "GRANT pg_write_all_data TO makeba_projector",
        "Role makeba_projector has the rights of pg_write_all_data.",
        "REVOKE pg_write_all_data FROM makeba_projector",
    ),
    Breach(
        "ALTER TABLE ledger.nonce OWNER TO makeba_commands",
        "ledger.nonce is owned by makeba_commands",
    ),
    Breach(
        "ALTER TABLE ledger.log ENABLE ROW LEVEL SECURITY",
        "ledger.log hides rows from its readers.",
    ),
    Breach(
        "CREATE RULE elsewhere AS ON INSERT TO ledger.line DO INSTEAD NOTHING",
        "ledger.line hides rows from its readers.",
    ),
    Breach(
        "ALTER TABLE queries.wallet DISABLE ROW LEVEL SECURITY",
        "The rows of queries.wallet are shown to whoever may read it.",
    ),
    Breach(
        "DROP POLICY what_is_ones_own ON queries.line",
        "Policy what_is_ones_own on queries.line is missing.",
    ),
    Breach(
        "ALTER POLICY what_is_ones_own ON queries.movement USING (TRUE)",
        "Policy what_is_ones_own on queries.movement is not as the migrations made it.",
    ),
    Breach(
        "CREATE POLICY a_favour ON queries.entry TO PUBLIC USING (TRUE)",
        "Policy a_favour on queries.entry is not one of ours.",
    ),
    Breach(
        "ALTER POLICY what_is_audited ON queries.feed USING (position < 5)",
        "Policy what_is_audited on queries.feed is not as the migrations made it.",
    ),
    Breach(
        "CREATE TABLE ledger.more () INHERITS (ledger.log)",
        "ledger.more is a part of ledger.log.",
    ),
)


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: breach.says.partition(".")[0])
def test_a_breach_is_named(books: Database, breach: Breach) -> None:
    with psycopg.connect(books.owner, autocommit=True) as owner:
        try:
            owner.execute(breach.sql)
            finding = found(books, "I17")
        finally:
            if breach.back:
                owner.execute(breach.back)
    assert not finding.held
    assert breach.says in (finding.first_bad or "")
