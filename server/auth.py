"""Who asks, and whether they may: the gate that every request passes, closed unless the policy
opens it."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from typing import Any
from uuid import UUID

import msgspec
import structlog
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from psycopg import OperationalError

from commands.identity.person import Role
from ledger.errors import Forbidden, NotFound, Unauthenticated
from queries.feed import EVERY_OPERATOR, Listener
from queries.projection.feed import AGENT, CUSTOMER, OPERATORS
from server.context import WHEN_IT_ENDS
from server.cookies import LIVE, SESSION_COOKIE, at_the_desk
from server.policy import POLICY, Rule
from server.primary import OpenedSession, Primary
from server.rates import Rates, RouteClass
from server.signatures import SwitchLink
from server.vault import token_hash
from server.wire import ApiRequest

logger = structlog.get_logger(__name__)

BEARER = re.compile(r"Bearer +(?P<token>[A-Za-z0-9_-]{43})", re.IGNORECASE)
SESSIONS_MAX = 20_000  # kept in memory; whoever drops out is looked up again
LOOPBACK = ("127.0.0.1", "::1")
SEEN_PAUSE_SECONDS = 60.0
SEEN_PARTS = 10  # a session that idles out early does so by a tenth of its time at most


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is signed in."""

    user_id: UUID
    role: Role
    session_id: UUID
    agent_id: UUID | None
    principal_id: UUID | None = None

    @property
    def agent(self) -> UUID:
        """The agent at whose counter the caller stands. Raises Forbidden."""
        if self.agent_id is None:
            raise Forbidden
        return self.agent_id


def listener_of(caller: Caller) -> Listener:
    """Whose affairs a caller is told: the counter's, what operators watch over, or one's own."""
    if caller.role is Role.AGENT:
        return Listener(AGENT, caller.agent)
    if caller.role is Role.OPERATOR:
        return Listener(OPERATORS, EVERY_OPERATOR)
    return Listener(CUSTOMER, caller.user_id)


class Sessions:
    """Sessions as this process has seen them lately: well within a second."""

    def __init__(self, primary: Primary, cache_seconds: float) -> None:
        self._primary = primary
        self._cache_seconds = cache_seconds
        self._known: OrderedDict[bytes, tuple[float, OpenedSession]] = OrderedDict()
        self._noted: OrderedDict[UUID, float] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def caller(self, authorization: str, *, in_use: bool = True) -> Caller:
        """Who this is, from the header. What is asked without being `in_use` does not keep a
        session from idling out. Raises Unauthenticated."""
        found = BEARER.fullmatch(authorization.strip())
        if found is None:
            raise Unauthenticated
        session = await self._session(token_hash(found["token"]))
        if in_use:
            self._note_use(session)
        return Caller(
            user_id=session.user_id,
            role=session.role,
            session_id=session.session_id,
            agent_id=session.agent_id,
            principal_id=session.principal_id,
        )

    def forget(self, session_id: UUID) -> None:
        """A session was ended here: do not believe it for another second."""
        for hashed, (_, session) in list(self._known.items()):
            if session.session_id == session_id:
                del self._known[hashed]

    def forget_all_of(self, user_id: UUID) -> None:
        """The same for all sessions of somebody."""
        for hashed, (_, session) in list(self._known.items()):
            if session.user_id == user_id:
                del self._known[hashed]

    async def close(self) -> None:
        """Wait for the last notes to be written."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _session(self, hashed: bytes) -> OpenedSession:
        until, session = self._known.get(hashed, (0.0, None))
        if session is None or until < time.monotonic():
            asked = time.monotonic()  # not when the answer came: it may have ended on the way
            session = await self._primary.session(hashed)
            if session is None:
                self._known.pop(hashed, None)
                raise Unauthenticated
            self._known[hashed] = (asked + self._cache_seconds, session)
            self._known.move_to_end(hashed)
            if len(self._known) > SESSIONS_MAX:
                self._known.popitem(last=False)
        return session

    def _note_use(self, session: OpenedSession) -> None:
        pause = min(SEEN_PAUSE_SECONDS, session.idle_seconds / SEEN_PARTS)
        now = time.monotonic()
        if self._noted.get(session.session_id, -pause) + pause > now:
            return
        self._noted[session.session_id] = now
        self._noted.move_to_end(session.session_id)
        if len(self._noted) > SESSIONS_MAX:
            self._noted.popitem(last=False)
        task = asyncio.create_task(self._write_use(session.session_id, pause))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write_use(self, session_id: UUID, pause_seconds: float) -> None:
        try:
            await self._primary.seen(session_id, pause_seconds)
        except OperationalError as error:
            logger.warning("use of a session was not noted", error=type(error).__name__)


def require_this_machine(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Raises Forbidden for whoever asks from elsewhere, also through a proxy that says so."""
    if connection.client is None or connection.client.host not in LOOPBACK:
        raise Forbidden


