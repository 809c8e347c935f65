"""0008: each rule about dormancy, assignments, claims and settling refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import SESSIONS, Forgery, twice

FORGERIES = (
    Forgery(
        "an_account_is_in_a_known_status",
        "UPDATE ledger.account SET status = 'paused'",
    ),
    # -- dormancy
    twice("ledger.dormancy", "a_wallet_sleeps_once_at_a_time"),
    Forgery("nothing_asleep_is_negative", "UPDATE ledger.dormancy SET amount = -1"),
    # -- bank credits that were assigned
    twice(
        "ledger.assignment", "a_credit_is_assigned_once", "jsonb_build_object('credit_entry', 9)"
    ),
    twice(
        "ledger.assignment", "an_entry_is_assigned_once", "jsonb_build_object('reference', 'R9')"
    ),
    Forgery(
        "a_credit_is_assigned_to_somebody",
        "UPDATE ledger.assignment SET beneficiary = 'unidentified'",
    ),
    # -- claims
    twice("ledger.claim", "a_withdrawal_is_claimed_once"),
    Forgery(
        "a_claim_is_in_a_known_state",
        "UPDATE ledger.claim SET state = 'lost', checker_id = wallet_id",
    ),
    Forgery("nothing_received_is_negative", "UPDATE ledger.claim SET received = -1"),
    Forgery("a_claim_ends_by_somebody_else", "UPDATE ledger.claim SET state = 'paid'"),
    Forgery(
        "a_claim_ends_by_somebody_else",
        "UPDATE ledger.claim SET state = 'paid', checker_id = user_id",
    ),
    Forgery("a_claim_ends_by_somebody_else", "UPDATE ledger.claim SET checker_id = wallet_id"),
    # -- settling
    twice("ledger.settlement", "a_date_is_settled_once"),
    Forgery(
        "no_more_is_paid_for_a_date_than_is_owed", "UPDATE ledger.settlement SET owed = paid - 1"
    ),
    Forgery(
        "no_more_is_paid_for_a_date_than_is_owed",
        "UPDATE ledger.settlement SET paid = -1, interchange = 0, settled_at = NULL",
    ),
    Forgery("a_settlement_is_of_some_money", "UPDATE ledger.settlement SET settled_at = NULL"),
    Forgery(
        "a_settlement_is_of_some_money", "UPDATE ledger.settlement SET paid = 0, interchange = 0"
    ),
    Forgery("interchange_is_paid_with_its_date", "UPDATE ledger.settlement SET interchange = -1"),
    Forgery(
        "interchange_is_paid_with_its_date",
        "UPDATE ledger.settlement SET paid = 0, settled_at = NULL",
    ),
    # -- breaks
    twice("ledger.difference", "a_break_has_one_id"),
    Forgery(
        "a_break_has_a_known_side",
        "UPDATE ledger.difference SET side = 'nowhere', withdrawal_id = id",
    ),
    Forgery("a_break_is_of_some_money", "UPDATE ledger.difference SET amount = 0, remaining = 0"),
    Forgery(
        "never_more_of_a_break_resolved_than_booked", "UPDATE ledger.difference SET remaining = -1"
    ),
    Forgery(
        "never_more_of_a_break_resolved_than_booked",
        "UPDATE ledger.difference SET remaining = amount + 1",
    ),
    Forgery(
        "what_only_our_books_know_is_a_withdrawals",
        "UPDATE ledger.difference SET side = 'in_books_only', withdrawal_id = NULL",
    ),
    Forgery(
        "what_only_our_books_know_is_a_withdrawals",
        "UPDATE ledger.difference SET withdrawal_id = gen_random_uuid()",
    ),
    # -- the trust's book
    twice("ledger.trust_book", "there_is_one_trust_book"),
    Forgery("the_trust_book_is_the_trust_book", "UPDATE ledger.trust_book SET kind = 'other'"),
    Forgery("what_has_crossed_is_not_negative", "UPDATE ledger.trust_book SET fees_swept = -1"),
    Forgery(
        "what_has_crossed_is_not_negative", "UPDATE ledger.trust_book SET commission_funded = -1"
    ),
    Forgery("what_has_crossed_is_not_negative", "UPDATE ledger.trust_book SET tax_paid = -1"),
    # -- the read models
    twice(
        "queries.bank_credit",
        "a_projected_credit_has_one_reference",
        "jsonb_build_object('entry_number', 9)",
    ),
    twice(
        "queries.bank_credit",
        "a_projected_credit_has_one_entry",
        "jsonb_build_object('reference', 'R9')",
    ),
    twice("queries.claim", "a_projected_claim_has_one_withdrawal"),
    twice("queries.evidence", "a_projected_piece_of_evidence_has_one_position"),
    twice("queries.settlement", "a_projected_date_is_settled_once"),
    twice("queries.difference", "a_projected_break_has_one_id"),
)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_a_forgery_is_refused(owner: Connection, forgery: Forgery, session: str) -> None:
    forgery.attack(owner, session)
