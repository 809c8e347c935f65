"""For whoever watches over the process: is it alive, and may it be sent requests?"""

from __future__ import annotations

import msgspec
from litestar import get

from server.routes.given import ThePrimary, TheReader, TheSettings


class Live(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str = "live"


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """The database answers, and what is read is what was written until `position`."""

    status: str = "ready"
    position: int


@get(["/health/live", "/api/v1/health/live"], summary="Is the process alive?")
async def live() -> Live:
    """Asks nobody."""
    return Live()


@get(["/health/ready", "/api/v1/health/ready"], summary="May it be sent requests?")
async def ready(primary: ThePrimary, reader: TheReader, settings: TheSettings) -> Ready:
    """503 while the database is away or the read models are behind."""
    position = await primary.position()
    await reader.wait_for(position, settings.read_wait_seconds)
    return Ready(position=position)


HANDLERS = (live, ready)
