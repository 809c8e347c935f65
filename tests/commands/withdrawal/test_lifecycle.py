"""The table of a withdrawal's life: what every message does in every state, and to the books."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from commands.switch.trace import SwitchReply
from commands.withdrawal.lifecycle import MOVES, Happening, State, require_move
from ledger.errors import Conflict, Refusal
from tests.commands.withdrawal.street import DOUBT_SECONDS, OTHER_CODE, TTL_SECONDS, Street

MESSAGES: dict[str, Callable[[Street], object]] = {
    "authorise": lambda street: street.authorise(2),
    "wrong code": lambda street: street.authorise(2, code=OTHER_CODE),
    "other amount": lambda street: street.authorise(2, escudos=1_000),
    "cancel": Street.cancel,
    "expire": lambda street: street.later(TTL_SECONDS).expire(),
    "doubt": lambda street: street.later(DOUBT_SECONDS).doubt(),
    "complete 2000": Street.complete,
    "complete 500": lambda street: street.complete(500),
    "complete 0": lambda street: street.complete(0),
    "complete 2500": lambda street: street.complete(2_500),
    "reverse 0": Street.reverse,
    "reverse 500": lambda street: street.reverse(500),
    "release": Street.release,
}

# The state it was in, the message, the state after it, the answer, and the entries (escudos).
TABLE = """
active     authorise      authorised 00       -
active     wrong code     active     55       -
active     other amount   active     13       -
active     cancel         cancelled  done     2030 2025 | 2010 2025
active     expire         expired    done     2030 2025 | 2010 2025
active     doubt          active     nothing  -
active     release        active     CONFLICT -
expired    authorise      expired    54       -
expired    wrong code     expired    54       -
expired    other amount   expired    54       -
expired    cancel         expired    CONFLICT -
expired    expire         expired    nothing  -
expired    doubt          expired    nothing  -
expired    release        expired    CONFLICT -
cancelled  authorise      cancelled  55       -
cancelled  wrong code     cancelled  55       -
cancelled  other amount   cancelled  55       -
cancelled  cancel         cancelled  CONFLICT -
cancelled  expire         cancelled  nothing  -
cancelled  doubt          cancelled  nothing  -
cancelled  release        cancelled  CONFLICT -
locked     authorise      locked     75       -
locked     wrong code     locked     75       -
locked     other amount   locked     75       -
locked     cancel         locked     CONFLICT -
locked     expire         locked     nothing  -
locked     doubt          locked     nothing  -
locked     release        locked     CONFLICT -
authorised authorise      authorised 55       -
authorised wrong code     authorised 55       -
authorised other amount   authorised 55       -
authorised cancel         authorised CONFLICT -
authorised expire         authorised nothing  -
authorised doubt          in_doubt   done     -
authorised complete 2000  completed  00       2030 2025 | 2100 2000 + 4010 25
authorised complete 500   completed  00       2030 2025 | 2100 500 + 4010 25 + 2010 1500
authorised complete 0     reversed   00       2030 2025 | 2010 2025
authorised complete 2500  completed  00       2030 2025 | 2100 2000 + 4010 25; 1900 500 | 2100 500
authorised reverse 0      reversed   00       2030 2025 | 2010 2025
authorised reverse 500    completed  00       2030 2025 | 2100 500 + 4010 25 + 2010 1500
authorised release        authorised CONFLICT -
in_doubt   authorise      in_doubt   55       -
in_doubt   wrong code     in_doubt   55       -
in_doubt   other amount   in_doubt   55       -
in_doubt   cancel         in_doubt   CONFLICT -
in_doubt   expire         in_doubt   nothing  -
in_doubt   doubt          in_doubt   nothing  -
in_doubt   complete 2000  completed  00       2030 2025 | 2100 2000 + 4010 25
in_doubt   complete 500   completed  00       2030 2025 | 2100 500 + 4010 25 + 2010 1500
in_doubt   complete 0     reversed   00       2030 2025 | 2010 2025
in_doubt   complete 2500  completed  00       2030 2025 | 2100 2000 + 4010 25; 1900 500 | 2100 500
in_doubt   reverse 0      reversed   00       2030 2025 | 2010 2025
in_doubt   reverse 500    completed  00       2030 2025 | 2100 500 + 4010 25 + 2010 1500
in_doubt   release        released   done     2030 2025 | 2010 2025
completed  authorise      completed  55       -
completed  wrong code     completed  55       -
completed  other amount   completed  55       -
completed  cancel         completed  CONFLICT -
completed  expire         completed  nothing  -
completed  doubt          completed  nothing  -
completed  complete 2000  completed  00       -
completed  complete 500   completed  94       -
completed  complete 0     reversed   00       2100 2000 + 4010 25 | 2010 2025
completed  complete 2500  completed  94       -
completed  reverse 0      reversed   00       2100 2000 + 4010 25 | 2010 2025
completed  reverse 500    completed  00       2100 1500 | 2010 1500
completed  release        completed  CONFLICT -
reversed   authorise      reversed   55       -
reversed   wrong code     reversed   55       -
reversed   other amount   reversed   55       -
reversed   cancel         reversed   CONFLICT -
reversed   expire         reversed   nothing  -
reversed   doubt          reversed   nothing  -
reversed   complete 2000  reversed   00       1900 2000 | 2100 2000
reversed   complete 500   reversed   00       1900 500 | 2100 500
reversed   complete 0     reversed   00       -
reversed   complete 2500  reversed   00       1900 2500 | 2100 2500
reversed   reverse 0      reversed   00       -
reversed   reverse 500    reversed   00       -
reversed   release        reversed   CONFLICT -
released   authorise      released   55       -
released   wrong code     released   55       -
released   other amount   released   55       -
released   cancel         released   CONFLICT -
released   expire         released   nothing  -
released   doubt          released   nothing  -
released   complete 2000  released   00       1900 2000 | 2100 2000
released   complete 500   released   00       1900 500 | 2100 500
released   complete 0     released   00       -
released   complete 2500  released   00       1900 2500 | 2100 2500
released   reverse 0      released   00       -
released   reverse 500    released   00       1900 500 | 2100 500
released   release        released   CONFLICT -
"""
LINES = TABLE.strip("\n").splitlines()


@pytest.mark.parametrize("line", LINES)
def test_every_message_in_every_state(line: str) -> None:
    was, message, becomes, answer, entries = _row(line)
    street = Street()
    street.bring_to(State(was))
    street.just = []
    assert _told(lambda: MESSAGES[message](street)) == answer
    assert street.withdrawal(street.id).state == becomes
    assert ("; ".join(street.booked) or "-") == entries


def test_the_table_leaves_nothing_out() -> None:
    rows = {_row(line)[:2] for line in LINES}
    never_approved = (State.ACTIVE, State.EXPIRED, State.CANCELLED, State.LOCKED)
    assert rows == {
        (state.value, message)
        for state in State
        for message in MESSAGES
        if state not in never_approved or not message.startswith(("complete", "reverse"))
    }


@pytest.mark.parametrize("was", [None, *State])
@pytest.mark.parametrize("happening", Happening)
def test_what_is_not_in_the_table_cannot_happen(was: State | None, happening: Happening) -> None:
    if (was, happening) in MOVES:
        assert require_move(was, happening) is MOVES[was, happening]
    else:
        with pytest.raises(Conflict) as refusal:
            require_move(was, happening)
        assert refusal.value.facts == {"state": was}


def _row(line: str) -> tuple[str, str, str, str, str]:
    cells = (line[:11], line[11:26], line[26:37], line[37:46], line[46:])
    was, message, becomes, answer, entries = (cell.strip() for cell in cells)
    return was, message, becomes, answer, entries


def _told(act: Callable[[], object]) -> str:
    """The response code, the refusal's code, or whether anything was done."""
    try:
        answer = act()
    except Refusal as refusal:
        return refusal.code
    if isinstance(answer, SwitchReply):
        return answer.response_code
    return "nothing" if answer is False else "done"
