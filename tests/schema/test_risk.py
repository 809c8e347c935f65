"""0006: each rule about step-up, wrong codes, fraud rules, cases and held transfers refuses its
forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import SESSIONS, Forgery, twice

FORGERIES = (
    Forgery(
        "nine_wrong_tries_suspend_cardless",
        "UPDATE ledger.cardless SET wrong_at = '[1, 2, 3, 4, 5, 6, 7, 8, 9]', suspended_at = NULL",
    ),
    twice("ledger.device_use", "a_device_is_listed_once"),
    twice("ledger.devices", "a_person_has_one_list_of_devices"),
    twice("ledger.watch", "a_watch_has_one_id"),
    Forgery("a_watch_counts_upwards", "UPDATE ledger.watch SET in_row = -1"),
    Forgery("a_watch_counts_upwards", "UPDATE ledger.watch SET usual = -1"),
    twice("ledger.rule_book", "the_rule_book_is_kept_once"),
    Forgery("there_is_one_rule_book", "UPDATE ledger.rule_book SET id = 'others'"),
    twice("ledger.risk_profile", "a_wallet_has_one_risk_profile"),
    twice("ledger.risk_case", "a_case_has_one_id"),
    Forgery(
        "a_case_is_in_a_known_state",
        "UPDATE ledger.risk_case SET state = 'lost', ended_by = gen_random_uuid()",
    ),
    Forgery("a_case_has_a_known_action", "UPDATE ledger.risk_case SET action = 'forgive'"),
    Forgery(
        "a_case_that_ended_was_ended_by_somebody", "UPDATE ledger.risk_case SET state = 'closed'"
    ),
    Forgery(
        "a_case_that_ended_was_ended_by_somebody",
        "UPDATE ledger.risk_case SET ended_by = gen_random_uuid()",
    ),
    Forgery("only_a_transfer_is_held_for_a_case", "UPDATE ledger.risk_case SET holds = TRUE"),
    Forgery(
        "nobody_works_a_case_about_themselves",
        "UPDATE ledger.risk_case SET state = 'closed', ended_by = user_id",
    ),
    twice("ledger.held_transfer", "a_held_transfer_has_one_id"),
    Forgery(
        "a_held_transfer_is_in_a_known_state", "UPDATE ledger.held_transfer SET state = 'lost'"
    ),
    Forgery("a_held_transfer_is_of_some_money", "UPDATE ledger.held_transfer SET amount = 0"),
    Forgery("a_held_transfer_is_of_some_money", "UPDATE ledger.held_transfer SET fee = -1"),
    Forgery(
        "a_held_transfer_goes_to_somebody_else",
        "UPDATE ledger.held_transfer SET to_wallet_id = wallet_id",
    ),
    twice("queries.rule_edition", "an_edition_of_the_rules_is_shown_once"),
    twice("queries.risk_hit", "a_record_hits_a_rule_once"),
    twice("queries.risk_case", "a_case_is_shown_once"),
    twice("queries.case_event", "a_record_of_a_case_is_shown_once"),
    twice("queries.held_transfer", "a_held_transfer_is_shown_once"),
)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_its_rule_refuses_a_forgery_of_the_owner(
    owner: Connection, forgery: Forgery, session: str
) -> None:
    forgery.attack(owner, session)
