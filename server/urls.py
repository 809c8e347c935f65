"""The database, as each role of the server reaches it."""

from __future__ import annotations

import msgspec


class Urls(msgspec.Struct, frozen=True, kw_only=True):
    """Never its owner's."""

    commands: str
    projector: str
    queries: str

    def __repr__(self) -> str:
        return "Urls(…)"
