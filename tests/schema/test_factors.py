"""0010: each rule about factors, resets, admins and who made them refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import SESSIONS, Forgery, twice

# One of two people proposed what the other may do here.
FIRST = "(SELECT p.id FROM ledger.person AS p ORDER BY p.id LIMIT 1)"
LAST = "(SELECT p.id FROM ledger.person AS p ORDER BY p.id DESC LIMIT 1)"
MADE = tuple(
    f"UPDATE ledger.person SET {column} = {LAST} WHERE id = {FIRST}"  # noqa: S608
    for column in ("given_by", "let_in_by")
)


def together(seen: str, ending: str = "") -> tuple[Forgery, ...]:
    """Both of them as the two eyes of one change, in either direction and by either right."""
    return tuple(
        Forgery(
            "neither_of_two_gave_the_other_a_right",
            f"UPDATE {seen} SET maker_id = {maker}, checker_id = {checker}{ending}",  # noqa: S608
            first=made,
        )
        for made in MADE
        for maker, checker in ((FIRST, LAST), (LAST, FIRST))
    )


FORGERIES = (
    Forgery("nobody_gives_themselves_a_right", "UPDATE ledger.person SET given_by = id"),
    Forgery("nobody_gives_themselves_a_right", "UPDATE ledger.person SET let_in_by = id"),
    *together("ledger.proposal", ", state = 'applied'"),
    *together("ledger.release"),
    *together("ledger.dispute", ", state = 'closed', resolution = 'write_off', evidence = 'none'"),
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


# Which forgeries above a trigger refuses, by its rule.
KEEPS = {
    "changes_have_eyes_apart": "neither_of_two_gave_the_other_a_right",
    "releases_have_eyes_apart": "neither_of_two_gave_the_other_a_right",
    "resolutions_have_eyes_apart": "neither_of_two_gave_the_other_a_right",
}


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_its_rule_refuses_a_forgery_of_the_owner(
    owner: Connection, forgery: Forgery, session: str
) -> None:
    forgery.attack(owner, session)


def test_who_gave_a_right_may_turn_its_holder_down(owner: Connection) -> None:
    owner.execute(MADE[0])
    owner.execute(
        f"UPDATE ledger.proposal SET maker_id = {FIRST}, checker_id = {LAST}, state = 'withdrawn'"  # noqa: S608
    )
