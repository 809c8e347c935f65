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
from server.auth import Gate, Sessions
from server.context import Traced
from server.door import Call, Door, SwitchCall
from server.enrolment import Enrolment
from server.errors import HANDLERS
from server.jobs import Jobs
from server.pins import Pins
from server.primary import Primary
from server.reading import CaughtUp
from server.routes import agents, books, health, operator, sign_in, switch, wallet, withdrawals
from server.secrets import Secrets
from server.settings import API, Settings
from server.sign_in import SignIn
from server.signatures import SignedReplies, SwitchLink
from server.urls import Urls
from server.vault import Vault
from server.wire import ApiRequest, MoneySchema, Reply

ROUTES = (
    *sign_in.HANDLERS,
    *withdrawals.HANDLERS,
    *wallet.HANDLERS,
    *agents.HANDLERS,
    *operator.HANDLERS,
    *books.HANDLERS,
    *switch.HANDLERS,
)
SHARED = (
    "enrolment", "primary", "reader", "server_key", "sessions", "settings", "sign_in", "vault",
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
        self.projector = Projector(connector(urls.projector), reached=self.reader.reached)
        self.door = Door(self.spine, self.projector, settings)
        self.sessions = Sessions(self.primary, settings.session_cache_seconds)
        self.link = SwitchLink(self.primary, settings.signature_window_seconds)
        self.enrolment = Enrolment(self.vault, self.pins)
        self.sign_in = SignIn(self.primary, self.door, self.vault, self.pins, settings)
        self.jobs = Jobs(self.primary, self.door, settings)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Start in the order of need; stop in the other, each after what it was still asked."""
        await self.primary.open()
        self.spine.start()
        projecting = asyncio.create_task(self.projector.run(), name="projector")
        self.jobs.start()
        try:
            yield
        finally:
            self.jobs.stop()
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
        route_handlers=[Router(API, route_handlers=ROUTES), *health.HANDLERS, to_schema],
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
