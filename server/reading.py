"""Reading one's own writes: a read waits until the read models have what its caller knows of."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from ledger.errors import InvalidRequest, Overloaded
from queries.projector import Projector
from queries.reader import Reader
from server.auth import Caller
from server.door import Door
from server.wire import LOG_POSITION, POSITION


class CaughtUp:
    """Stands behind the gate."""

    def __init__(
        self, reader: Reader, projector: Projector, door: Door, wait_seconds: float
    ) -> None:
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
        named = connection.headers.get(LOG_POSITION, "0")
        if POSITION.fullmatch(named) is None:
            raise InvalidRequest(field=LOG_POSITION, reason="is not a position")
        position = max(int(named), self._door.written(caller.user_id))
        try:
            await self._reader.wait_for(position, self._wait_seconds)
        except Overloaded:
            if int(named) > self._projector.head:
                reason = "lies beyond the end of the log"
                raise InvalidRequest(field=LOG_POSITION, reason=reason) from None
            raise
