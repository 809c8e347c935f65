"""A webhook gets a new secret, is removed, is disabled because it fails, or is told again."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from commands.alerts.alert import set_alert
from commands.alerts.levels import AlertName
from commands.command import Answer, Command, Rounds
from commands.identity.step_up import require_confirmed, session_keys
from commands.webhook.row import Webhook, WebhookState, require_kept, webhook_keys
from ledger.books import Books


class WebhookChanged(Answer, frozen=True, kw_only=True):
    """How it stands now. Its secret is not part of what is stored."""

    webhook_id: UUID
    state: WebhookState
    old_secret_until: datetime | None = None
    timestamp: datetime


class RotateSecret(Command[WebhookChanged], frozen=True, kw_only=True):
    """Sign with a new secret, and for a while with the one before as well.

    The secret before that one ends at once: two at most are good.
    """

    webhook_id: UUID
    secret_seal: bytes
    overlap_seconds: int
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (*webhook_keys(self.webhook_id), *session_keys(self.session_id))

    def decide(self, books: Books) -> WebhookChanged:
        webhook = require_kept(books, self.webhook_id)
        require_confirmed(books, self.session_id)
        # From here on nothing is refused.
        rotated = msgspec.structs.replace(
            webhook,
            secret_seal=self.secret_seal,
            old_secret_seal=webhook.secret_seal,
            old_until=books.now + timedelta(seconds=self.overlap_seconds),
        )
        books.put(rotated)
        books.record("webhook.rotated", webhook.id, rotated.facts(oldUntil=rotated.old_until))
        return _changed(books, rotated)


class RemoveWebhook(Command[WebhookChanged], frozen=True, kw_only=True):
    """Tell it nothing more, and forget its secrets."""

    webhook_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield webhook_keys(self.webhook_id)

    def decide(self, books: Books) -> WebhookChanged:
        webhook = require_kept(books, self.webhook_id)
        # From here on nothing is refused.
        removed = msgspec.structs.replace(
            webhook,
            state=WebhookState.REMOVED,
            secret_seal=None,
            old_secret_seal=None,
            old_until=None,
        )
        books.put(removed)
        books.record("webhook.removed", webhook.id, removed.facts())
        _set_alert(books, removed)
        return _changed(books, removed)


class DisableWebhook(Command[WebhookChanged], frozen=True, kw_only=True):
    """Whoever delivers gives it up: an alert says so. What happens meanwhile is kept for it."""

    webhook_id: UUID
    reason: str

    def touches(self, books: Books) -> Rounds:
        yield webhook_keys(self.webhook_id)

    def decide(self, books: Books) -> WebhookChanged:
        webhook = require_kept(books, self.webhook_id)
        if webhook.state is WebhookState.ACTIVE:
            webhook = msgspec.structs.replace(
                webhook, state=WebhookState.DISABLED, reason=self.reason
            )
            books.put(webhook)
            books.record("webhook.disabled", webhook.id, webhook.facts(reason=self.reason))
            _set_alert(books, webhook)
        return _changed(books, webhook)


class EnableWebhook(Command[WebhookChanged], frozen=True, kw_only=True):
    """Tell it again; nothing changes when it is told already."""

    webhook_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield webhook_keys(self.webhook_id)

    def decide(self, books: Books) -> WebhookChanged:
        webhook = require_kept(books, self.webhook_id)
        if webhook.state is WebhookState.DISABLED:
            webhook = msgspec.structs.replace(webhook, state=WebhookState.ACTIVE, reason=None)
            books.put(webhook)
            books.record("webhook.enabled", webhook.id, webhook.facts())
            _set_alert(books, webhook)
        return _changed(books, webhook)


def _set_alert(books: Books, webhook: Webhook) -> None:
    disabled = webhook.state is WebhookState.DISABLED
    set_alert(
        books,
        AlertName.WEBHOOK_DISABLED,
        webhook.id,
        raised=disabled,
        value=int(disabled),
        level=int(disabled),
    )


def _changed(books: Books, webhook: Webhook) -> WebhookChanged:
    return WebhookChanged(
        webhook_id=webhook.id,
        state=webhook.state,
        old_secret_until=webhook.old_until,
        timestamp=books.now,
    )
