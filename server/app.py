"""The composition: everything that a server process is made of, on one screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Router, get
from litestar.di import Provide
from litestar.response import Redirect
from litestar.template import TemplateConfig
from litestar.types import ASGIApp
from uuid_utils.compat import uuid7

from commands.keys.reseal import Reseal
from commands.spine import Limits, Spine
from ledger.database import connect
from ledger.log import Log
from queries.projector import Projector, connector
from queries.reader import Reader
from server import openapi
from server.alerting import Watch
from server.auth import Gate, Sessions
from server.bank.taking_in import BankDesk
from server.checkpoints import Signer
from server.closing import WAIT_SECONDS, ClosingDesk
from server.context import Traced
from server.credentials import CredentialsDesk
from server.desk.page import engine
from server.desk.router import AT_THE_DESK
from server.door import Call, Door, SwitchCall
from server.enrolment import Enrolment
from server.errors import HANDLERS
from server.events import Events
from server.identities import Identities
from server.jobs import Job, Jobs
from server.jose import IssuerKeys
from server.leaving import ended, told_of_leaving
from server.metrics import Metrics
from server.own_factors import OwnFactors
from server.passkeys import Passkeys
from server.pins import Pins
from server.postings import Postings
from server.primary import Primary
from server.rates import Rates
from server.reading import CaughtUp, asking
from server.reply_keys import ReplyKeys
from server.resealing import Resealing
from server.resets import Resets
from server.routes import (
    access,
    agents,
    approvals,
    audit,
    bank,
    books,
    care,
    claims,
    counter,
    device_keys,
    events,
    factors,
    files,
    health,
    manual,
    offers,
    operator,
    outlets,
    people,
    periods,
    prices,
    reports,
    risk,
    settlement,
    sign_in,
    switch,
    switch_credentials,
    treasury,
    wallet,
    webhooks,
    withdrawals,
)
from server.sealing import Sealing
from server.secrets import KeyName, Secrets
from server.settings import API, Settings
from server.settlement.taking_in import Clearing, Served
from server.sign_in import SignIn
from server.signatures import SignedReplies, SwitchLink
from server.tls import came_with
from server.trail import Trail
from server.tries import Tries
from server.trust import TrustRecord
from server.urls import Urls
from server.vault import Vault
from server.watching import Watching
from server.webhooks.desk import Desk
from server.webhooks.sender import Sender
from server.webhooks.target import Post
from server.wire import ApiRequest, MoneySchema, Reply

FORGET_SECONDS = 600.0  # between looks for deliveries that are old
ROUTES = (
    *sign_in.HANDLERS,
    *factors.HANDLERS,
    *people.HANDLERS,
    *access.HANDLERS,
    *withdrawals.HANDLERS,
    *device_keys.HANDLERS,
    *wallet.HANDLERS,
    *agents.HANDLERS,
    *care.HANDLERS,
    *claims.HANDLERS,
    *counter.HANDLERS,
    *treasury.HANDLERS,
    *settlement.HANDLERS,
    *bank.HANDLERS,
    *offers.HANDLERS,
    *outlets.HANDLERS,
    *operator.HANDLERS,
    *approvals.HANDLERS,
    *prices.HANDLERS,
    *books.HANDLERS,
    *periods.HANDLERS,
    *manual.HANDLERS,
    *audit.HANDLERS,
    *files.HANDLERS,
    *reports.HANDLERS,
    *risk.HANDLERS,
    *switch.HANDLERS,
    *switch_credentials.HANDLERS,
    *events.HANDLERS,
    *webhooks.HANDLERS,
)
SHARED = (
    "bank_desk", "clearing", "closing", "credentials", "desk", "door", "enrolment", "events",
    "identities", "issuer_keys", "metrics", "own_factors", "passkeys", "primary", "reply_keys",
    "resets", "sealing", "sessions", "settings", "sign_in", "vault",
)  # fmt: skip


class Parts:
    """What a server process works with. Made at once; at work between `open` and `close`."""

    def __init__(self, settings: Settings, keys: Secrets, urls: Urls) -> None:
        limits = Limits(batch_max=settings.batch_max, queue_max=settings.queue_max)
        log = Log(lambda: connect(urls.commands, "makeba spine"))
        self.settings = settings
        self.keys = keys
        self.issuer_keys = IssuerKeys(keys.keyrings[KeyName.ISSUER])
        self.reply_keys = ReplyKeys(keys.keyrings[KeyName.SERVER])
        self.vault = Vault(keys)
        self.pins = Pins(settings.pin_threads, settings.pin_queue_max)
        self.primary = Primary(urls.commands, settings.pool_max)
        self.spine = Spine(log, limits)
        self.reader = Reader(urls.queries).for_everybody  # of the process itself; see `asking`
        self.projector = Projector(connector(urls.projector), reached=self._reached)
        self.door = Door(self.spine, self.projector, settings)
        self.trail = Trail(urls.commands)
        self.watching = Watching(self.trail)
        self.sealing = Sealing(self.trail, self.primary, self.door)
        self.sessions = Sessions(self.primary, settings.session_cache_seconds)
        self.credentials = CredentialsDesk(self.primary)
        self.link = SwitchLink(
            self.credentials,
            self.primary,
            settings.signature_window_seconds,
            came_with(settings.proxies) if settings.tls or settings.proxies else None,
        )
        self.enrolment = Enrolment(self.vault, self.pins)
        way = Served(self.door, self.reader)
        self.clearing = Clearing(way, self.reader)
        self.bank_desk = BankDesk(way, self.reader, self.primary, self.vault)
        self.closing = ClosingDesk(
            self.primary,
            self.reader,
            lambda position: self.reader.wait_for(position, WAIT_SECONDS),
        )
        self.identities = Identities(self.primary, self.vault)
        self.passkeys = Passkeys(self.vault, settings)
        tries = Tries(self.primary, self.vault, settings)
        self.sign_in = SignIn(
            self.primary, self.door, self.vault, self.pins, settings, tries, self.passkeys
        )
        self.own_factors = OwnFactors(
            self.primary, self.vault, self.pins, settings, self.sign_in, self.passkeys
        )
        self.resets = Resets(
            self.primary, self.door, self.vault, self.pins, settings, tries, self.sign_in
        )
        self.events = Events(self.reader, self.primary, self.vault, settings)
        self.watch = Watch(self.reader, self.projector, self.door)
        self.trust = TrustRecord(self.reader, self.projector, self.door)
        self.postings = Postings(self.primary, self.door)
        self.desk = Desk(self.primary)
        self.post = Post(
            timeout_seconds=settings.webhook_timeout_seconds,
            allow_loopback=settings.webhook_allow_loopback,
        )
        self.signer = Signer(settings, urls.commands)
        self.sender = Sender(
            self.desk, self.reader, self.door, self.vault, settings, self.post.send
        )
        self.metrics = Metrics(
            self.spine, self.projector, self.reader, self.events, self.desk, self.sender
        )
        self.resealing = Resealing(
            self.primary, self.vault, keys, settings.reseal_max, self._reseal
        )
        more = (
            Job("alerts", self.watch.look, settings.alert_seconds),
            Job("deliveries", self.sender.forget, FORGET_SECONDS),
            Job("trail", self.sealing.try_to_seal, settings.trail_seal_seconds),
            Job("checkpoint", self.signer.try_to_sign, settings.checkpoint_seconds),
            Job("postings", self.postings.look, settings.posting_seconds),
            Job("safeguarding", self.trust.look, settings.safeguarding_seconds),
        )
        self.jobs = Jobs(self.primary, self.door, settings, more)

    def _reached(self, position: int) -> None:
        """The read models have come so far: whoever waits for it is told."""
        self.reader.reached(position)
        self.events.reached(position)
        self.sender.reached(position)

    async def _reseal(self, command: Reseal) -> None:
        await self.door.submit(command, actor="job:reseal", request_id=str(uuid7()))

    async def _follow_keys(self) -> None:
        """Notice what was changed in the files of keys, until cancelled."""
        while True:
            await asyncio.sleep(self.settings.key_reload_seconds)
            self.keys.refresh()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Start in the order of need; stop in the other, each after what it was still asked."""
        await self.primary.open()
        self.spine.start()
        self.trail.start()
        projecting = asyncio.create_task(self.projector.run(), name="projector")
        self.jobs.start()
        await self.signer.try_to_sign()
        telling = [
            asyncio.create_task(each.run(), name=name)
            for name, each in (("events", self.events), ("webhooks", self.sender))
        ]
        telling += [
            asyncio.create_task(self._follow_keys(), name="keys"),
            asyncio.create_task(self.resealing.run(self.settings.reseal_seconds), name="resealing"),
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
            await self.sealing.try_to_seal()
            await self.trail.close()
            await self.spine.close()
            await self.signer.try_to_sign()  # what was written until now, whoever wrote it
            self.projector.close()
            await asyncio.gather(projecting, return_exceptions=True)
            await self.reader.close()
            await self.primary.close()
            self.pins.close()


def create_app(settings: Settings, keys: Secrets, urls: Urls) -> ASGIApp:
    """The server as an ASGI application."""
    parts = Parts(settings, keys, urls)
    app = _litestar(parts)
    openapi.describe(app)
    signing = SignedReplies(app, parts.reply_keys, f"{API}/vinti4/")
    return Traced(signing, settings.requests_max, parts.watching.answering)


def _litestar(parts: Parts) -> Litestar:
    """The routes and what stands around them."""

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        async with parts.at_work():
            yield

    gate = Gate(
        parts.sessions,
        parts.link,
        Rates(parts.settings),
        schema_public=parts.settings.schema_public,
    )
    wait_seconds = parts.settings.read_wait_seconds
    reading = CaughtUp(parts.reader, parts.projector, parts.door, parts.vault, wait_seconds)
    return Litestar(
        route_handlers=[
            Router(API, route_handlers=ROUTES),
            *health.HANDLERS,
            *events.AT_THE_ROOT,
            AT_THE_DESK,
            to_schema,
        ],
        guards=[gate.admit, reading.wait],
        dependencies=_dependencies(parts),
        exception_handlers=HANDLERS,
        template_config=TemplateConfig(instance=engine()),
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

    def reader(request: ApiRequest) -> Reader:
        return asking(parts.reader, request.scope.get("user"))

    def whole_reader() -> Reader:
        return parts.reader

    per_request: dict[str, Callable[..., Any]] = {
        "call": call,
        "from_switch": from_switch,
        "reader": reader,
        "whole_reader": whole_reader,
    }
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
