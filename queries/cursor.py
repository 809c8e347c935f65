"""Pages: how many items at most, and an opaque cursor that says where the next page begins.

A cursor is a key into a list's order, so a page costs the same however far down it is and nothing
is shown twice when rows are added. It carries a hash of the list's filters: a cursor that came from
other filters would silently skip rows, so it is refused.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated, Any

import msgspec

from ledger.errors import InvalidRequest

PAGE_MAX = 200
PAGE_USUAL = 50
FILTERS_HASH_BYTES = 8

Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


def require_page(limit: int) -> int:
    """The size of a page. Raises InvalidRequest when it is out of bounds."""
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidRequest(field="limit", reason=f"is between 1 and {PAGE_MAX}")
    return limit


def write(filters: Any, key: Any) -> str:
    """The cursor of a page that begins after `key`."""
    raw = _hash(filters) + msgspec.msgpack.encode(key)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(cursor: str, filters: Any, key_type: Any) -> Any:
    """The key in a cursor. Raises InvalidRequest unless it came from a list with these filters."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        hash_, key = raw[:FILTERS_HASH_BYTES], raw[FILTERS_HASH_BYTES:]
        if hash_ == _hash(filters):
            return msgspec.msgpack.decode(key, type=key_type)
    except (ValueError, msgspec.DecodeError):
        pass
    raise InvalidRequest(field="cursor", reason="does not belong to this list")


def _hash(filters: Any) -> bytes:
    written = msgspec.json.encode(filters, order="sorted")
    return hashlib.sha256(written).digest()[:FILTERS_HASH_BYTES]
