"""The composition: everything that a server process is made of, on one screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Router, get
from litestar.di import Provide
from litestar.response import Redirect
from litestar.types import ASGIApp

from commands.spine import Limits, Spine
from ledger.database import connect
from ledger.log import Log
from queries.projector import Projector, connector
from queries.reader import Reader
from server import openapi
from server.alerting import Watch
from server.auth import Gate, Sessions
from server.context import Traced
from server.door import Call, Door, SwitchCall
from server.enrolment import Enrolment
from server.errors import HANDLERS
from server.events import Events
from server.jobs import Job, Jobs
from server.leaving import ended, told_of_leaving
from server.metrics import Metrics
from server.pins import Pins
from server.primary import Primary
from server.reading import CaughtUp
from server.routes import (
    agents,
    approvals,
    books,
    care,
    claims,
    counter,
    events,
    health,
    offers,
    operator,
    outlets,
    prices,
    risk,
    sign_in,
    switch,
    treasury,
    wallet,
    webhooks,
    withdrawals,
)
from server.secrets import Secrets
from server.settings import API, Settings
from server.sign_in import SignIn
from server.signatures import SignedReplies, SwitchLink
from server.urls import Urls
from server.vault import Vault
from server.webhooks.desk import Desk
from server.webhooks.sender import Sender
from server.webhooks.target import Post
from server.wire import ApiRequest, MoneySchema, Reply

FORGET_SECONDS = 600.0  # between looks for deliveries that are old
ROUTES = (
    *sign_in.HANDLERS,
    *withdrawals.HANDLERS,
    *wallet.HANDLERS,
    *agents.HANDLERS,
    *care.HANDLERS,
    *claims.HANDLERS,
    *counter.HANDLERS,
    *treasury.HANDLERS,
    *offers.HANDLERS,
    *outlets.HANDLERS,
    *operator.HANDLERS,
    *approvals.HANDLERS,
    *prices.HANDLERS,
    *books.HANDLERS,
    *risk.HANDLERS,
    *switch.HANDLERS,
    *events.HANDLERS,
    *webhooks.HANDLERS,
)
SHARED = (
    "desk", "enrolment", "events", "metrics", "primary", "reader", "server_key", "sessions",
    "settings", "sign_in", "vault",
)  # fmt: skip


class Parts:
    """What a server process works with. Made at once; at work between `open` and `close`."""

    def __init__(self, settings: Settings, keys: Secrets, urls: Urls) -> None:
        limits = Limits(batch_max=settings.batch_max, queue_max=settings.queue_max)
        log = Log(lambda: connect(urls.commands, "makeba spine"))
        self.settings = settings
        self.server_key = keys.server_key
        self.vault = Vault(keys)
        self.pins = Pins(settings.pin_threads, settings.pin_queue_max)
        self.primary = Primary(urls.commands, settings.pool_max)
        self.spine = Spine(log, limits)
        self.reader = Reader(urls.queries)
        self.projector = Projector(connector(urls.projector), reached=self._reached)
        self.door = Door(self.spine, self.projector, settings)
        self.sessions = Sessions(self.primary, settings.session_cache_seconds)
        self.link = SwitchLink(self.primary, settings.signature_window_seconds)
        self.enrolment = Enrolment(self.vault, self.pins)
        self.sign_in = SignIn(self.primary, self.door, self.vault, self.pins, settings)
        self.events = Events(self.reader, self.primary, self.vault, settings)
        self.watch = Watch(self.reader, self.projector, self.door)
        self.desk = Desk(self.primary)
        self.post = Post(
            timeout_seconds=settings.webhook_timeout_seconds,
            allow_loopback=settings.webhook_allow_loopback,
        )
        self.sender = Sender(
            self.desk, self.reader, self.door, self.vault, settings, self.post.send
        )
        self.metrics = Metrics(
            self.spine, self.projector, self.reader, self.events, self.desk, self.sender
        )
        more = (
            Job("alerts", self.watch.look, settings.alert_seconds),
            Job("deliveries", self.sender.forget, FORGET_SECONDS),
        )
        self.jobs = Jobs(self.primary, self.door, settings, more)

    def _reached(self, position: int) -> None:
        """The read models have come so far: whoever waits for it is told."""
        self.reader.reached(position)
        self.events.reached(position)
        self.sender.reached(position)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Start in the order of need; stop in the other, each after what it was still asked."""
        await self.primary.open()
        self.spine.start()
        projecting = asyncio.create_task(self.projector.run(), name="projector")
        self.jobs.start()
        telling = [
            asyncio.create_task(each.run(), name=name)
            for name, each in (("events", self.events), ("webhooks", self.sender))
        ]
        try:
            with told_of_leaving(self.events.leave):
                yield
        finally:
            self.events.leave()
            self.jobs.stop()
            await ended(telling)
            await self.sender.close()
            await self.post.close()
            await self.sessions.close()
            await self.spine.close()
            self.projector.close()
            await asyncio.gather(projecting, return_exceptions=True)
            await self.reader.close()
            await self.primary.close()
            self.pins.close()


def create_app(settings: Settings, keys: Secrets, urls: Urls) -> ASGIApp:
    """The server as an ASGI application."""
    parts = Parts(settings, keys, urls)
    app = _litestar(parts)
    openapi.complete(app)
    signing = SignedReplies(app, keys.server_key, f"{API}/vinti4/")
    return Traced(signing, settings.requests_max)


def _litestar(parts: Parts) -> Litestar:
    """The routes and what stands around them."""

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        async with parts.at_work():
            yield

    gate = Gate(parts.sessions, parts.link)
    wait_seconds = parts.settings.read_wait_seconds
    reading = CaughtUp(parts.reader, parts.projector, parts.door, wait_seconds)
    return Litestar(
        route_handlers=[
            Router(API, route_handlers=ROUTES),
            *health.HANDLERS,
            *events.AT_THE_ROOT,
            to_schema,
        ],
        guards=[gate.admit, reading.wait],
        dependencies=_dependencies(parts),
        exception_handlers=HANDLERS,
        lifespan=[lifespan],
        request_class=ApiRequest,
        response_class=Reply,
        request_max_body_size=parts.settings.body_bytes_max,
        openapi_config=openapi.config(),
        plugins=[MoneySchema()],
        logging_config=None,
    )


def _dependencies(parts: Parts) -> dict[str, Provide]:
    """What handlers may ask for, by the name of the parameter."""

    def call(request: ApiRequest) -> Call:
        return Call(request, parts.door, parts.vault)

    def from_switch(request: ApiRequest) -> SwitchCall:
        return SwitchCall(request, parts.door, parts.settings)

    per_request = {"call": call, "from_switch": from_switch}
    made = {name: Provide(each, sync_to_thread=False) for name, each in per_request.items()}
    kept = {name: Provide(_always(getattr(parts, name)), sync_to_thread=False) for name in SHARED}
    return made | kept


def _always(part: Any) -> Callable[[], Any]:
    def provide() -> Any:
        return part

    return provide


@get(["/schema", "/schema/openapi.json"], include_in_schema=False, sync_to_thread=False)
def to_schema(request: ApiRequest) -> Redirect:
    """The description lies under the base path; people look for it here too."""
    return Redirect(f"{API}{request.scope['path']}")
