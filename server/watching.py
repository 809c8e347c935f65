"""What an answer leaves in the trail: it is a refusal, or somebody sees what is another's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from litestar.types import HTTPScope

from ledger import trail
from ledger.batch import DONE
from ledger.trail import Note
from server.auth import Caller
from server.policy import route_of, shows_anothers
from server.signatures import SwitchCaller
from server.trail import Trail

ASKED_MAX = 4
# What may stand in a path beside ids, by the parameter's name: digits of any other shape may be a
# PIN or a code in the wrong place.
NUMBERS = {
    "number": re.compile(r"(20[0-9]{14}|20[0-9]{2}/[0-9]{1,12})"),  # of an entry, with its year
    "code": re.compile(r"[0-9]{4}"),  # of the chart
    "rrn": re.compile(r"[0-9]{12}"),  # of the switch's, when it was the switch that asked
}
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PROBES = ("/health/live", "/health/ready")  # machines ask every second, also while all is away


class Watching:
    """Looks at every answer before it goes out."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    async def answering(self, scope: HTTPScope, status: int) -> None:
        """Note it if it is to be noted. Raises NetworkError: then this must not be answered."""
        if status >= 400:
            if not scope["path"].endswith(PROBES):
                self._trail.refused(_note(scope, trail.REFUSED, _refused(scope, status)))
            return
        caller = scope.get("user")
        if isinstance(caller, Caller) and shows_anothers(route_of(scope), caller.role):
            await self._trail.read(_note(scope, trail.READ, DONE))


def saw(scope: Any, somebody: UUID) -> None:
    """Say whose data a request is about, where its path does not."""
    scope["state"]["saw"] = somebody


def _note(scope: HTTPScope, what: str, outcome: str) -> Note:
    state: dict[str, Any] = scope.get("state") or {}
    caller = scope.get("user")
    return Note(
        what=what,
        actor=_actor(caller),
        session=caller.session_id if isinstance(caller, Caller) else None,
        request_id=state["request_id"],
        route=route_of(scope),
        asked=" ".join(list(dict.fromkeys(_asked(scope, state)))[:ASKED_MAX]),
        outcome=outcome,
    )


def _actor(caller: object) -> str:
    if isinstance(caller, Caller):
        return str(caller.user_id)
    if isinstance(caller, SwitchCaller):
        return f"switch:{caller.acquirer_id}"
    return trail.NOBODY


def _refused(scope: HTTPScope, status: int) -> str:
    return str((scope.get("state") or {}).get("refused", status))


def _asked(scope: HTTPScope, state: dict[str, Any]) -> Iterator[str]:
    """Ids and known numbers only: whatever else stands there may be a secret in the wrong place."""
    if "saw" in state:
        yield str(state["saw"])
    signed = isinstance(scope.get("user"), SwitchCaller)
    for name, value in (scope.get("path_params") or {}).items():
        known = NUMBERS.get(name, ID) if name != "rrn" or signed else ID
        if ID.fullmatch(str(value)) or known.fullmatch(str(value)):
            yield str(value)
    for _, value in parse_qsl(scope.get("query_string", b"").decode("latin-1")):
        if ID.fullmatch(value):
            yield value
