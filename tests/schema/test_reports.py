"""0016: each rule of the tables that reports are read from refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import SESSIONS, Forgery, twice

FORGERIES = (
    twice("queries.account_day", "an_account_has_one_total_a_day"),
    twice("queries.milestone", "a_code_has_one_milestone_a_stretch"),
    twice("queries.log_record", "a_projected_record_has_one_position"),
    twice("queries.entry_word", "a_word_of_an_entry_counts_once"),
    twice("queries.float_day", "a_float_has_one_total_of_a_kind_a_day"),
    twice("queries.suspense", "an_entry_moves_an_item_once"),
    twice("queries.safeguarding", "the_trust_is_recorded_once_a_day"),
    twice("queries.trust_statement", "a_bank_states_one_balance_a_day"),
    twice("ledger.trust_day", "a_day_of_the_trust_has_one_row"),
)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_its_rule_refuses_a_forgery_of_the_owner(
    owner: Connection, forgery: Forgery, session: str
) -> None:
    forgery.attack(owner, session)
