"""The life of a withdrawal, as a table: states, what can happen, and what that makes of it."""

from __future__ import annotations

from enum import StrEnum

from ledger.errors import Conflict


class State(StrEnum):
    """Where a withdrawal stands. Its code lives while it is active, and then only."""

    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    LOCKED = "locked"
    AUTHORISED = "authorised"
    IN_DOUBT = "in_doubt"
    COMPLETED = "completed"
    REVERSED = "reversed"
    RELEASED = "released"


class Happening(StrEnum):
    """What can happen to a withdrawal."""

    REQUESTED = "requested"
    TRIED_WRONG = "tried_wrong"
    TRIED_WRONG_ONCE_TOO_OFTEN = "tried_wrong_once_too_often"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    AUTHORISED = "authorised"
    COMPLETED = "completed"
    COMPLETED_IN_PART = "completed_in_part"
    REVERSED = "reversed"
    NO_WORD = "no_word"  # from the switch, by the deadline
    RELEASED = "released"  # by two people, as the cash was not paid
    REVERSED_IN_PART = "reversed_in_part"


S, H = State, Happening

MOVES: dict[tuple[State | None, Happening], State] = {
    (None, H.REQUESTED): S.ACTIVE,  # hold: wallet 2010 → held 2030, amount and fee
    (S.ACTIVE, H.TRIED_WRONG): S.ACTIVE,
    (S.ACTIVE, H.TRIED_WRONG_ONCE_TOO_OFTEN): S.LOCKED,  # 2030 → 2010
    (S.ACTIVE, H.EXPIRED): S.EXPIRED,  # 2030 → 2010
    (S.ACTIVE, H.CANCELLED): S.CANCELLED,  # 2030 → 2010
    (S.ACTIVE, H.AUTHORISED): S.AUTHORISED,  # none: but from now on the hold cannot expire
    (S.AUTHORISED, H.COMPLETED): S.COMPLETED,  # 2030 → 2100, fee → 4010
    (S.AUTHORISED, H.COMPLETED_IN_PART): S.COMPLETED,  # the part paid the same, the rest → 2010
    (S.AUTHORISED, H.REVERSED): S.REVERSED,  # 2030 → 2010
    (S.AUTHORISED, H.NO_WORD): S.IN_DOUBT,  # none: never released by itself
    (S.IN_DOUBT, H.COMPLETED): S.COMPLETED,  # 2030 → 2100, fee → 4010
    (S.IN_DOUBT, H.COMPLETED_IN_PART): S.COMPLETED,  # the part paid the same, the rest → 2010
    (S.IN_DOUBT, H.REVERSED): S.REVERSED,  # 2030 → 2010
    (S.IN_DOUBT, H.RELEASED): S.RELEASED,  # 2030 → 2010, by two people
    (S.COMPLETED, H.REVERSED): S.REVERSED,  # 2100 and 4010 → 2010, one linked entry
    (S.COMPLETED, H.REVERSED_IN_PART): S.COMPLETED,  # the same for what was not paid
}


def require_move(was: State | None, happening: Happening) -> State:
    """What the state becomes. Raises Conflict when this cannot happen now."""
    becomes = MOVES.get((was, happening))
    if becomes is None:
        raise Conflict(state=was)
    return becomes
