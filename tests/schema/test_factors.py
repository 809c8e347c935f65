"""0010: each rule about factors, resets and admins refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import SESSIONS, Forgery, twice

FORGERIES = (
    twice("ledger.factors", "a_person_has_one_set_of_factors"),
    Forgery(
        "ten_recovery_codes_at_most",
        "UPDATE ledger.factors SET recovery = array_fill('code'::text, ARRAY[11])",
    ),
    Forgery(
        "ten_passkeys_at_most",
        "UPDATE ledger.factors SET passkeys = array_fill(gen_random_uuid(), ARRAY[11])",
    ),
    twice("ledger.passkey", "a_passkey_has_one_id"),
    Forgery("a_passkey_counts_upwards", "UPDATE ledger.passkey SET sign_count = -1"),
    twice("ledger.reset", "a_person_has_one_newest_reset"),
    Forgery("a_reset_sets_known_factors", "UPDATE ledger.reset SET what = 'name'"),
    Forgery("a_reset_is_in_a_known_state", "UPDATE ledger.reset SET state = 'asleep'"),
    Forgery("only_an_open_reset_has_a_code", "UPDATE ledger.reset SET state = 'used'"),
    twice("ledger.admins", "there_is_one_list_of_admins"),
    Forgery("the_list_of_admins_is_called_so", "UPDATE ledger.admins SET kind = 'others'"),
    twice("ledger.login_source", "a_source_is_counted_once"),
    twice("queries.access", "a_projected_person_has_one_id"),
)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_its_rule_refuses_a_forgery_of_the_owner(
    owner: Connection, forgery: Forgery, session: str
) -> None:
    forgery.attack(owner, session)
