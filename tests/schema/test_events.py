"""0009: each rule about alerts, webhooks and the feed refuses its forgery."""

from __future__ import annotations

import pytest

from tests.schema.conftest import Connection
from tests.schema.forgery import SESSIONS, Forgery, twice

FORGERIES = (
    twice("ledger.alert", "an_alert_has_one_id"),
    twice("ledger.alert_levels", "an_alert_has_one_history_of_levels"),
    # -- webhooks
    twice("ledger.webhook", "a_webhook_has_one_id"),
    Forgery("a_webhook_is_in_a_known_state", "UPDATE ledger.webhook SET state = 'paused'"),
    Forgery(
        "only_a_webhook_that_is_kept_has_a_secret",
        "UPDATE ledger.webhook SET secret_seal = NULL, old_secret_seal = NULL, old_until = NULL",
    ),
    Forgery(
        "only_a_webhook_that_is_kept_has_a_secret",
        "UPDATE ledger.webhook SET state = 'removed'",
    ),
    Forgery("an_old_secret_has_an_end", "UPDATE ledger.webhook SET old_until = NULL"),
    Forgery("an_old_secret_has_an_end", "UPDATE ledger.webhook SET old_secret_seal = NULL"),
    Forgery(
        "an_old_secret_stands_beside_a_new_one",
        "UPDATE ledger.webhook SET state = 'removed', secret_seal = NULL",
    ),
    twice("ledger.webhook_cursor", "a_webhook_has_come_to_one_place"),
    twice("ledger.webhook_delivery", "an_event_is_delivered_to_a_webhook_once"),
    Forgery("a_delivery_is_in_a_known_state", "UPDATE ledger.webhook_delivery SET state = 'lost'"),
    Forgery(
        "only_a_pending_delivery_is_claimed",
        "UPDATE ledger.webhook_delivery SET state = 'delivered', claimed_until = now()",
    ),
    # -- the read models
    twice("queries.feed", "an_event_is_told_to_each_once"),
    Forgery("an_event_is_told_to_a_known_audience", "UPDATE queries.feed SET audience = 'all'"),
    twice("queries.alert", "a_projected_alert_has_one_id"),
    Forgery("an_alert_that_stands_is_not_cleared", "UPDATE queries.alert SET cleared_at = now()"),
    Forgery("an_alert_that_stands_is_not_cleared", "UPDATE queries.alert SET raised = FALSE"),
)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.rule)
def test_a_forgery_is_refused(owner: Connection, forgery: Forgery, session: str) -> None:
    forgery.attack(owner, session)
