"""Nothing in the schema goes without its forgery: a new rule must be attacked before it passes."""

from __future__ import annotations

import re

from queries.check import rules
from tests.schema import (
    test_accounts,
    test_agents,
    test_books,
    test_events,
    test_factors,
    test_limits,
    test_people,
    test_periods,
    test_read_models,
    test_reports,
    test_risk,
    test_settlement,
    test_trail,
    test_withdrawals,
)
from tests.schema.conftest import Connection
from tests.schema.forgery import Forgery

FORGERIES: tuple[Forgery, ...] = (
    *test_books.FORGERIES,
    *test_people.FORGERIES,
    *test_limits.FORGERIES,
    *test_risk.FORGERIES,
    *test_withdrawals.FORGERIES,
    *test_read_models.FORGERIES,
    *test_accounts.FORGERIES,
    *test_agents.FORGERIES,
    *test_events.FORGERIES,
    *test_trail.FORGERIES,
    *test_settlement.FORGERIES,
    *test_factors.FORGERIES,
    *test_reports.FORGERIES,
    *test_periods.FORGERIES,
)
STAYS = (*test_books.STAYS, *test_trail.STAYS, *test_periods.STAYS)
FOLLOWS = (*test_books.FOLLOWS, *test_trail.FOLLOWS, *test_periods.FOLLOWS)
KEEPS = test_people.KEEPS | test_factors.KEEPS

# Those of NOT NULL are nobody's sentence: PostgreSQL 18 names them after their columns.
CONSTRAINTS = """
    SELECT o.conrelid::regclass::text, o.conname
    FROM pg_constraint AS o
    WHERE
        o.connamespace IN ('ledger'::regnamespace, 'queries'::regnamespace)
        AND o.contype <> 'n'
    UNION
    SELECT i.indrelid::regclass::text, i.indexrelid::regclass::name
    FROM pg_index AS i
    INNER JOIN pg_class AS c ON i.indexrelid = c.oid
    WHERE
        c.relnamespace IN ('ledger'::regnamespace, 'queries'::regnamespace) AND i.indisunique
"""

TRIGGERS = """
    SELECT t.tgname
    FROM pg_trigger AS t
    INNER JOIN pg_class AS c ON t.tgrelid = c.oid
    WHERE c.relnamespace IN ('ledger'::regnamespace, 'queries'::regnamespace)
"""

RAISED = re.compile(r"break_rule\(\s*'(\w+)'|CONSTRAINT = '(\w+)'")

# By test_door.py, through the door itself.
AT_THE_DOOR = {
    "a_balance_moves_by_its_lines",
    "a_row_is_saved_over_the_version_that_was_read",
    "a_batch_is_decided_on_the_head",
    "the_time_is_the_databases",
}


def test_every_constraint_and_unique_index_is_attacked(owner: Connection) -> None:
    found = {
        (table, name.rpartition(".")[2]) for table, name in owner.execute(CONSTRAINTS).fetchall()
    }
    assert found - {(forgery.table, forgery.rule) for forgery in FORGERIES} == set()


def test_every_trigger_is_attacked(owner: Connection) -> None:
    found = {name for (name,) in owner.execute(TRIGGERS).fetchall()}
    assert found - {trigger for trigger, _ in STAYS} - set(FOLLOWS) - set(KEEPS) == set()


def test_every_rule_that_a_function_raises_is_attacked() -> None:
    raised = {
        name
        for body in rules.bodies().values()
        for pair in RAISED.findall(body)
        for name in pair
        if name
    }
    attacked = {forgery.rule for forgery in FORGERIES} | AT_THE_DOOR | {"what_is_written_stays"}
    assert raised - attacked == set()


def test_every_forgery_attacks_a_rule_that_exists(owner: Connection) -> None:
    known = {name.rpartition(".")[2] for _, name in owner.execute(CONSTRAINTS).fetchall()}
    raised = {
        name
        for body in rules.bodies().values()
        for pair in RAISED.findall(body)
        for name in pair
        if name
    }
    assert {forgery.rule for forgery in FORGERIES} - known - raised == set()


def test_every_rule_is_a_sentence(owner: Connection) -> None:
    """At least three words: a name that tells what is always so."""
    for _, name in owner.execute(CONSTRAINTS).fetchall():
        assert name.count("_") >= 2, name


def test_every_trigger_fires_for_everybody() -> None:
    """The list of what must be there is complete: the check of I17 goes by it."""
    assert {trigger.name for trigger in rules.TRIGGERS} == {
        *(trigger for trigger, _ in STAYS),
        *FOLLOWS,
        *KEEPS,
    }
