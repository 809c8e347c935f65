"""An operator's work with webhooks. A secret is shown once, when it is made."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta
from uuid_utils.compat import uuid7

from commands.webhook.add import KINDS_MAX, AddWebhook, WebhookAdded
from commands.webhook.change import EnableWebhook, RemoveWebhook, RotateSecret, WebhookChanged
from ledger.errors import Conflict, NotFound
from queries import cursor as cursors
from queries.cursor import PAGE_MAX, PAGE_USUAL
from server.routes.given import TheCall, TheDesk, TheSettings, TheVault
from server.webhooks.desk import Delivery, Desk
from server.webhooks.sender import SECRET
from server.webhooks.target import URL_MAX, require_url
from server.wire import Received, Reply, decoded, reply_to

SECRET_BYTES = 32
POSITION_MAX = 2**63 - 1
NEVER = datetime(2020, 1, 1, tzinfo=UTC)

Kind = Annotated[str, Meta(pattern=r"^[a-z_]+\.([a-z_]+)?$", max_length=64)]
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=PAGE_MAX, description="Items")]
Cursor = Annotated[
    str | None,
    QueryParameter(name="cursor", max_length=512, description="nextCursor of the page before"),
]


class NewWebhook(Received, frozen=True, kw_only=True):
    """Whom to tell, and of what: beginnings of kinds ("alert."); none means everything."""

    url: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=URL_MAX,
            pattern=r"^https?://[!-~]+$",
            examples=["https://bank.example.com/makeba"],
        ),
    ]
    kinds: Annotated[tuple[Kind, ...], Meta(max_length=KINDS_MAX, examples=[["alert."]])] = ()


class Again(Received, frozen=True, kw_only=True):
    """Deliver once more what was given up since then; or all, what was delivered too."""

    since: Annotated[datetime, Meta(tz=True)] | None = None
    delivered_too: bool = False


class AddedWithSecret(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new webhook. The secret is null in a reply that is given again."""

    webhook_id: UUID
    url: str
    kinds: tuple[str, ...]
    state: str
    timestamp: datetime
    secret: str | None


class RotatedWithSecret(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The new secret; null in a reply that is given again."""

    webhook_id: UUID
    state: str
    old_secret_until: datetime | None
    timestamp: datetime
    secret: str | None


class Listed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A webhook, without its secret."""

    webhook_id: UUID
    url: str
    kinds: tuple[str, ...]
    state: str
    reason: str | None
    added_at: datetime
    old_secret_until: datetime | None


class AllListed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All that were not removed."""

    items: tuple[Listed, ...]


class Deliveries(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of the log of deliveries, newest event first."""

    items: tuple[Delivery, ...]
    next_cursor: str | None


@post("/webhooks", summary="Tell a server of what happens from now on")
async def add_webhook(
    data: JSONBody[NewWebhook],
    call: TheCall,
    desk: TheDesk,
    vault: TheVault,
    settings: TheSettings,
) -> Reply[AddedWithSecret]:
    """The secret with which deliveries are signed is in this reply and nowhere else."""
    require_url(data.url, allow_loopback=settings.webhook_allow_loopback)
    if len(await desk.receivers()) >= settings.webhooks_max:
        raise Conflict("There are as many webhooks as there may be.", most=settings.webhooks_max)
    webhook_id, secret = uuid7(), _new_secret()
    command = AddWebhook(
        webhook_id=webhook_id,
        url=data.url,
        kinds=data.kinds,
        secret_seal=vault.seal(SECRET, webhook_id, secret),
        user_id=call.caller.user_id,
        session_id=call.caller.session_id,
    )
    outcome = await call.write(command, data)
    added = decoded(outcome.body, WebhookAdded)
    reply = AddedWithSecret(
        webhook_id=added.webhook_id,
        url=added.url,
        kinds=added.kinds,
        state=added.state,
        timestamp=added.timestamp,
        secret=None if outcome.replayed else secret,
    )
    return reply_to(outcome, msgspec.json.encode(reply))


@get("/webhooks", summary="Who is told")
async def read_webhooks(desk: TheDesk) -> AllListed:
    """All of them, oldest first."""
    return AllListed(
        items=tuple(
            Listed(
                webhook_id=each.id,
                url=each.url,
                kinds=each.kinds,
                state=each.state,
                reason=each.reason,
                added_at=each.added_at,
                old_secret_until=each.old_until,
            )
            for each in await desk.receivers()
        )
    )


@delete("/webhooks/{webhook_id:uuid}", status_code=200, summary="Tell it nothing more")
async def remove_webhook(webhook_id: FromPath[UUID], call: TheCall) -> Reply[WebhookChanged]:
    """Its secrets are forgotten; the log of its deliveries stays for a while."""
    return reply_to(await call.do(RemoveWebhook(webhook_id=webhook_id)))


@post("/webhooks/{webhook_id:uuid}/rotate", status_code=200, summary="A new secret")
async def rotate_secret(
    webhook_id: FromPath[UUID], call: TheCall, vault: TheVault, settings: TheSettings
) -> Reply[RotatedWithSecret]:
    """For a while deliveries carry both signatures, so that the receiver can change over."""
    secret = _new_secret()
    command = RotateSecret(
        webhook_id=webhook_id,
        secret_seal=vault.seal(SECRET, webhook_id, secret),
        overlap_seconds=settings.webhook_overlap_seconds,
        session_id=call.caller.session_id,
    )
    outcome = await call.write(command)
    changed = decoded(outcome.body, WebhookChanged)
    reply = RotatedWithSecret(
        webhook_id=changed.webhook_id,
        state=changed.state,
        old_secret_until=changed.old_secret_until,
        timestamp=changed.timestamp,
        secret=None if outcome.replayed else secret,
    )
    return reply_to(outcome, msgspec.json.encode(reply))


@get("/webhooks/{webhook_id:uuid}/deliveries", summary="What became of its deliveries")
async def read_deliveries(
    webhook_id: FromPath[UUID], desk: TheDesk, limit: Limit = PAGE_USUAL, cursor: Cursor = None
) -> Deliveries:
    """Newest event first."""
    await _require_known(desk, webhook_id)
    size = cursors.require_page(limit)
    before = POSITION_MAX
    if cursor is not None:
        before = cursors.read(cursor, str(webhook_id), cursors.Number)
    found = await desk.deliveries(webhook_id, before, size + 1)
    more = len(found) > size
    return Deliveries(
        items=tuple(found[:size]),
        next_cursor=cursors.write(str(webhook_id), found[size - 1].position) if more else None,
    )


@post("/webhooks/{webhook_id:uuid}/replay", status_code=200, summary="Deliver again")
async def replay(
    webhook_id: FromPath[UUID], data: JSONBody[Again], call: TheCall, desk: TheDesk
) -> Reply[WebhookChanged]:
    """What waits is tried at once; a disabled webhook is active again."""
    await _require_known(desk, webhook_id)
    since = data.since or NEVER
    await desk.again(webhook_id, since, datetime.now(UTC), delivered_too=data.delivered_too)
    return reply_to(await call.write(EnableWebhook(webhook_id=webhook_id), data))


async def _require_known(desk: Desk, webhook_id: UUID) -> None:
    if all(each.id != webhook_id for each in await desk.receivers()):
        raise NotFound("There is no such webhook.")


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


HANDLERS = (
    add_webhook,
    read_webhooks,
    remove_webhook,
    rotate_secret,
    read_deliveries,
    replay,
)
