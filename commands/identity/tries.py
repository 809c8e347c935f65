"""Wrong tries at signing in: counted together, whichever factor was wrong; too many lock.

A right PIN does not set the count back: only a whole sign-in does. Else whoever knows the PIN could
guess at the second factor for ever.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

import msgspec

from commands.identity.person import Person
from ledger.books import Books
from ledger.errors import TooMany, Unauthenticated

FAILURES_MAX = 30_000  # the column ends soon after; the account is locked most of the time by then


class TryLimits(msgspec.Struct, frozen=True):
    """How many wrong tries lock the account, and for how long."""

    tries_max: int = 5
    lock_seconds: int = 900


def require_active(person: Person | None) -> Person:
    """Raises Unauthenticated for a stranger, and for whoever may not sign in."""
    if person is None or not person.active:
        raise Unauthenticated
    return person


def require_known(books: Books, person: Person | None) -> Person:
    """The same, and raises TooMany for an account that is locked."""
    known = require_active(person)
    if known.locked_until is not None and not books.passed(known.locked_until):
        wait_seconds = math.ceil((known.locked_until - books.now).total_seconds())
        raise TooMany("Too many wrong tries.", retryAfterSeconds=wait_seconds)
    return known


def refuse(person: Person, reason: str, limits: TryLimits) -> Unauthenticated:
    """The refusal of a wrong try (of a "pin", "totp", "recovery" code, "passkey" or "reset" code),
    which leaves the count behind."""
    return Unauthenticated("That is not right.").leaving(_counting(person, reason, limits))


def _counting(person: Person, reason: str, limits: TryLimits) -> Callable[[Books], None]:
    def count(books: Books) -> None:
        failures = min(person.pin_failures + 1, FAILURES_MAX)
        locks = failures % limits.tries_max == 0
        books.put(
            msgspec.structs.replace(
                person,
                pin_failures=failures,
                locked_until=books.now + timedelta(seconds=limits.lock_seconds) if locks else None,
            )
        )
        payload = {"user": person.id, "reason": reason, "failures": failures, "locked": locks}
        books.record("login.failed", person.id, payload)

    return count
