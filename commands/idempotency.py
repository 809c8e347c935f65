"""Keys: one effect for each, and the reply that was given for it."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ledger.errors import IdempotencyConflict
from ledger.rows import Key, Row


class Once(msgspec.Struct, frozen=True, gc=False):
    """A caller's key and the body that came with it, both hashed at the edge.

    The body's hash is keyed: `older` is the same under keys that were active before, and still are
    known.
    """

    key_hash: bytes
    body_hash: bytes
    older: tuple[bytes, ...] = ()


class KnownKey(Row, frozen=True, kw_only=True):
    """A key that was used, and what was replied. Written by the log together with its batch."""

    key_hash: bytes
    body_hash: bytes
    refused: bool
    reply: bytes
    position: int

    TABLE: ClassVar[str] = "idempotency"
    INSERT_ONLY: ClassVar[bool] = True
    LOAD: ClassVar[dict[str, str]] = {
        "key_hash": """
            SELECT 0 AS version, key_hash, body_hash, refused, reply, position
            FROM ledger.idempotency
            WHERE key_hash = ANY(%(values)s)
        """,
    }

    @staticmethod
    def by_hash(key_hash: bytes) -> Key[KnownKey]:
        """The key with this hash."""
        return (KnownKey, "key_hash", key_hash)

    def keys(self) -> tuple[Key[KnownKey], ...]:
        return ((KnownKey, "key_hash", self.key_hash),)

    def require_same_body(self, once: Once) -> None:
        """Raises IdempotencyConflict when the key now comes with another body."""
        if self.body_hash not in (once.body_hash, *once.older):
            raise IdempotencyConflict
