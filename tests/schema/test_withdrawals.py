"""0003: each rule about withdrawals, requests, traces, disputes and credits refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import SESSIONS, Forgery, twice

FORGERIES = (
    twice("ledger.tariff", "a_kind_has_one_tariff"),
    # -- withdrawals
    twice("ledger.withdrawal", "a_withdrawal_has_one_id"),
    Forgery(
        "a_withdrawal_is_in_a_known_state",
        "UPDATE ledger.withdrawal SET state = 'paid' WHERE state = 'authorised'",
    ),
    Forgery(
        "a_withdrawal_is_of_some_money",
        "UPDATE ledger.withdrawal SET amount = 0, captured = 0 WHERE state = 'active'",
    ),
    Forgery(
        "a_withdrawal_is_of_some_money",
        "UPDATE ledger.withdrawal SET fee = -1 WHERE state = 'active'",
        # A negative fee is less than the captured one, which is nothing.
        first="ALTER TABLE ledger.withdrawal DROP CONSTRAINT never_more_captured_than_approved",
    ),
    Forgery(
        "only_a_live_code_is_kept",
        "UPDATE ledger.withdrawal SET code_digest = NULL WHERE state = 'active'",
    ),
    Forgery(
        "only_a_live_code_is_kept",
        "UPDATE ledger.withdrawal SET code_seal = 'kept' WHERE state = 'completed'",
    ),
    Forgery(
        "only_a_live_code_is_kept",
        "UPDATE ledger.withdrawal SET state = 'expired' WHERE state = 'active'",
    ),
    Forgery("three_tries_at_most", "UPDATE ledger.withdrawal SET tries = 4"),
    Forgery("three_tries_at_most", "UPDATE ledger.withdrawal SET tries = -1"),
    Forgery(
        "an_approval_has_a_trace",
        "UPDATE ledger.withdrawal SET trace = NULL WHERE state = 'authorised'",
    ),
    Forgery(
        "an_approval_has_a_trace",
        "UPDATE ledger.withdrawal SET authorised_at = NULL WHERE state = 'completed'",
    ),
    Forgery(
        "an_approval_has_a_trace",
        "UPDATE ledger.withdrawal SET settlement_date = NULL WHERE state = 'completed'",
    ),
    Forgery(
        "never_more_captured_than_approved",
        "UPDATE ledger.withdrawal SET captured = amount + 1 WHERE state = 'completed'",
    ),
    Forgery(
        "never_more_captured_than_approved",
        "UPDATE ledger.withdrawal SET captured_fee = fee + 1 WHERE state = 'completed'",
    ),
    Forgery(
        "capture_or_release_never_both",
        "UPDATE ledger.withdrawal SET state = 'reversed' WHERE state = 'completed'",
    ),
    Forgery(
        "capture_or_release_never_both",
        "UPDATE ledger.withdrawal SET captured_fee = 1 WHERE state = 'authorised'",
    ),
    Forgery(
        "capture_or_release_never_both",
        "UPDATE ledger.withdrawal SET captured = 0 WHERE state = 'completed'",
    ),
    Forgery(
        "a_wallet_has_one_live_code",
        """INSERT INTO ledger.withdrawal
        SELECT (forge.copy(
            w, jsonb_build_object('id', gen_random_uuid(), 'code_digest', 'other')
        )).*
        FROM ledger.withdrawal AS w
        WHERE w.state = 'active'""",
    ),
    Forgery(
        "a_live_code_is_unique",
        """INSERT INTO ledger.withdrawal
        SELECT (forge.copy(
            w, jsonb_build_object('id', gen_random_uuid(), 'wallet_id', gen_random_uuid())
        )).*
        FROM ledger.withdrawal AS w
        WHERE w.state = 'active'""",
    ),
    Forgery(
        "a_trace_approves_one_withdrawal",
        """INSERT INTO ledger.withdrawal
        SELECT (forge.copy(w, jsonb_build_object('id', gen_random_uuid()))).*
        FROM ledger.withdrawal AS w
        WHERE w.state = 'authorised'""",
    ),
    twice("ledger.cardless", "a_wallet_has_one_newest_withdrawal"),
    Forgery("nothing_held_is_negative", "UPDATE ledger.cardless SET held = -1"),
    twice("ledger.release", "a_withdrawal_is_released_once"),
    Forgery(
        "nobody_agrees_to_what_has_lapsed",
        "UPDATE ledger.release SET checker_id = gen_random_uuid(), lapsed_at = now()",
    ),
    Forgery("a_release_takes_two_people", "UPDATE ledger.release SET checker_id = maker_id"),
    # -- the switch
    twice("ledger.switch_trace", "a_trace_is_answered_once"),
    Forgery(
        "only_an_approval_names_a_withdrawal", "UPDATE ledger.switch_trace SET response_code = '55'"
    ),
    Forgery(
        "only_an_approval_names_a_withdrawal", "UPDATE ledger.switch_trace SET withdrawal_id = NULL"
    ),
    Forgery(
        "only_an_approval_names_a_withdrawal", "UPDATE ledger.switch_trace SET approval_code = NULL"
    ),
    Forgery(
        "an_original_that_comes_too_late_is_refused", "UPDATE ledger.switch_trace SET amount = NULL"
    ),
    twice("ledger.dispute", "a_trace_is_disputed_once"),
    Forgery("a_dispute_is_of_some_money", "UPDATE ledger.dispute SET amount = 0"),
    Forgery(
        "a_dispute_is_open_or_closed",
        "UPDATE ledger.dispute SET state = 'lost', resolution = 'write_off', evidence = 'none',"
        " maker_id = gen_random_uuid(), checker_id = gen_random_uuid()",
    ),
    Forgery("a_dispute_ends_in_a_known_way", "UPDATE ledger.dispute SET resolution = 'forget'"),
    Forgery(
        "only_a_known_customer_is_charged",
        "UPDATE ledger.dispute SET resolution = 'charge_customer'",
    ),
    Forgery(
        "a_resolution_takes_two_people",
        "UPDATE ledger.dispute SET maker_id = id, checker_id = id",
    ),
    Forgery("a_dispute_ends_as_two_people_say", "UPDATE ledger.dispute SET state = 'closed'"),
    Forgery(
        "a_dispute_ends_as_two_people_say",
        "UPDATE ledger.dispute SET state = 'closed', resolution = 'taken_back', taken_back = 1999",
    ),
    Forgery(
        "a_dispute_ends_as_two_people_say",
        "UPDATE ledger.dispute SET resolution = 'taken_back', taken_back = amount",
    ),
    Forgery(
        "never_more_of_a_dispute_taken_back_than_it_is",
        "UPDATE ledger.dispute SET taken_back = amount + 1",
    ),
    Forgery(
        "never_more_of_a_dispute_taken_back_than_it_is",
        "UPDATE ledger.dispute SET taken_back = -1",
    ),
    Forgery(
        "only_a_known_customer_is_charged",
        "UPDATE ledger.dispute SET resolution = 'customer_owes'",
    ),
    Forgery("only_a_known_customer_is_charged", "UPDATE ledger.dispute SET wallet_id = id"),
    Forgery(
        "only_so_many_reversals_are_remembered",
        "UPDATE ledger.switch_trace SET reversed_to = array_fill(1, ARRAY[17])",
    ),
    # -- agents and the bank
    twice("ledger.agent_request", "a_request_has_one_id"),
    Forgery(
        "a_request_is_in_a_known_state",
        "UPDATE ledger.agent_request SET state = 'paid', pickup_digest = NULL, pickup_seal = NULL",
    ),
    Forgery("a_request_is_of_some_money", "UPDATE ledger.agent_request SET amount = 0"),
    Forgery("a_request_is_of_some_money", "UPDATE ledger.agent_request SET fee = -1"),
    Forgery("a_request_is_of_some_money", "UPDATE ledger.agent_request SET commission = -1"),
    Forgery(
        "only_a_live_pickup_code_is_kept", "UPDATE ledger.agent_request SET state = 'confirmed'"
    ),
    Forgery(
        "only_a_live_pickup_code_is_kept", "UPDATE ledger.agent_request SET pickup_seal = NULL"
    ),
    Forgery("three_tries_at_the_counter", "UPDATE ledger.agent_request SET tries = 4"),
    twice("ledger.bank_credit", "a_bank_reference_is_booked_once"),
    Forgery("a_bank_credit_is_of_some_money", "UPDATE ledger.bank_credit SET amount = -1"),
    Forgery(
        "a_bank_credit_is_for_somebody_or_unidentified",
        "UPDATE ledger.bank_credit SET beneficiary = 'nobody'",
    ),
)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_its_rule_refuses_a_forgery_of_the_owner(
    owner: Connection, forgery: Forgery, session: str
) -> None:
    forgery.attack(owner, session)
