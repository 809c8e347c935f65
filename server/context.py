"""Around every request: its id, its trace, one log line, and a last resort for what went wrong."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Awaitable, Callable

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from ledger.errors import Overloaded, Refusal
from server.cookies import at_the_desk
from server.errors import headers_of, refusal_for, rendered
from server.policy import route_of

logger = structlog.get_logger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
# W3C Trace Context §3.2: version, trace id, parent id, flags.
TRACEPARENT = re.compile(
    r"00-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-(?P<flags>[0-9a-f]{2})"
)
# What we say is for whoever asked, and for nobody's frame.
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
NOT_KEPT = (b"cache-control", b"no-store")
# Only the API's own page has a style.
AT_THE_API = (
    *ALWAYS,
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
)
# The desk's pages have scripts and styles of ours, as files; nothing else is run or asked for.
AT_THE_DESK = (
    *ALWAYS,
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        b" connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
ASSETS = "/desk/assets/"  # the same for everybody, and the same until the next release
KEPT_AN_HOUR = (b"cache-control", b"max-age=3600")
WHEN_IT_ENDS = "when_it_ends"  # in a request's state: what is called then, once
# Over TLS: whoever was here once does not come without it again (RFC 6797).
ALWAYS_OVER_TLS = ((b"strict-transport-security", b"max-age=31536000"),)
SHED_LAST = "/vinti4/"  # paths that are let in however many requests are under way


Answering = Callable[[HTTPScope, int], Awaitable[None]]


class Traced:
    """An ASGI application in which nothing goes without an id."""

    def __init__(self, app: ASGIApp, requests_max: int, answering: Answering) -> None:
        """`answering` is asked before each answer, with its status; a Refusal replaces it."""
        self._app = app
        self._requests_max = requests_max
        self._answering = answering
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._trace(scope, receive, send)
        finally:
            self._under_way -= 1
            if leave := scope.get("state", {}).get(WHEN_IT_ENDS):
                leave()

    async def _trace(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        exchange = _Exchange(scope, send, self._answering)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(
            request_id=exchange.request_id, trace_id=exchange.trace_id
        )
        try:
            if self._under_way > self._requests_max and SHED_LAST not in scope["path"]:
                await exchange.refuse(Overloaded())
            else:
                await self._app(scope, receive, exchange.send)
        except Exception as error:  # noqa: BLE001 - the caller must hear something, and no more
            await exchange.refuse(exchange.stopped or refusal_for(error))
        exchange.log()


class _Exchange:
    """One request and its reply."""

    def __init__(self, scope: HTTPScope, send: Send, answering: Answering) -> None:
        self._scope = scope
        self._send = send
        self._answering = answering
        self.stopped: Refusal | None = None  # why an answer that was ready did not go out
        self._began = time.perf_counter()
        self._status = 0
        given = {name: value.decode("latin-1") for name, value in scope["headers"]}
        self._accept = given.get(b"accept", "")
        asked = given.get(b"x-request-id", "")
        self.request_id = asked if REQUEST_ID.fullmatch(asked) else str(uuid7())
        parent = TRACEPARENT.fullmatch(given.get(b"traceparent", ""))
        self.trace_id = parent["trace"] if parent else secrets.token_hex(16)
        flags = parent["flags"] if parent else "00"
        self._traceparent = f"00-{self.trace_id}-{secrets.token_hex(8)}-{flags}"
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            try:
                await self._answering(self._scope, message["status"])
            except Refusal as refusal:
                self.stopped = refusal
                raise
            self._status = message["status"]
            message["headers"] = [
                *message["headers"],
                (b"x-request-id", self.request_id.encode()),
                (b"traceparent", self._traceparent.encode()),
                *_always(self._scope["path"], message["status"]),
                *(ALWAYS_OVER_TLS if self._scope["scheme"] == "https" else ()),
            ]
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        """Say no, unless something was said already."""
        if self._status:
            return
        self._scope["state"]["refused"] = refusal.code
        body, media_type = rendered(refusal, self._accept)
        headers = {
            "Content-Type": media_type,
            "Content-Length": str(len(body)),
            **headers_of(refusal),
        }
        await self.send(
            {
                "type": "http.response.start",
                "status": refusal.status,
                "headers": [
                    (name.lower().encode(), value.encode()) for name, value in headers.items()
                ],
            }
        )
        await self.send({"type": "http.response.body", "body": body, "more_body": False})

    def log(self) -> None:
        """One line, with the route and not the address: people type secrets into addresses."""
        logger.info(
            "request",
            route=route_of(self._scope),
            status=self._status,
            ms=round((time.perf_counter() - self._began) * 1000, 2),
        )


def _always(path: str, status: int) -> tuple[tuple[bytes, bytes], ...]:
    """What every reply from here says of itself."""
    if not at_the_desk(path):
        return (NOT_KEPT, *AT_THE_API)
    return (KEPT_AN_HOUR if path.startswith(ASSETS) and status == 200 else NOT_KEPT, *AT_THE_DESK)
