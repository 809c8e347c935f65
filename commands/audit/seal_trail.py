"""The log takes up where the trail ends, and what it counts: nothing in it can be changed after.

Whoever reads the trail does it beside the lock; the row of the seal decides under it, so that of
two who have read the same one is too late.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from commands.books.open_books import THE_BOOKS
from commands.command import Answer, Command, Rounds
from ledger.books import Books
from ledger.rows import Key, Row


class TrailSeal(Row, frozen=True, kw_only=True):
    """Up to where the log has taken the trail up. There is one such row."""

    kind: str = "trail"
    position: int = 0
    hash: bytes = bytes(32)

    TABLE: ClassVar[str] = "trail_seal"
    LOAD: ClassVar[dict[str, str]] = {
        "kind": """
            SELECT version, kind, position, hash
            FROM ledger.trail_seal
            WHERE kind = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.trail_seal AS t (kind, position, hash, version)
            SELECT r.kind, r.position, decode(r.hash, 'base64'), r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                kind text, position bigint, hash text, version bigint
            )
            ON CONFLICT (kind) DO UPDATE SET
                position = excluded.position, hash = excluded.hash, version = excluded.version
            WHERE t.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('trail_seal', (SELECT count(*) FROM saved), %(count)s)
    """

    def keys(self) -> tuple[Key[TrailSeal], ...]:
        return ((TrailSeal, "kind", self.kind),)


THE_SEAL: Key[TrailSeal] = (TrailSeal, "kind", "trail")


class Counted(msgspec.Struct, frozen=True):
    """How often something happened, of what one seal takes up."""

    what: str
    route: str
    outcome: str
    times: int


class TrailSealed(Answer, frozen=True, kw_only=True):
    """Whether this was the one that did it."""

    sealed: bool


class SealTrail(Command[TrailSealed], frozen=True, kw_only=True):
    """Take up the notes after one position of the trail, up to another with this hash."""

    after: int
    position: int
    hash: bytes
    counts: tuple[Counted, ...]

    # Turned away when there is most to tell, it would tell least.
    NEVER_SHED: ClassVar[bool] = True

    def touches(self, books: Books) -> Rounds:
        yield (THE_SEAL,)

    def decide(self, books: Books) -> TrailSealed:
        seal = books.find(THE_SEAL) or TrailSeal()
        if self.after != seal.position or self.position <= self.after:
            return TrailSealed(sealed=False)
        # From here on nothing is refused.
        books.put(msgspec.structs.replace(seal, position=self.position, hash=self.hash))
        books.record(
            "trail.sealed",
            THE_BOOKS,
            {
                "after": self.after,
                "position": self.position,
                "hash": self.hash.hex(),
                "counts": [msgspec.structs.asdict(each) for each in self.counts],
            },
        )
        return TrailSealed(sealed=True)
