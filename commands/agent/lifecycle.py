"""The life of a request for cash at an agent, as a table."""

from __future__ import annotations

from enum import StrEnum

from ledger.errors import Conflict


class RequestState(StrEnum):
    """Where a request stands. Its pick-up code lives while it is pending, and then only."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"


class Happening(StrEnum):
    """What can happen to a request."""

    REQUESTED = "requested"
    TAKEN = "taken"
    DECLINED = "declined"
    TRIED_WRONG = "tried_wrong"
    TRIED_WRONG_ONCE_TOO_OFTEN = "tried_wrong_once_too_often"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"


S, H = RequestState, Happening

MOVES: dict[tuple[RequestState | None, Happening], RequestState] = {
    (None, H.REQUESTED): S.PENDING,  # hold: wallet 2010 → held 2030, amount and fee
    (S.PENDING, H.TAKEN): S.PENDING,  # it was offered to several, now one has it
    (S.PENDING, H.DECLINED): S.PENDING,  # the others may still take it
    (S.PENDING, H.TRIED_WRONG): S.PENDING,
    (S.PENDING, H.TRIED_WRONG_ONCE_TOO_OFTEN): S.REFUSED,  # 2030 → 2010
    (S.PENDING, H.CONFIRMED): S.CONFIRMED,  # 2030 → 2020, fee → 4020, commission 5020 → 2020
    (S.PENDING, H.REFUSED): S.REFUSED,  # 2030 → 2010
    (S.PENDING, H.LAPSED): S.LAPSED,  # 2030 → 2010
    (S.PENDING, H.CANCELLED): S.CANCELLED,  # 2030 → 2010
}


def require_move(was: RequestState | None, happening: Happening) -> RequestState:
    """What the state becomes. Raises Conflict when this cannot happen now."""
    becomes = MOVES.get((was, happening))
    if becomes is None:
        raise Conflict(state=was)
    return becomes
