"""0011: each rule about the trail and the audit refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import SESSIONS, Forgery, twice

END_IN = "ALTER TABLE ledger.trail_end DISABLE TRIGGER trail_end_stays"
# Of a note that is there: what changes is all that is wrong with the new one.
NOTE = "INSERT INTO ledger.trail SELECT (forge.copy(t, '{changes}')).* FROM ledger.trail AS t"


def note(rule: str, changes: str) -> Forgery:
    """A note after the only one that there is, changed."""
    return Forgery(rule, NOTE.replace("{changes}", f'{{"position": 2{changes}}}'))


FORGERIES = (
    Forgery(
        "there_is_one_end_of_the_trail",
        "INSERT INTO ledger.trail_end SELECT * FROM ledger.trail_end",
        first=END_IN,  # it lets no second end in at all
    ),
    Forgery("the_end_of_the_trail_is_its_end", "UPDATE ledger.trail_end SET is_end = FALSE"),
    Forgery(
        "the_trail_ends_with_its_newest_note", "UPDATE ledger.trail_end SET position = position + 1"
    ),
    Forgery("the_trail_ends_with_its_newest_note", "UPDATE ledger.trail_end SET hash = sha256('')"),
    Forgery(
        "the_trail_ends_with_its_newest_note", "UPDATE ledger.trail_end SET recorded_at = 'epoch'"
    ),
    Forgery(
        "the_trail_ends_with_its_newest_note",
        "UPDATE ledger.trail_end SET hash = hash",
        first=NOTE.replace("{changes}", '{"position": 2}'),
    ),
    twice("ledger.trail", "a_note_has_one_place"),
    Forgery("notes_have_no_gap", NOTE.replace("{changes}", '{"position": 3}')),
    note("a_note_is_of_a_known_sort", ', "what": "seen"'),
    note("a_note_has_actor_request_and_outcome", ', "actor": ""'),
    note("a_note_has_actor_request_and_outcome", ', "request_id": ""'),
    note("a_note_has_actor_request_and_outcome", ', "route": ""'),
    note("a_note_has_actor_request_and_outcome", ', "outcome": ""'),
    note("a_note_counts_from_one", ', "times": 0'),
    note("the_hash_of_a_note_has_32_bytes", r', "hash": "\\x00"'),
    twice("ledger.trail_seal", "there_is_one_seal_of_the_trail"),
    Forgery("the_seal_of_the_trail_is_called_so", "UPDATE ledger.trail_seal SET kind = 'other'"),
    twice("queries.audit", "an_act_is_audited_once"),
)

# Each of these is refused because of that trigger and no other.
STAYS = (
    ("notes_stay", "UPDATE ledger.trail SET actor = 'nobody'"),
    ("notes_stay", "DELETE FROM ledger.trail"),
    ("notes_stay", "TRUNCATE ledger.trail"),
    ("trail_end_stays", "INSERT INTO ledger.trail_end SELECT * FROM ledger.trail_end LIMIT 0"),
    ("trail_end_stays", "DELETE FROM ledger.trail_end"),
    ("trail_end_stays", "TRUNCATE ledger.trail_end"),
)
FOLLOWS = {
    "notes_follow_the_rules": ("notes_have_no_gap",),
    "trail_end_follows_its_notes": ("the_trail_ends_with_its_newest_note",),
}


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_a_forgery_is_refused(owner: Connection, forgery: Forgery, session: str) -> None:
    forgery.attack(owner, session)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize(("trigger", "statement"), STAYS)
def test_what_is_noted_stays_because_of_one_trigger(
    owner: Connection, trigger: str, statement: str, session: str
) -> None:
    Forgery("what_is_written_stays", statement).attack(owner, session)
    owner.rollback()
    table = Forgery(trigger, statement).table
    owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    owner.execute(statement)  # nothing but that trigger stood in the way


@pytest.mark.parametrize("trigger", FOLLOWS)
def test_new_notes_are_looked_at_because_of_one_trigger(owner: Connection, trigger: str) -> None:
    for forgery in FORGERIES:
        if forgery.rule in FOLLOWS[trigger]:
            owner.execute(f"ALTER TABLE {forgery.table} DISABLE TRIGGER {trigger}")
            owner.execute(forgery.first or "SELECT")
            owner.execute(forgery.sql)
            owner.rollback()