class Gate:
    """Every request's way in."""

    def __init__(
        self, sessions: Sessions, switch: SwitchLink, rates: Rates, *, schema_public: bool
    ) -> None:
        self._sessions = sessions
        self._switch = switch
        self._rates = rates
        self._schema_public = schema_public

    async def admit(
        self, connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
    ) -> None:
        """Let the request in and note who it is from.

        Raises Unauthenticated, Forbidden, NotFound or TooMany.
        """
        assert isinstance(connection, ApiRequest), "the application makes its requests of this type"
        rule = POLICY.get(f"{connection.method} {connection.scope['path_template']}")
        if connection.method == "OPTIONS":
            return
        if rule is None:
            raise Forbidden
        if rule is Rule.NOBODY:
            raise NotFound("There is nothing at this path.")
        if rule in (Rule.ANYBODY, Rule.THIS_MACHINE):
            self._admit_anybody(connection, rule)
            return
        if isinstance(rule, Rule):
            connection.scope["user"] = await self._switch.caller(
                connection,
                note_nonce=rule is Rule.SWITCH_READS,
                streamed=rule is Rule.SWITCH_STREAMS,
            )
            return
        caller = await self._caller(connection)
        structlog.contextvars.bind_contextvars(user=str(caller.user_id))
        connection.scope["user"] = caller  # the trail names whoever is refused
        if caller.role not in rule:
            raise Forbidden
        reads = connection.method == "GET"
        self._rates.require(RouteClass.READ if reads else RouteClass.WRITE, caller.user_id)
        leave = self._rates.enter(caller.user_id)
        connection.scope.setdefault("state", {})[WHEN_IT_ENDS] = leave

    def _admit_anybody(self, connection: ApiRequest, rule: Rule) -> None:
        path = connection.scope["path"]
        hidden = "/schema" in path and not self._schema_public
        if rule is Rule.THIS_MACHINE or hidden:
            require_this_machine(connection)
        elif "/health/" not in path:  # whoever watches over us is never turned away
            at_door = at_the_desk(path) and connection.method == "POST"
            signing_in = "/auth/" in path or at_door
            what = RouteClass.SIGN_IN if signing_in else RouteClass.PUBLIC
            self._rates.require(what, address_of(connection))

    async def _caller(self, connection: ApiRequest) -> Caller:
        """Who is signed in. An address that guesses tokens is not even looked at any more; a
        browser that has not signed in yet guesses nothing."""
        address = address_of(connection)
        if at_the_desk(connection.scope["path"]) and not connection.cookies.get(SESSION_COOKIE):
            self._rates.require(RouteClass.PUBLIC, address)
            raise Unauthenticated
        self._rates.require_some_left(RouteClass.STRANGER, address)
        try:
            in_use = connection.scope["path"] != LIVE
            return await self._sessions.caller(_authorization(connection), in_use=in_use)
        except Unauthenticated:
            self._rates.spend(RouteClass.STRANGER, address)
            raise


def _authorization(connection: ApiRequest) -> str:
    """What says who asks: at the desk the cookie alone, at the API the header alone. So no page
    of somebody else's can have a browser order anything at the API."""
    if at_the_desk(connection.scope["path"]):
        return f"Bearer {connection.cookies.get(SESSION_COOKIE, '')}"
    return connection.headers.get("authorization", "")


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Where a request comes from; through a proxy on this machine, what that says."""
    return "" if connection.client is None else connection.client.host
