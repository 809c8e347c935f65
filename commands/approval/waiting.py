"""What waits for a second person without being a proposal: it lapses, and has a hash."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any

from commands.approval.change import encode
from commands.approval.proposal import hash_of
from ledger.books import Books
from ledger.errors import Conflict

WAITS_SECONDS = 604_800  # MAKEBA_PROPOSAL_TTL_SECONDS says otherwise


def hash_of_words(**words: Any) -> str:
    """The SHA-256 of all that a checker agrees to."""
    return hash_of(encode(words).decode())


def ends_at(proposed_at: datetime, ttl_seconds: int) -> datetime:
    """Until when somebody else can agree."""
    return proposed_at + timedelta(seconds=ttl_seconds)


def too_old(books: Books, proposed_at: datetime | None, ttl_seconds: int) -> bool:
    """Whether something was proposed too long ago, or nobody knows when."""
    return proposed_at is None or books.passed(ends_at(proposed_at, ttl_seconds))


def require_waiting(books: Books, proposed_at: datetime | None, ttl_seconds: int) -> None:
    """Raises Conflict for what is `too_old`."""
    if too_old(books, proposed_at, ttl_seconds):
        raise Conflict("This proposal is too old: propose it again.")


def require_read(proposed: str, read: str | None) -> None:
    """Raises Conflict when the hash of what was read is given, and is not that of what waits."""
    if read is not None and not hmac.compare_digest(proposed, read):
        raise Conflict("This is not what was proposed.", contentHash=proposed)
