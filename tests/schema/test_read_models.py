"""0004: each rule of the read models refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import OTHER_ID, SESSIONS, Forgery, twice

FORGERIES = (
    twice("queries.projection", "there_is_one_projection"),
    Forgery(
        "the_projection_is_the_projection", "UPDATE queries.projection SET is_projection = FALSE"
    ),
    twice("queries.account", "a_projected_account_has_one_id"),
    twice("queries.wallet", "a_projected_wallet_has_one_id"),
    twice("queries.wallet", "a_projected_user_has_one_wallet", OTHER_ID),
    Forgery("nothing_held_is_negative", "UPDATE queries.wallet SET held = -1"),
    twice("queries.entry", "a_projected_entry_has_one_number"),
    twice(
        "queries.entry",
        "a_projected_entry_is_reversed_once",
        "jsonb_build_object('number', 3, 'position', 3)",
    ),
    twice(
        "queries.entry",
        "a_projected_entry_has_one_position",
        "jsonb_build_object('number', 3, 'reverses', NULL)",
    ),
    twice("queries.line", "a_projected_line_has_one_place"),
    twice("queries.turnover", "a_code_has_one_turnover_a_day"),
    twice("queries.movement", "an_entry_begins_one_movement_of_an_account"),
    twice(
        "queries.movement",
        "a_transaction_is_one_movement_of_an_account",
        "jsonb_build_object('entry_number', 3)",
    ),
    twice("queries.withdrawal", "a_projected_withdrawal_has_one_id"),
    Forgery(
        "cash_comes_from_a_machine_or_a_counter",
        "UPDATE queries.withdrawal SET channel = 'agent', agent_id = NULL",
    ),
    Forgery(
        "cash_comes_from_a_machine_or_a_counter",
        "UPDATE queries.withdrawal SET channel = 'post', agent_id = gen_random_uuid()",
    ),
    twice("queries.switch_operation", "an_operation_of_the_switch_has_one_trace"),
)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_its_rule_refuses_a_forgery_of_the_owner(
    owner: Connection, forgery: Forgery, session: str
) -> None:
    forgery.attack(owner, session)
