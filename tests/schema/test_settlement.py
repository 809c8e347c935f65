"""0015: each rule about files, what they say and where they differ refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import SESSIONS, Forgery, twice

FORGERIES = (
    # -- files
    twice("ledger.settlement_file", "a_file_has_one_id"),
    twice(
        "ledger.settlement_file",
        "an_acquirer_numbers_its_files_once",
        "jsonb_build_object('id', gen_random_uuid(), 'signed', 'other')",
    ),
    twice(
        "ledger.settlement_file",
        "a_file_is_taken_in_once",
        "jsonb_build_object('id', gen_random_uuid(), 'number', 99)",
    ),
    Forgery(
        "no_more_is_matched_than_the_file_has",
        "UPDATE ledger.settlement_file SET matched = records + 1, state = 'matching'",
    ),
    Forgery(
        "no_more_is_matched_than_the_file_has",
        "UPDATE ledger.settlement_file SET matched = -1, state = 'matching'",
    ),
    Forgery(
        "a_file_is_matched_when_all_of_it_is",
        "UPDATE ledger.settlement_file SET state = 'matched', matched = records - 1",
    ),
    Forgery(
        "a_file_is_matched_when_all_of_it_is", "UPDATE ledger.settlement_file SET state = 'new'"
    ),
    twice("ledger.settlement_series", "an_acquirer_has_one_series"),
    Forgery(
        "a_series_goes_forward",
        "UPDATE ledger.settlement_series SET last_date = first_date - 1",
    ),
    Forgery("a_series_goes_forward", "UPDATE ledger.settlement_series SET last_number = 0"),
    # -- what they say
    twice("ledger.mention", "a_trace_has_one_mention"),
    Forgery("no_less_than_nothing_is_claimed", "UPDATE ledger.mention SET claimed = -1"),
    Forgery("who_is_named_is_named_somewhere", "UPDATE ledger.mention SET number = NULL"),
    Forgery(
        "who_is_named_is_named_somewhere",
        "UPDATE ledger.mention SET file_id = NULL, number = NULL, claimed = 5",
    ),
    Forgery("an_absence_has_its_date", "UPDATE ledger.mention SET absences = 1, absent_on = NULL"),
    Forgery("an_absence_has_its_date", "UPDATE ledger.mention SET absences = -1"),
    # -- where they differ
    twice("ledger.mismatch", "a_mismatch_has_one_id"),
    Forgery("a_mismatch_is_of_a_known_kind", "UPDATE ledger.mismatch SET kind = 'odd'"),
    Forgery("a_mismatch_is_in_a_known_state", "UPDATE ledger.mismatch SET state = 'lost'"),
    Forgery("a_mismatch_is_ended_by_somebody", "UPDATE ledger.mismatch SET state = 'booked'"),
    Forgery("a_mismatch_is_ended_by_somebody", "UPDATE ledger.mismatch SET checker_id = id"),
    Forgery("no_less_than_nothing_is_found", "UPDATE ledger.mismatch SET in_file = -1"),
    Forgery("no_less_than_nothing_is_found", "UPDATE ledger.mismatch SET in_books = -1"),
    Forgery("what_only_the_file_lacks_has_no_number", "UPDATE ledger.mismatch SET number = NULL"),
    Forgery(
        "what_only_the_file_lacks_has_no_number",
        "UPDATE ledger.mismatch SET kind = 'missing_there'",
    ),
    # -- the bank
    twice("ledger.bank_statement", "a_statement_has_one_id"),
    twice(
        "ledger.bank_statement",
        "an_account_numbers_its_statements_once",
        "jsonb_build_object('id', gen_random_uuid(), 'digest', 'other')",
    ),
    twice(
        "ledger.bank_statement",
        "a_statement_is_taken_in_once",
        "jsonb_build_object('id', gen_random_uuid(), 'number', 99)",
    ),
    twice("ledger.bank_series", "an_account_has_one_series"),
    twice("ledger.bank_line", "a_bank_line_has_one_id"),
    twice(
        "ledger.bank_line",
        "a_statement_numbers_its_lines_once",
        "jsonb_build_object('id', gen_random_uuid(), 'entry_line', 2)",
    ),
    twice(
        "ledger.bank_line",
        "an_entry_line_is_matched_once",
        "jsonb_build_object('id', gen_random_uuid(), 'number', 2)",
    ),
    Forgery("a_bank_line_is_of_some_money", "UPDATE ledger.bank_line SET amount = 0"),
    Forgery("a_bank_line_is_in_a_known_state", "UPDATE ledger.bank_line SET state = 'lost'"),
    Forgery("what_is_matched_names_its_entry", "UPDATE ledger.bank_line SET state = 'open'"),
    Forgery("what_is_matched_names_its_entry", "UPDATE ledger.bank_line SET rule = NULL"),
    twice("queries.bank_statement", "a_projected_statement_has_one_id"),
    twice("queries.bank_line", "a_projected_bank_line_has_one_id"),
    # -- interchange, machines
    twice("ledger.interchange", "there_is_one_book_of_interchange"),
    Forgery("the_book_of_interchange_is_called_so", "UPDATE ledger.interchange SET kind = 'other'"),
    twice("ledger.machine_word", "a_machine_has_one_word_for_a_withdrawal"),
    Forgery("no_less_than_nothing_is_dispensed", "UPDATE ledger.machine_word SET dispensed = -1"),
    # -- read models
    twice("queries.settlement_file", "a_projected_file_has_one_id"),
    twice("queries.settlement_item", "a_projected_item_has_one_number"),
    twice("queries.mismatch", "a_projected_mismatch_has_one_id"),
    twice("queries.absence", "a_projected_absence_is_of_one_withdrawal"),
)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_a_forgery_is_refused(owner: Connection, forgery: Forgery, session: str) -> None:
    forgery.attack(owner, session)
