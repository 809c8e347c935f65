"""Reading: each caller sees what is theirs, and what they know to have been written."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from ledger.errors import InvalidRequest, Overloaded
from queries.projector import Projector
from queries.reader import Reader
from server.auth import Caller, listener_of
from server.door import Door
from server.roles import OUR_PEOPLE
from server.signatures import SwitchCaller
from server.vault import SealBroken, Vault
from server.wire import LOG_POSITION, POSITION


def asking(reader: Reader, who: object) -> Reader:
    """A reader that asks for this caller: PostgreSQL shows it nothing of anybody else's.

    The switch's requests name their acquirer in each query; it owns no row.
    """
    if isinstance(who, SwitchCaller):
        return reader.for_everybody
    if not isinstance(who, Caller):
        return reader.for_nobody
    if who.role in OUR_PEOPLE:
        return reader.for_everybody
    if who.principal_id is not None:
        return reader.for_principal(who.principal_id)
    return reader.for_owner(who.user_id if who.agent_id is None else who.agent_id)


class CaughtUp:
    """Stands behind the gate."""

    def __init__(
        self, reader: Reader, projector: Projector, door: Door, vault: Vault, wait_seconds: float
    ) -> None:
        self._vault = vault
        self._reader = reader
        self._projector = projector
        self._door = door
        self._wait_seconds = wait_seconds

    async def wait(
        self, connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
    ) -> None:
        """Wait for the position that the caller names, and for what they wrote through here.

        Raises Overloaded when the read models are not there in time, InvalidRequest.
        """
        caller = connection.scope.get("user")
        if connection.scope.get("method") != "GET" or not isinstance(caller, Caller):
            return
        named = self._named(caller, connection.headers.get(LOG_POSITION, "0"))
        position = max(named, self._door.written(caller.user_id))
        try:
            await self._reader.wait_for(position, self._wait_seconds)
        except Overloaded:
            if named > self._projector.head:
                reason = "lies beyond the end of the log"
                raise InvalidRequest(field=LOG_POSITION, reason=reason) from None
            raise

    def _named(self, caller: Caller, named: str) -> int:
        """The position in a header: that of a write, or of an event by its id. Raises
        InvalidRequest."""
        if POSITION.fullmatch(named) is not None:
            return int(named)
        try:
            return self._vault.event_position(listener_of(caller).name, named)
        except SealBroken:
            raise InvalidRequest(field=LOG_POSITION, reason="is not a position") from None
