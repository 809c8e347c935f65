"""Whoever reads at a terminal what is another's leaves a note in the trail, as over HTTP."""

from __future__ import annotations

import asyncio
import getpass
import os
import re

from uuid_utils.compat import uuid7

from ledger import trail
from ledger.batch import DONE
from ledger.database import connect
from ledger.trail import Note, Writing
from server.installation import Installation

NAME = re.compile(r"[!-~]{1,64}")


def note_reading(installation: Installation, command: str, *asked: object) -> None:
    """Write down who reads what, before it is shown. Raises psycopg.Error: then show nothing."""
    note = Note(
        what=trail.READ,
        actor=f"console:{_user()}",
        session=None,
        request_id=str(uuid7()),
        route=f"makeba {command}",
        asked=" ".join(str(each) for each in asked if each is not None),
        outcome=DONE,
    )
    asyncio.run(_write(installation.urls.commands, note))


async def _write(url: str, note: Note) -> None:
    async with await connect(url, "makeba") as connection:
        await trail.write(connection, Writing([note]))


def _user() -> str:
    """Whom the system calls the user; its number, where it has no name for them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = ""
    return name if NAME.fullmatch(name) else str(os.getuid())
