"""0007: each rule about principals, outlets, tills, offers and redemptions refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import OTHER_ID, SESSIONS, Forgery, twice

FORGERIES = (
    twice("ledger.principal", "a_principal_has_one_id"),
    Forgery("a_principal_has_a_name", "UPDATE ledger.principal SET name = ''"),
    Forgery(
        "only_managers_have_principals",
        "UPDATE ledger.person SET principal_id = gen_random_uuid()",
    ),
    Forgery(
        "only_managers_have_principals",
        "UPDATE ledger.person SET role = 'agent_manager', wallet_id = NULL, tier = NULL",
    ),
    # -- outlets
    Forgery(
        "an_outlet_is_not_its_own_parent",
        "UPDATE ledger.agent SET parent_id = id, principal_id = gen_random_uuid()",
    ),
    Forgery(
        "a_super_agent_is_of_the_same_network",
        "UPDATE ledger.agent SET parent_id = gen_random_uuid()",
    ),
    Forgery(
        "an_outlet_stands_somewhere_or_is_not_placed",
        "UPDATE ledger.agent SET island = 'Sal'",
    ),
    Forgery(
        "an_outlet_stands_somewhere_or_is_not_placed",
        "UPDATE ledger.agent SET island = 'Sal', latitude = 90000001, longitude = 0",
    ),
    Forgery(
        "an_outlet_stands_somewhere_or_is_not_placed",
        "UPDATE ledger.agent SET island = 'Sal', latitude = 0, longitude = -180000001",
    ),
    Forgery("a_float_rises_further_than_it_fell", "UPDATE ledger.agent SET float_low = 1"),
    Forgery("a_float_rises_further_than_it_fell", "UPDATE ledger.agent SET float_low = -1"),
    Forgery("a_float_is_ok_or_low", "UPDATE ledger.agent SET float_state = 'well'"),
    # -- tills
    twice("ledger.till", "a_till_has_one_id"),
    Forgery("a_till_has_a_name", "UPDATE ledger.till SET name = ''"),
    Forgery(
        "a_till_is_open_or_closed",
        "UPDATE ledger.till SET state = 'lent', operator_id = NULL, opened_at = NULL",
    ),
    Forgery("an_open_till_has_an_operator", "UPDATE ledger.till SET operator_id = NULL"),
    Forgery("an_open_till_has_an_operator", "UPDATE ledger.till SET opened_at = NULL"),
    Forgery("an_open_till_has_an_operator", "UPDATE ledger.till SET state = 'closed'"),
    Forgery(
        "a_till_holds_no_less_than_nothing",
        "UPDATE ledger.till SET cash = -1, differences = differences - 501",
    ),
    Forgery(
        "a_till_holds_no_less_than_nothing",
        "UPDATE ledger.till SET paid = -1, differences = differences - 301",
    ),
    Forgery("a_cash_book_adds_up", "UPDATE ledger.till SET cash = cash + 1"),
    Forgery("a_cash_book_adds_up", "UPDATE ledger.till SET differences = 0"),
    twice("ledger.till", "an_operator_has_one_open_till", OTHER_ID),
    # -- offers
    Forgery(
        "only_an_agent_who_has_it_pays",
        "UPDATE ledger.agent_request SET state = 'confirmed', agent_id = NULL,"
        " pickup_digest = NULL, pickup_seal = NULL",
    ),
    Forgery("an_offer_is_made_to_somebody", "UPDATE ledger.agent_request SET agent_id = NULL"),
    # -- redemptions
    twice("ledger.redemption", "a_redemption_has_one_id"),
    Forgery("a_redemption_is_of_some_money", "UPDATE ledger.redemption SET amount = 0"),
    Forgery(
        "a_redemption_is_in_a_known_state",
        "UPDATE ledger.redemption SET state = 'lost' WHERE reference IS NULL",
        # One that is over has somebody who ended it.
        first="UPDATE ledger.redemption SET decided_by = gen_random_uuid(), state = 'refused'"
        " WHERE reference IS NULL",
    ),
    Forgery(
        "a_redemption_takes_two_people",
        "UPDATE ledger.redemption SET decided_by = requested_by WHERE state = 'paid'",
    ),
    Forgery(
        "a_redemption_ends_by_somebody",
        "UPDATE ledger.redemption SET state = 'refused' WHERE state = 'requested'",
    ),
    Forgery(
        "only_a_paid_redemption_has_a_transfer",
        "UPDATE ledger.redemption SET reference = NULL WHERE state = 'paid'",
    ),
    Forgery(
        "a_transfer_pays_one_redemption",
        """INSERT INTO ledger.redemption
        SELECT (forge.copy(d, jsonb_build_object('id', gen_random_uuid()))).*
        FROM ledger.redemption AS d
        WHERE d.state = 'paid'""",
    ),
    # -- read models
    Forgery(
        "cash_comes_from_a_machine_or_a_counter",
        "UPDATE queries.withdrawal SET channel = 'agent', state = 'confirmed'",
    ),
    twice("queries.principal", "a_projected_principal_has_one_id"),
    twice("queries.outlet", "a_projected_outlet_has_one_id"),
    twice("queries.till", "a_projected_till_has_one_id"),
    twice("queries.till_day", "a_till_has_one_row_a_day"),
    twice("queries.offer", "a_request_is_offered_to_an_agent_once"),
    twice("queries.redemption", "a_projected_redemption_has_one_id"),
)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_its_rule_refuses_a_forgery_of_the_owner(
    owner: Connection, forgery: Forgery, session: str
) -> None:
    forgery.attack(owner, session)
