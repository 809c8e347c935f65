"""The way of commands from the edge to the spine: budgets, keys, and word to the projector."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any
from uuid import UUID

from commands.approval.change import Change
from commands.command import A, Command
from commands.deciding import Outcome
from commands.idempotency import Once
from commands.spine import Spine
from ledger.errors import InvalidRequest, Overloaded
from queries.projector import Projector
from server.auth import Caller
from server.settings import Settings
from server.signatures import SwitchCaller
from server.vault import Vault
from server.wire import ApiRequest, Received, canonical

Body = Received | Change

KEY = re.compile(r"[\x21-\x7e]{1,255}")
KEY_HEADER = "Idempotency-Key"
WRITERS_MAX = 20_000  # whose newest write is remembered


class Door:
    """Where commands of this process go in."""

    def __init__(self, spine: Spine, projector: Projector, settings: Settings) -> None:
        self._spine = spine
        self._projector = projector
        self._settings = settings
        self._written: OrderedDict[UUID, int] = OrderedDict()

    async def submit(
        self,
        command: Command[A],
        *,
        actor: str,
        request_id: str,
        session: UUID | None = None,
        once: Once | None = None,
        deadline_seconds: float | None = None,
    ) -> Outcome[A]:
        """Have it decided. Raises the Refusal; Overloaded while read models are too far behind."""
        if self._projector.behind > self._settings.lag_max and not command.NEVER_SHED:
            raise Overloaded("The read models are too far behind.", outcome="none")
        outcome = await self._spine.submit(
            command,
            actor=actor,
            request_id=request_id,
            session=session,
            once=once,
            deadline_seconds=deadline_seconds or self._settings.request_deadline_seconds,
        )
        self._projector.poke(outcome.position)
        return outcome

    @property
    def position(self) -> int:
        """How far this process has written."""
        return self._spine.position

    def note_written(self, user_id: UUID, position: int) -> None:
        """Remember how far somebody has written, so that their next read sees it."""
        self._written[user_id] = max(position, self._written.get(user_id, 0))
        self._written.move_to_end(user_id)
        if len(self._written) > WRITERS_MAX:
            self._written.popitem(last=False)

    def written(self, user_id: UUID) -> int:
        """How far somebody has written through this process."""
        return self._written.get(user_id, 0)


class Call:
    """One request of somebody who is signed in, as its handler needs it."""

    def __init__(self, request: ApiRequest, door: Door, vault: Vault) -> None:
        self._request = request
        self._door = door
        self._vault = vault

    @property
    def caller(self) -> Caller:
        """Who asks; the gate has seen to it that somebody does."""
        caller = self._request.scope["user"]
        assert isinstance(caller, Caller), "the policy lets only people in here"
        return caller

    async def write(
        self,
        command: Command[A],
        body: Body | None = None,
        *,
        key_required: bool = True,
        key: str | None = None,
    ) -> Outcome[A]:
        """Have a command decided once for the caller's key and this body. The key stands in a
        header, or a form has brought it. Raises the Refusal."""
        caller = self.caller
        outcome = await self._door.submit(
            command,
            actor=str(caller.user_id),
            request_id=request_id(self._request),
            session=caller.session_id,
            once=self._once(body, key, required=key_required),
        )
        self._door.note_written(caller.user_id, outcome.position)
        return outcome

    async def do(self, command: Command[A]) -> Outcome[A]:
        """The same for what may be repeated without harm, and needs no key."""
        return await self.write(command, key_required=False)

    def _once(self, body: Body | None, given: str | None, *, required: bool) -> Once | None:
        key = given or self._request.headers.get(KEY_HEADER)
        if key is None:
            if required:
                raise InvalidRequest(field=KEY_HEADER, reason="is required here")
            return None
        if KEY.fullmatch(key) is None:
            raise InvalidRequest(field=KEY_HEADER, reason="has 1 to 255 visible characters")
        operation = f"{self._request.method} {self._request.scope['path']}"
        return self._vault.once(
            str(self.caller.user_id), key, operation, b"" if body is None else canonical(body)
        )


class SwitchCall:
    """One signed request of the switch. Its trace is its key."""

    def __init__(self, request: ApiRequest, door: Door, settings: Settings) -> None:
        self._request = request
        self._door = door
        self._settings = settings

    @property
    def caller(self) -> SwitchCaller:
        """The acquirer whose key has signed."""
        caller = self._request.scope["user"]
        assert isinstance(caller, SwitchCaller), "the policy lets only the switch in here"
        return caller

    async def write(self, command: Command[A]) -> Outcome[A]:
        """Have a command decided. Raises the Refusal."""
        return await self._door.submit(
            command,
            actor=f"switch:{self.caller.acquirer_id}",
            request_id=request_id(self._request),
            deadline_seconds=self._settings.switch_deadline_seconds,
        )


def request_id(request: ApiRequest) -> str:
    """The id under which this request stands in replies, logs and the log."""
    found: Any = request.scope["state"]["request_id"]
    return str(found)
