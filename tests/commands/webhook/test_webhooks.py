"""Webhooks: two secrets at most, disabled with an alert, and nothing of an address in the log."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from commands.alerts.alert import Alert
from commands.alerts.levels import AlertName
from commands.identity.person import Role
from commands.webhook.add import KINDS_MAX, AddWebhook
from commands.webhook.change import DisableWebhook, EnableWebhook, RemoveWebhook, RotateSecret
from commands.webhook.row import Webhook, WebhookState
from ledger.errors import InvalidRequest, NotFound
from tests.commands.town import Town

URL = "https://bank.example.com/told?token=of-theirs"


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def webhook_id(town: Town) -> UUID:
    return town.do(add(town)).webhook_id


def add(town: Town, kinds: tuple[str, ...] = ("alert.",)) -> AddWebhook:
    return AddWebhook(
        webhook_id=uuid7(),
        url=URL,
        kinds=kinds,
        secret_seal=b"seal one",
        user_id=town.staff(Role.OPERATOR),
    )


def find(town: Town, webhook_id: UUID) -> Webhook:
    found: Webhook = town.find(Webhook.by_id(webhook_id))
    return found


def stands(town: Town, webhook_id: UUID) -> bool:
    alert = town.find(Alert.of(AlertName.WEBHOOK_DISABLED, webhook_id))
    return alert is not None and alert.raised


def rotate(webhook_id: UUID, seal: bytes) -> RotateSecret:
    return RotateSecret(webhook_id=webhook_id, secret_seal=seal, overlap_seconds=60)


def test_one_that_was_added_is_active(town: Town, webhook_id: UUID) -> None:
    assert find(town, webhook_id).state is WebhookState.ACTIVE
    assert town.kinds == ["webhook.added"]


def test_no_record_has_an_address_or_a_secret_in_it(town: Town, webhook_id: UUID) -> None:
    town.do(rotate(webhook_id, b"seal two"))
    town.do(DisableWebhook(webhook_id=webhook_id, reason="refuses"))
    written = json.dumps([event.payload for event in town.events], default=str)
    assert "example.com" not in written
    assert "seal one" not in written
    assert "seal two" not in written


def test_more_kinds_than_can_be_are_refused(town: Town) -> None:
    too_many = tuple(f"kind_{number}." for number in range(KINDS_MAX + 1))
    assert isinstance(town.refused(add(town, too_many)), InvalidRequest)


def test_a_new_secret_leaves_the_old_one_good_for_a_while(town: Town, webhook_id: UUID) -> None:
    answer = town.do(rotate(webhook_id, b"seal two"))
    rotated = find(town, webhook_id)
    assert (rotated.secret_seal, rotated.old_secret_seal) == (b"seal two", b"seal one")
    assert answer.old_secret_until == rotated.old_until


def test_two_secrets_at_most_are_good(town: Town, webhook_id: UUID) -> None:
    town.do(rotate(webhook_id, b"seal two"))
    town.do(rotate(webhook_id, b"seal three"))
    rotated = find(town, webhook_id)
    assert (rotated.secret_seal, rotated.old_secret_seal) == (b"seal three", b"seal two")


def test_giving_one_up_raises_one_alert(town: Town, webhook_id: UUID) -> None:
    town.do(DisableWebhook(webhook_id=webhook_id, reason="refuses"))
    assert town.kinds == ["webhook.disabled", "alert.raised"]
    town.do(DisableWebhook(webhook_id=webhook_id, reason="refuses"))
    assert town.kinds == []
    assert find(town, webhook_id).reason == "refuses"


def test_enabling_it_again_clears_the_alert(town: Town, webhook_id: UUID) -> None:
    town.do(DisableWebhook(webhook_id=webhook_id, reason="refuses"))
    town.do(EnableWebhook(webhook_id=webhook_id))
    assert town.kinds == ["webhook.enabled", "alert.cleared"]
    assert not stands(town, webhook_id)
    town.do(EnableWebhook(webhook_id=webhook_id))
    assert town.kinds == []


def test_one_that_was_removed_has_no_secret_and_no_alert(town: Town, webhook_id: UUID) -> None:
    town.do(rotate(webhook_id, b"seal two"))
    town.do(DisableWebhook(webhook_id=webhook_id, reason="refuses"))
    town.do(RemoveWebhook(webhook_id=webhook_id))
    removed = find(town, webhook_id)
    assert (removed.secret_seal, removed.old_secret_seal, removed.old_until) == (None, None, None)
    assert not stands(town, webhook_id)


def test_what_is_not_there_or_was_removed_cannot_be_changed(town: Town, webhook_id: UUID) -> None:
    town.do(RemoveWebhook(webhook_id=webhook_id))
    for each in (webhook_id, uuid7()):
        for command in (
            rotate(each, b"next"),
            RemoveWebhook(webhook_id=each),
            DisableWebhook(webhook_id=each, reason="refuses"),
            EnableWebhook(webhook_id=each),
        ):
            assert isinstance(town.refused(command), NotFound)
