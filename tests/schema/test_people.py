"""0002: each rule about people, sessions, agents and the switch's keys refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import OTHER_ID, SESSIONS, Forgery, twice

FORGERIES = (
    twice("ledger.person", "a_person_has_one_id"),
    twice("ledger.person", "a_phone_belongs_to_one_person", OTHER_ID),
    Forgery("a_person_has_a_role", "UPDATE ledger.person SET role = 'king', wallet_id = NULL"),
    Forgery("a_person_is_active_or_closed", "UPDATE ledger.person SET status = 'asleep'"),
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
    twice("ledger.terminal", "a_terminal_has_one_id"),
    Forgery("a_terminal_has_a_visible_name", r"UPDATE ledger.terminal SET id = E'a\nb'"),
    Forgery("a_terminal_has_a_visible_name", "UPDATE ledger.terminal SET acquirer_id = 'á'"),
    twice("ledger.nonce", "a_nonce_is_used_once"),
)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_its_rule_refuses_a_forgery_of_the_owner(
    owner: Connection, forgery: Forgery, session: str
) -> None:
    forgery.attack(owner, session)
