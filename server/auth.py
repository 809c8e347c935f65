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
from server.policy import POLICY, Rule
from server.primary import OpenedSession, Primary
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


class Sessions:
    """Sessions as this process has seen them within the last second."""

    def __init__(self, primary: Primary, cache_seconds: float) -> None:
        self._primary = primary
        self._cache_seconds = cache_seconds
        self._known: OrderedDict[bytes, tuple[float, OpenedSession]] = OrderedDict()
        self._noted: OrderedDict[UUID, float] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def caller(self, authorization: str) -> Caller:
        """Who this is, from the header. Raises Unauthenticated."""
        found = BEARER.fullmatch(authorization.strip())
        if found is None:
            raise Unauthenticated
        session = await self._session(token_hash(found["token"]))
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

    async def close(self) -> None:
        """Wait for the last notes to be written."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _session(self, hashed: bytes) -> OpenedSession:
        until, session = self._known.get(hashed, (0.0, None))
        if session is None or until < time.monotonic():
            session = await self._primary.session(hashed)
            if session is None:
                self._known.pop(hashed, None)
                raise Unauthenticated
            self._known[hashed] = (time.monotonic() + self._cache_seconds, session)
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

    def __init__(self, sessions: Sessions, switch: SwitchLink) -> None:
        self._sessions = sessions
        self._switch = switch

    async def admit(
        self, connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
    ) -> None:
        """Let the request in and note who it is from. Raises Unauthenticated or Forbidden."""
        assert isinstance(connection, ApiRequest), "the application makes its requests of this type"
        rule = POLICY.get(f"{connection.method} {connection.scope['path_template']}")
        if connection.method == "OPTIONS":
            return
        if rule is None:
            raise Forbidden
        if rule is Rule.NOBODY:
            raise NotFound("There is nothing at this path.")
        if rule is Rule.ANYBODY:
            return
        if rule is Rule.THIS_MACHINE:
            require_this_machine(connection)
            return
        if isinstance(rule, Rule):
            connection.scope["user"] = await self._switch.caller(
                connection, note_nonce=rule is Rule.SWITCH_READS
            )
            return
        caller = await self._sessions.caller(connection.headers.get("authorization", ""))
        structlog.contextvars.bind_contextvars(user=str(caller.user_id))
        if caller.role not in rule:
            raise Forbidden
        connection.scope["user"] = caller
