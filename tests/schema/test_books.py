"""0001: each rule of the books refuses its forgery, by name, whatever the session has set."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import SESSIONS, Forgery

ENTRY = "INSERT INTO ledger.log SELECT * FROM forge.entry('{}')"

EUROS = """;
    UPDATE ledger.account SET currency = 'EUR' WHERE code = '1020'
"""

HEAD_IN = "ALTER TABLE ledger.head DISABLE TRIGGER head_stays"

FORGERIES = (
    # -- the head
    Forgery(
        "there_is_one_head",
        "INSERT INTO ledger.head SELECT * FROM ledger.head",
        first=HEAD_IN,  # it lets no second head in at all
    ),
    Forgery("the_head_is_the_head", "UPDATE ledger.head SET is_head = FALSE"),
    Forgery(
        "the_head_is_the_newest_record",
        "UPDATE ledger.head SET (position, hash) = "
        "(SELECT position, hash FROM ledger.log WHERE position = 2)",
    ),
    Forgery("the_head_is_the_newest_record", "UPDATE ledger.head SET position = position + 1"),
    Forgery("the_head_is_the_newest_record", "UPDATE ledger.head SET hash = sha256('')"),
    Forgery("the_head_is_the_newest_record", "UPDATE ledger.head SET recorded_at = 'epoch'"),
    # -- records
    Forgery(
        "a_position_is_used_once", "INSERT INTO ledger.log SELECT * FROM forge.record('{}', 0)"
    ),
    Forgery(
        "an_entry_has_its_dates",
        """INSERT INTO ledger.log SELECT * FROM forge.entry('{"value_date": null}')""",
    ),
    Forgery(
        "an_entry_is_numbered_in_its_year",
        """INSERT INTO ledger.log SELECT * FROM forge.entry('{"booking_date": "1999-12-31"}')""",
    ),
    Forgery(
        "only_an_entry_reverses",
        """INSERT INTO ledger.log
        SELECT * FROM forge.record(jsonb_build_object('reverses', forge.number()))""",
    ),
    Forgery(
        "a_reversal_comes_after_its_entry",
        """INSERT INTO ledger.log
        SELECT * FROM forge.entry(jsonb_build_object('reverses', forge.number() + 1))""",
    ),
    Forgery(
        "a_reversal_names_an_entry",
        """INSERT INTO ledger.log SELECT * FROM forge.entry('{"reverses": 2026000000000000}')""",
    ),
    Forgery(
        "an_entry_is_reversed_once",
        """INSERT INTO ledger.log
        SELECT * FROM forge.entry(jsonb_build_object('reverses', forge.number()))
        UNION ALL
        SELECT * FROM forge.entry(jsonb_build_object('reverses', forge.number()), 2)""",
    ),
    Forgery(
        "a_hash_has_32_bytes",
        r"""INSERT INTO ledger.log SELECT * FROM forge.record('{"hash": "\\x00"}')""",
    ),
    Forgery(
        "an_event_has_an_actor_and_a_request",
        """INSERT INTO ledger.log SELECT * FROM forge.record('{"actor": ""}')""",
    ),
    Forgery(
        "an_event_has_an_actor_and_a_request",
        """INSERT INTO ledger.log SELECT * FROM forge.record('{"request_id": ""}')""",
    ),
    Forgery(
        "an_event_has_an_outcome",
        """INSERT INTO ledger.log SELECT * FROM forge.record('{"outcome": ""}')""",
    ),
    Forgery(
        "an_entry_number_is_used_once",
        """INSERT INTO ledger.log
        SELECT * FROM forge.entry(jsonb_build_object('entry_number', forge.number()))""",
    ),
    Forgery(
        "log_positions_have_no_gap", "INSERT INTO ledger.log SELECT * FROM forge.record('{}', 2)"
    ),
    Forgery(
        "log_positions_have_no_gap",
        """INSERT INTO ledger.log
        SELECT * FROM forge.record('{}', 1) UNION ALL SELECT * FROM forge.record('{}', 3)""",
    ),
    Forgery(
        "log_positions_have_no_gap",
        """INSERT INTO ledger.log SELECT * FROM forge.record('{"position": 0}')""",
    ),
    Forgery(
        "time_in_the_log_never_goes_back",
        """INSERT INTO ledger.log SELECT * FROM forge.record('{"recorded_at": "2020-01-01"}')""",
    ),
    Forgery(
        "time_in_the_log_never_goes_back",
        """INSERT INTO ledger.log
        SELECT * FROM forge.record('{"recorded_at": "2099-01-02"}')
        UNION ALL
        SELECT * FROM forge.record('{"recorded_at": "2099-01-01"}', 2)""",
    ),
    Forgery(
        "entry_numbers_have_no_gap",
        """INSERT INTO ledger.log
        SELECT * FROM forge.entry(jsonb_build_object('entry_number', forge.number() + 2))""",
    ),
    Forgery(
        "entry_numbers_have_no_gap",
        """INSERT INTO ledger.log SELECT * FROM forge.entry(
            '{"entry_number": 2099000000000002, "booking_date": "2099-01-01",
            "recorded_at": "2099-01-01T12:00:00Z"}'
        )""",
    ),
    # -- lines
    Forgery("a_line_is_written_once", "INSERT INTO ledger.line SELECT * FROM forge.line('{}')"),
    Forgery(
        "a_line_moves_something",
        """INSERT INTO ledger.line SELECT * FROM forge.line('{"line_number": 9, "amount": 0}')""",
    ),
    Forgery(
        "every_entry_balances_per_currency",
        """INSERT INTO ledger.line
        SELECT * FROM forge.line('{"line_number": 1, "amount": 5}')
        UNION ALL
        SELECT * FROM forge.line('{"line_number": 2, "amount": -4}')""",
        first=ENTRY,
    ),
    Forgery(
        "every_entry_balances_per_currency",
        """INSERT INTO ledger.line
        SELECT * FROM forge.line('{"line_number": 1, "amount": 5}')
        UNION ALL
        SELECT * FROM forge.line(
            '{"line_number": 2, "amount": -5, "account": "00000000-0000-0000-0000-000000001020"}'
        )""",
        first=ENTRY + EUROS,
    ),
    Forgery(
        "every_entry_balances_per_currency",
        """INSERT INTO ledger.line
        SELECT * FROM forge.line(jsonb_build_object('account', gen_random_uuid(), 'amount', 5))
        UNION ALL
        SELECT * FROM forge.line(
            jsonb_build_object('account', gen_random_uuid(), 'amount', -5, 'line_number', 2)
        )""",  # of accounts that do not exist
        first=ENTRY,
    ),
    Forgery(
        "lines_of_an_entry_count_from_one",
        """INSERT INTO ledger.line
        SELECT * FROM forge.line('{"line_number": 8, "amount": 5}')
        UNION ALL
        SELECT * FROM forge.line('{"line_number": 9, "amount": -5}')""",
    ),
    Forgery(
        "lines_of_an_entry_count_from_one",
        """INSERT INTO ledger.line
        SELECT * FROM forge.line('{"line_number": 1, "amount": 5}')
        UNION ALL
        SELECT * FROM forge.line('{"line_number": 2, "amount": -5}')
        UNION ALL
        SELECT * FROM forge.line(jsonb_build_object(
            'entry_number', forge.number() - 1, 'line_number', 8, 'amount', 5
        ))
        UNION ALL
        SELECT * FROM forge.line(jsonb_build_object(
            'entry_number', forge.number() - 1, 'line_number', 9, 'amount', -5
        ))""",  # beside a true entry
        first=ENTRY,
    ),
    Forgery(
        "a_line_belongs_to_a_record",
        """INSERT INTO ledger.line
        SELECT * FROM forge.line(
            jsonb_build_object('entry_number', forge.number() + 1, 'line_number', 1, 'amount', 5)
        )
        UNION ALL
        SELECT * FROM forge.line(
            jsonb_build_object('entry_number', forge.number() + 1, 'line_number', 2, 'amount', -5)
        )""",
    ),
    Forgery(
        "an_entry_has_lines",
        "UPDATE ledger.head SET (position, hash, recorded_at) = "
        "(SELECT position, hash, recorded_at FROM forge.head('{}'))",
        first=ENTRY,
    ),
    # -- accounts
    Forgery(
        "an_account_has_one_id",
        "INSERT INTO ledger.account SELECT * FROM ledger.account WHERE code = '1010'",
    ),
    Forgery(
        "an_owner_has_one_account_of_a_code",
        """INSERT INTO ledger.account
        SELECT (forge.copy(a, jsonb_build_object('id', gen_random_uuid()))).*
        FROM ledger.account AS a
        WHERE a.code = '2010'""",
    ),
    Forgery(
        "an_account_is_of_a_kind", "UPDATE ledger.account SET kind = 'wish' WHERE code = '1010'"
    ),
    Forgery(
        "account_stays_above_its_floor",
        "UPDATE ledger.account SET balance = 1 WHERE code = '2010'",  # debit positive
    ),
    Forgery(
        "account_stays_above_its_floor",
        "UPDATE ledger.account SET floor = 0, balance = -1 WHERE code = '1010'",
    ),
    Forgery(
        "it_is_known_who_owes_us",
        "UPDATE ledger.account SET owner = NULL WHERE code = '1910'",
        """INSERT INTO ledger.account (id, code, owner, currency, kind, floor, status)
        VALUES (gen_random_uuid(), '1910', gen_random_uuid(), 'CVE', 'asset', 0, 'open')""",
    ),
    Forgery(
        "account_stays_above_its_floor",
        "UPDATE ledger.account SET balance = -1 WHERE code = '1920'",
        """INSERT INTO ledger.account (id, code, owner, currency, kind, floor, status)
        VALUES (gen_random_uuid(), '1920', gen_random_uuid(), 'CVE', 'asset', 0, 'open')""",
    ),
    Forgery(
        "a_closed_account_is_empty",
        "UPDATE ledger.account SET status = 'closed' WHERE code = '2010'",
    ),
    # -- keys
    Forgery("a_key_has_one_effect", "INSERT INTO ledger.idempotency TABLE ledger.idempotency"),
)

# What may never be done, and the trigger that sees to it.
STAYS = (
    ("log_stays", "UPDATE ledger.log SET actor = 'nobody'"),
    ("log_stays", "DELETE FROM ledger.log"),
    ("log_stays", "TRUNCATE ledger.log"),
    ("lines_stay", "UPDATE ledger.line SET amount = 1"),
    ("lines_stay", "DELETE FROM ledger.line"),
    ("lines_stay", "TRUNCATE ledger.line"),
    ("keys_stay", "UPDATE ledger.idempotency SET refused = TRUE"),
    ("keys_stay", "DELETE FROM ledger.idempotency"),
    ("keys_stay", "TRUNCATE ledger.idempotency"),
    ("accounts_stay", "DELETE FROM ledger.account"),
    ("accounts_stay", "TRUNCATE ledger.account"),
    ("head_stays", "INSERT INTO ledger.head SELECT * FROM ledger.head LIMIT 0"),
    ("head_stays", "DELETE FROM ledger.head"),
    ("head_stays", "TRUNCATE ledger.head"),
)

# Which forgeries above a trigger refuses, by one of its rules.
FOLLOWS = {
    "records_follow_the_rules": (
        "log_positions_have_no_gap",
        "time_in_the_log_never_goes_back",
        "a_reversal_names_an_entry",
        "entry_numbers_have_no_gap",
    ),
    "lines_follow_the_rules": (
        "every_entry_balances_per_currency",
        "lines_of_an_entry_count_from_one",
        "a_line_belongs_to_a_record",
    ),
    "head_follows_the_log": ("the_head_is_the_newest_record", "an_entry_has_lines"),
}


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_its_rule_refuses_a_forgery_of_the_owner(
    owner: Connection, forgery: Forgery, session: str
) -> None:
    forgery.attack(owner, session)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize(("trigger", "statement"), STAYS)
def test_what_is_written_stays_because_of_one_trigger(
    owner: Connection, trigger: str, statement: str, session: str
) -> None:
    Forgery("what_is_written_stays", statement).attack(owner, session)
    owner.rollback()
    table = Forgery(trigger, statement).table
    owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    owner.execute(statement)  # nothing but that trigger stood in the way


@pytest.mark.parametrize("trigger", FOLLOWS)
def test_new_rows_are_looked_at_because_of_one_trigger(owner: Connection, trigger: str) -> None:
    for forgery in FORGERIES:
        if forgery.rule in FOLLOWS[trigger]:
            owner.execute(f"ALTER TABLE {forgery.table} DISABLE TRIGGER {trigger}")
            owner.execute(forgery.first or "SELECT")
            owner.execute(forgery.sql)
            owner.rollback()


def test_the_forgers_hands_are_good(owner: Connection) -> None:
    """A forgery with nothing wrong in it passes: so each is refused for what is wrong in it."""
    owner.execute(ENTRY)
    owner.execute(
        """INSERT INTO ledger.line
        SELECT * FROM forge.line('{"line_number": 1, "amount": 5}')
        UNION ALL
        SELECT * FROM forge.line('{"line_number": 2, "amount": -5}')"""
    )
    owner.execute("INSERT INTO ledger.log SELECT * FROM forge.record('{}')")
    owner.execute(
        "UPDATE ledger.head SET (position, hash, recorded_at) = "
        "(SELECT position, hash, recorded_at FROM forge.head('{}'))"
    )
