"""0002, 0013: each rule about people, sessions, agents and keys refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import OTHER_ID, SESSIONS, Forgery, twice

ERASE = (
    "UPDATE ledger.person SET status = 'erased', phone_index = NULL, phone_index_next = NULL, "
    "profile_seal = NULL, pin_hash = '', totp_seal = ''"
)

FORGERIES = (
    twice("ledger.person", "a_person_has_one_id"),
    twice("ledger.person", "a_phone_belongs_to_one_person", OTHER_ID),
    Forgery("a_person_has_a_role", "UPDATE ledger.person SET role = 'king', wallet_id = NULL"),
    Forgery("a_person_is_in_a_known_standing", "UPDATE ledger.person SET status = 'asleep'"),
    Forgery(
        "a_next_index_belongs_to_one_person",
        """INSERT INTO ledger.person
        SELECT (forge.copy(
            p, jsonb_build_object('id', gen_random_uuid(), 'phone_index', '\\x01')
        )).*
        FROM ledger.person AS p
        WHERE p.phone_index_next IS NOT NULL""",
        first="""UPDATE ledger.person SET phone_index_next = 'next'
        WHERE id = (SELECT p.id FROM ledger.person AS p LIMIT 1)""",
    ),
    Forgery("who_is_not_erased_can_be_found", "UPDATE ledger.person SET phone_index = NULL"),
    Forgery("who_is_not_erased_can_be_found", "UPDATE ledger.person SET profile_seal = NULL"),
    *(
        Forgery("nothing_identifies_an_erased_person", kept)
        for kept in (
            ERASE.replace("phone_index = NULL", "phone_index = phone_index"),
            ERASE.replace("phone_index_next = NULL", "phone_index_next = 'kept'"),
            ERASE.replace("profile_seal = NULL", "profile_seal = profile_seal"),
            ERASE.replace("pin_hash = ''", "pin_hash = 'kept'"),
            ERASE.replace("totp_seal = ''", "totp_seal = 'kept'"),
        )
    ),
    Forgery(
        "who_is_erased_stays_erased",
        "UPDATE ledger.person SET status = 'active', phone_index = 'back', profile_seal = 'back'",
        first=ERASE,
    ),
    Forgery(
        "who_is_erased_stays_erased",
        "UPDATE ledger.person SET totp_step = 1",
        first=ERASE,
    ),
    Forgery(
        "only_customers_have_wallets",
        "UPDATE ledger.person SET role = 'operator', tier = NULL",
    ),
    Forgery("only_customers_have_wallets", "UPDATE ledger.person SET wallet_id = NULL"),
    Forgery(
        "only_agents_have_outlets", "UPDATE ledger.person SET role = 'agent', wallet_id = NULL"
    ),
    Forgery("only_agents_have_outlets", "UPDATE ledger.person SET agent_id = gen_random_uuid()"),
    twice("ledger.session", "a_session_has_one_id"),
    twice("ledger.session", "a_token_opens_one_session", OTHER_ID),
    twice("ledger.session_use", "a_session_is_last_seen_once"),
    twice("ledger.stranger", "a_stranger_is_counted_once"),
    twice("ledger.agent", "an_agent_has_one_id"),
    Forgery("an_agent_is_open_or_closed", "UPDATE ledger.agent SET status = 'asleep'"),
    twice("ledger.switch_key", "a_switch_key_has_one_id"),
    Forgery("a_switch_key_has_a_visible_name", "UPDATE ledger.switch_key SET id = 'a key'"),
    Forgery("a_switch_key_has_a_visible_name", "UPDATE ledger.switch_key SET acquirer_id = ''"),
    Forgery("an_ed25519_key_has_32_bytes", "UPDATE ledger.switch_key SET public_key = 'short'"),
    Forgery(
        "what_is_retired_stays_retired",
        "UPDATE ledger.switch_key SET retired_at = NULL",
        first="UPDATE ledger.switch_key SET retired_at = now()",
    ),
    twice("ledger.switch_certificate", "a_certificate_has_one_acquirer"),
    Forgery("a_fingerprint_has_32_bytes", "UPDATE ledger.switch_certificate SET fingerprint = 'x'"),
    Forgery(
        "a_certificate_is_of_a_visible_acquirer",
        "UPDATE ledger.switch_certificate SET acquirer_id = 'a bank'",
    ),
    Forgery(
        "what_is_retired_stays_retired",
        "UPDATE ledger.switch_certificate SET retired_at = NULL",
        first="UPDATE ledger.switch_certificate SET retired_at = now()",
    ),
    twice("ledger.device_keys", "a_person_has_one_list_of_device_keys"),
    twice("ledger.terminal", "a_terminal_has_one_id"),
    Forgery("a_terminal_has_a_visible_name", r"UPDATE ledger.terminal SET id = E'a\nb'"),
    Forgery("a_terminal_has_a_visible_name", "UPDATE ledger.terminal SET acquirer_id = 'á'"),
    twice("ledger.nonce", "a_nonce_is_used_once"),
)

# Which forgeries above a trigger refuses, by its rule.
KEEPS = {
    "retired_keys_stay_retired": "what_is_retired_stays_retired",
    "retired_certificates_stay_retired": "what_is_retired_stays_retired",
    "erased_people_stay_erased": "who_is_erased_stays_erased",
}


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_its_rule_refuses_a_forgery_of_the_owner(
    owner: Connection, forgery: Forgery, session: str
) -> None:
    forgery.attack(owner, session)
