"""A webhook: where to, of what, and with which secrets it is signed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from commands.alerts.alert import Alert
from commands.alerts.levels import AlertName
from ledger.books import Books
from ledger.errors import NotFound
from ledger.rows import Key, Row


class WebhookState(StrEnum):
    """Active, disabled after it failed for too long, or removed for good."""

    ACTIVE = "active"
    DISABLED = "disabled"
    REMOVED = "removed"


class Webhook(Row, frozen=True, kw_only=True):
    """What somebody wants to be told, and where.

    `kinds` are beginnings of kinds of events ("alert.", "withdrawal.in_doubt"); none means all that
    operators are told. The old secret signs too, until its time is over.
    """

    id: UUID
    url: str
    kinds: tuple[str, ...]
    secret_seal: bytes | None
    old_secret_seal: bytes | None = None
    old_until: datetime | None = None
    state: WebhookState = WebhookState.ACTIVE
    reason: str | None = None
    added_by: UUID
    added_at: datetime

    TABLE: ClassVar[str] = "webhook"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, url, kinds, secret_seal, old_secret_seal, old_until, state, reason,
                added_by, added_at
            FROM ledger.webhook
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.webhook AS w (
                id, url, kinds, secret_seal, old_secret_seal, old_until, state, reason, added_by,
                added_at, version
            )
            SELECT
                r.id, r.url, r.kinds, decode(r.secret_seal, 'base64'),
                decode(r.old_secret_seal, 'base64'), r.old_until, r.state, r.reason, r.added_by,
                r.added_at, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, url text, kinds jsonb, secret_seal text, old_secret_seal text,
                old_until timestamptz, state text, reason text, added_by uuid,
                added_at timestamptz, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                secret_seal = excluded.secret_seal, old_secret_seal = excluded.old_secret_seal,
                old_until = excluded.old_until, state = excluded.state, reason = excluded.reason,
                version = excluded.version
            WHERE w.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('webhook', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(webhook_id: UUID) -> Key[Webhook]:
        """The webhook with this id."""
        return (Webhook, "id", webhook_id.int)

    def keys(self) -> tuple[Key[Webhook], ...]:
        return ((Webhook, "id", self.id.int),)

    def facts(self, **more: Any) -> dict[str, Any]:
        """What its events tell: not where to."""
        return {"webhook": self.id, "state": self.state, **more}


def webhook_keys(webhook_id: UUID) -> tuple[Key[Any], ...]:
    """A webhook and its alert."""
    return (Webhook.by_id(webhook_id), Alert.of(AlertName.WEBHOOK_DISABLED, webhook_id))


def require_kept(books: Books, webhook_id: UUID) -> Webhook:
    """The webhook with this id. Raises NotFound, also for one that was removed."""
    webhook = books.find(Webhook.by_id(webhook_id))
    if webhook is None or webhook.state is WebhookState.REMOVED:
        raise NotFound("There is no such webhook.")
    return webhook
