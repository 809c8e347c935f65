"""An operator adds a webhook: from now on it is told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from commands.command import Answer, Command, Rounds
from commands.identity.step_up import require_confirmed, session_keys
from commands.webhook.row import Webhook, WebhookState
from ledger.books import Books
from ledger.errors import InvalidRequest

KINDS_MAX = 50


class WebhookAdded(Answer, frozen=True, kw_only=True):
    """It is told of what happens from now on. Its secret is not part of what is stored."""

    webhook_id: UUID
    url: str
    kinds: tuple[str, ...]
    state: WebhookState
    timestamp: datetime


class AddWebhook(Command[WebhookAdded], frozen=True, kw_only=True):
    """Tell this address. Whether it may be told at all is asked with every delivery."""

    webhook_id: UUID
    url: str
    kinds: tuple[str, ...]
    secret_seal: bytes
    user_id: UUID
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (Webhook.by_id(self.webhook_id), *session_keys(self.session_id))

    def decide(self, books: Books) -> WebhookAdded:
        require_confirmed(books, self.session_id)
        if len(self.kinds) > KINDS_MAX:
            raise InvalidRequest(field="kinds", reason=f"are {KINDS_MAX} at most")
        # From here on nothing is refused.
        webhook = Webhook(
            id=self.webhook_id,
            url=self.url,
            kinds=self.kinds,
            secret_seal=self.secret_seal,
            added_by=self.user_id,
            added_at=books.now,
        )
        books.put(webhook)
        books.record("webhook.added", webhook.id, webhook.facts())
        return WebhookAdded(
            webhook_id=webhook.id,
            url=webhook.url,
            kinds=webhook.kinds,
            state=webhook.state,
            timestamp=books.now,
        )
