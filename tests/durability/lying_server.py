"""A server that answers before it commits: the control that the judge must find guilty."""

from __future__ import annotations

import asyncio
from typing import Any

from commands import spine
from ledger.log import Log


async def finish_late(self: spine.Spine, draft: Any, *, ahead: bool) -> None:
    if draft is not None:
        for one in draft.decided:
            one.tell()
    await honest(self, draft, ahead=ahead)


async def commit_late(self: Log, batch: Any, *, ahead: bool) -> None:
    await asyncio.sleep(0.05)
    await committed(self, batch, ahead=ahead)


if __name__ == "__main__":
    honest, committed = spine.Spine._finish, Log.finish
    spine.Spine._finish = finish_late  # type: ignore[method-assign]
    Log.finish = commit_late  # type: ignore[method-assign]
    from server.cli import main

    main()
