"""0005: each rule about tiers, limits and proposals refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import SESSIONS, Forgery, twice

FORGERIES = (
    Forgery("a_tier_is_a_known_one", "UPDATE ledger.person SET tier = 'gold'"),
    Forgery("only_customers_have_a_tier", "UPDATE ledger.person SET tier = NULL"),
    Forgery("a_withdrawal_keeps_a_known_tier", "UPDATE ledger.withdrawal SET tier = 'gold'"),
    twice("ledger.limit_book", "there_is_one_book_of_limits"),
    Forgery("the_book_of_limits_is_called_so", "UPDATE ledger.limit_book SET kind = 'others'"),
    twice("ledger.activity", "a_subject_has_one_activity"),
    twice("ledger.proposal", "a_proposal_has_one_id"),
    Forgery("a_proposal_is_in_a_known_state", "UPDATE ledger.proposal SET state = 'hoped'"),
    Forgery("a_proposal_is_named_by_its_content", "UPDATE ledger.proposal SET content = '{ }'"),
    Forgery("a_change_takes_two_people", "UPDATE ledger.proposal SET checker_id = maker_id"),
    Forgery("nothing_is_applied_without_a_checker", "UPDATE ledger.proposal SET state = 'applied'"),
    twice("queries.proposal", "a_proposal_is_told_once"),
)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_its_rule_refuses_a_forgery_of_the_owner(
    owner: Connection, forgery: Forgery, session: str
) -> None:
    forgery.attack(owner, session)
