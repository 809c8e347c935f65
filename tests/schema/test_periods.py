"""0016, 0017: each rule of periods and manual entries refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import OTHER_ID, SESSIONS, Forgery, twice

# The forged world's periods are closed up to January 2020, and soft-closed up to February.
BOOKED = "INSERT INTO ledger.log SELECT * FROM forge.entry({})"


def booked(day: str, kind: str, number: str = "2020000000000001") -> str:
    """An entry on a day, with the number that would be its year's first."""
    changes = (
        f"jsonb_build_object('booking_date', {day}, 'kind', '{kind}', 'entry_number', {number})"
    )
    return BOOKED.format(changes)


TOMORROW = "((SELECT recorded_at FROM ledger.head) AT TIME ZONE 'Atlantic/Cape_Verde')::date + 1"

FORGERIES = (
    twice("ledger.periods", "there_is_one_row_of_periods"),
    Forgery("the_row_of_periods_is_called_so", "UPDATE ledger.periods SET kind = 'others'"),
    Forgery(
        "what_is_closed_was_soft_closed_first",
        "UPDATE ledger.periods SET closed_to = '2020-03-31'",
    ),
    Forgery("a_period_is_a_month", "UPDATE ledger.periods SET soft_closed_to = '2020-02-28'"),
    Forgery("late_entries_are_counted_upwards", "UPDATE ledger.periods SET late = -1"),
    Forgery(
        "a_period_closes_after_its_last_day",
        "UPDATE ledger.periods SET soft_closed_to ="
        " (date_trunc('month', now()) + interval '2 months')::date - 1",
    ),
    Forgery("a_closed_period_receives_nothing", booked("'2020-01-31'::date", "manual.posted")),
    Forgery(
        "a_soft_closed_period_takes_what_two_people_approved",
        booked("'2020-02-01'::date", "manual.recurred"),
    ),
    Forgery(
        "nothing_is_booked_ahead_of_its_day",
        booked(
            TOMORROW,
            "manual.posted",
            f"extract(YEAR FROM {TOMORROW})::bigint * 1000000000000 + 1000",
        ),
    ),
    twice("ledger.planned_reversal", "an_entry_is_planned_to_be_reversed_once"),
    twice("ledger.recurring_entry", "a_recurring_entry_has_one_id"),
    Forgery(
        "a_recurring_entry_is_active_or_ended",
        "UPDATE ledger.recurring_entry SET state = 'resting', next_on = NULL",
    ),
    Forgery("only_an_active_one_recurs", "UPDATE ledger.recurring_entry SET state = 'ended'"),
    twice("ledger.recurring_posting", "a_recurring_posting_has_one_id"),
    twice("ledger.recurring_posting", "a_recurring_entry_posts_once_a_day", OTHER_ID),
    twice("ledger.entry_template", "a_template_has_one_id"),
    Forgery("a_template_is_kept_or_retired", "UPDATE ledger.entry_template SET state = 'lost'"),
    twice("queries.planned_reversal", "a_projected_reversal_is_of_one_entry"),
    twice("queries.recurring_entry", "a_projected_recurring_entry_has_one_id"),
    twice("queries.entry_template", "a_projected_template_has_one_id"),
    twice("queries.period_event", "a_step_of_a_period_is_told_once"),
)

STAYS = (
    ("periods_stay", "DELETE FROM ledger.periods"),
    ("periods_stay", "TRUNCATE ledger.periods"),
)
FOLLOWS = {
    "bookings_follow_the_periods": (
        "a_closed_period_receives_nothing",
        "a_soft_closed_period_takes_what_two_people_approved",
    ),
    "periods_follow_the_clock": ("a_period_closes_after_its_last_day",),
}


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_its_rule_refuses_a_forgery_of_the_owner(
    owner: Connection, forgery: Forgery, session: str
) -> None:
    forgery.attack(owner, session)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize(("trigger", "statement"), STAYS)
def test_periods_stay_because_of_one_trigger(
    owner: Connection, trigger: str, statement: str, session: str
) -> None:
    Forgery("what_is_written_stays", statement).attack(owner, session)
    owner.rollback()
    owner.execute(f"ALTER TABLE ledger.periods DISABLE TRIGGER {trigger}")
    owner.execute(statement)  # nothing but that trigger stood in the way


@pytest.mark.parametrize("trigger", FOLLOWS)
def test_new_rows_are_looked_at_because_of_one_trigger(owner: Connection, trigger: str) -> None:
    for forgery in FORGERIES:
        if forgery.rule in FOLLOWS[trigger]:
            owner.execute(f"ALTER TABLE {forgery.table} DISABLE TRIGGER {trigger}")
            owner.execute(forgery.sql)
            owner.rollback()


@pytest.mark.parametrize("kind", ["manual.posted", "year.closed"])
def test_a_soft_closed_month_takes_what_two_people_approved_for_it(
    owner: Connection, kind: str
) -> None:
    owner.execute(booked("'2020-02-29'::date", kind))


def test_an_open_month_takes_what_a_job_posts(owner: Connection) -> None:
    owner.execute(booked("'2020-03-01'::date", "manual.recurred"))
