"""Cash at an agent: who may pay it to whom, and what becomes of the money set aside."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.account.freeze import SetWalletStatus
from commands.agent.lapse import LapseCashOut
from commands.agent.lifecycle import MOVES, Happening, RequestState, require_move
from commands.agent.row import Agent
from commands.identity.person import Role
from ledger.accounts import Account, Status
from ledger.errors import (
    CodeExpired,
    Conflict,
    Forbidden,
    InsufficientFunds,
    InvalidCode,
    LimitExceeded,
    NotFound,
    Refusal,
    WalletNotOpen,
)
from tests.commands.agent.counter import PICKUP, TTL_SECONDS, WRONG, Counter, asks

S = RequestState


@pytest.fixture
def counter() -> Counter:
    counter = Counter()
    counter.request()
    return counter


# What every act does in every state: state, act, state after, answer, entries

ACTS: dict[str, Callable[[Counter], object]] = {
    "confirm": Counter.confirm,
    "wrong code": lambda counter: counter.do(counter.confirms(WRONG)),
    "refuse": lambda counter: counter.do(counter.refuses()),
    "cancel": lambda counter: counter.do(counter.cancels()),
    "lapse": lambda counter: counter.later(TTL_SECONDS).lapse(),
}
WAYS: dict[RequestState, Callable[[Counter], object]] = {
    S.PENDING: lambda _: None,
    S.CONFIRMED: Counter.confirm,
    S.REFUSED: ACTS["refuse"],
    S.LAPSED: ACTS["lapse"],
    S.CANCELLED: ACTS["cancel"],
}
PAID = "2030 3060 + 5020 30 | 2020 3030 + 4020 60"
BACK = "2030 3060 | 2010 3060"
TABLE = [
    (S.PENDING, "confirm", S.CONFIRMED, "done", [PAID]),
    (S.PENDING, "wrong code", S.PENDING, "INVALID_CODE", []),
    (S.PENDING, "refuse", S.REFUSED, "done", [BACK]),
    (S.PENDING, "cancel", S.CANCELLED, "done", [BACK]),
    (S.PENDING, "lapse", S.LAPSED, "done", [BACK]),
    *(
        (state, act, state, "nothing" if act == "lapse" else "CONFLICT", [])
        for state in (S.CONFIRMED, S.REFUSED, S.LAPSED, S.CANCELLED)
        for act in ACTS
    ),
]


@pytest.mark.parametrize(("was", "act", "becomes", "answer", "entries"), TABLE)
def test_every_act_in_every_state(
    counter: Counter,
    was: RequestState,
    act: str,
    becomes: RequestState,
    answer: str,
    entries: list[str],
) -> None:
    WAYS[was](counter)
    counter.just = []
    assert _told(lambda: ACTS[act](counter)) == answer
    assert counter.row.state is becomes
    assert counter.booked == entries


def _told(act: Callable[[], object]) -> str:
    try:
        return "nothing" if act() is False else "done"
    except Refusal as refusal:
        return refusal.code


@pytest.mark.parametrize("was", [None, *RequestState])
@pytest.mark.parametrize("happening", Happening)
def test_what_is_not_in_the_table_cannot_happen(
    was: RequestState | None, happening: Happening
) -> None:
    if (was, happening) in MOVES:
        assert require_move(was, happening) is MOVES[was, happening]
    else:
        with pytest.raises(Conflict) as refusal:
            require_move(was, happening)
        assert refusal.value.facts == {"state": was}


# Asking


def test_the_amount_and_the_fee_are_set_aside() -> None:
    counter = Counter()
    request = counter.request()
    assert counter.booked == ["2010 3060 | 2030 3060"]
    assert counter.kinds == ["cash_out.requested"]
    assert counter.last.payload == {
        "user": counter.ana.user_id,
        "wallet": counter.ana.wallet_id,
        "agent": counter.agent.agent_id,
        "state": S.PENDING,
        "amount": 300_000,
        "fee": 6_000,
        "commission": 3_000,
        "tariffEdition": 1,
        "expiresAt": request.expires_at,
    }


def test_requests_are_limited_by_money_only(counter: Counter) -> None:
    counter.request()
    counter.request()
    assert isinstance(counter.refused(asks(counter.ana, counter.agent, 3_000)), InsufficientFunds)


@pytest.mark.parametrize("escudos", [-5, 0, 50_001])
def test_amounts_outside_the_tariff_are_refused(counter: Counter, escudos: int) -> None:
    assert isinstance(counter.refused(asks(counter.ana, counter.agent, escudos)), LimitExceeded)


def test_an_unknown_agent_is_not_found(counter: Counter) -> None:
    nobody = msgspec.structs.replace(counter.agent, agent_id=uuid7())
    assert isinstance(counter.refused(asks(counter.ana, nobody)), NotFound)


def test_a_closed_agent_is_not_found(counter: Counter) -> None:
    agent = counter.find(Agent.by_id(counter.agent.agent_id))
    closed = msgspec.structs.replace(agent, status="closed")
    counter.rows[closed.keys()[0]] = closed
    assert isinstance(counter.refused(asks(counter.ana, counter.agent)), NotFound)


def test_a_frozen_wallet_asks_for_nothing(counter: Counter) -> None:
    counter.do(SetWalletStatus(user_id=counter.ana.user_id, status=Status.FROZEN))
    assert isinstance(counter.refused(asks(counter.ana, counter.agent)), WalletNotOpen)


def test_only_customers_ask(counter: Counter) -> None:
    nobody = msgspec.structs.replace(counter.ana, user_id=uuid7())
    assert isinstance(counter.refused(asks(nobody, counter.agent)), NotFound)


def test_nobody_who_works_here_asks(counter: Counter) -> None:
    clerk = msgspec.structs.replace(counter.ana, user_id=counter.staff(Role.ACCOUNTANT))
    assert isinstance(counter.refused(asks(clerk, counter.agent)), Forbidden)


# Paying


def test_the_agent_gets_the_amount_and_the_commission(counter: Counter) -> None:
    answer = counter.confirm()
    assert (answer.transaction_id, answer.status) == (counter.id, S.CONFIRMED)
    assert counter.holds(counter.agent.float_id) == 23_030
    assert counter.code_holds("4020") == 60
    assert counter.code_holds("5020") == 30
    assert counter.kinds == ["cash_out.confirmed"]


def test_the_pick_up_code_is_purged_when_it_has_served(counter: Counter) -> None:
    counter.confirm()
    assert counter.row.pickup_digest is None
    assert counter.row.pickup_seal is None


def test_no_event_holds_the_pick_up_code(counter: Counter) -> None:
    counter.confirm()
    written = msgspec.json.encode([event.payload for event in counter.events])
    assert PICKUP not in written


def test_only_the_named_agent_pays_or_refuses(counter: Counter) -> None:
    other = counter.outlet(0).agent_id
    assert isinstance(counter.refused(counter.confirms(by=other)), NotFound)
    assert isinstance(counter.refused(counter.refuses(by=other)), NotFound)
    assert isinstance(counter.refused(counter.confirms(by=uuid7())), NotFound)


def test_the_third_wrong_code_refuses_the_request_and_frees_the_hold(counter: Counter) -> None:
    for left in (2, 1):
        refusal = counter.refused(counter.confirms(WRONG))
        assert isinstance(refusal, InvalidCode)
        assert refusal.facts == {"triesLeft": left}
        assert counter.kinds == ["cash_out.code_tried"]
        assert counter.last.payload["tries"] == 3 - left
    assert isinstance(counter.refused(counter.confirms(WRONG)), InvalidCode)
    assert counter.kinds == ["cash_out.refused"]
    assert counter.last.payload["reason"] == "tries"
    assert counter.booked == [BACK]
    assert isinstance(counter.refused(counter.confirms()), Conflict)


def test_two_wrong_codes_leave_the_right_one_its_chance(counter: Counter) -> None:
    counter.refused(counter.confirms(WRONG))
    counter.refused(counter.confirms(WRONG))
    assert counter.confirm().status is S.CONFIRMED


@pytest.mark.parametrize("act", ["confirm", "refuse", "cancel"])
def test_what_comes_too_late_is_refused_but_frees_the_hold(counter: Counter, act: str) -> None:
    counter.later(TTL_SECONDS)
    with pytest.raises(CodeExpired):
        ACTS[act](counter)
    assert counter.kinds == ["cash_out.lapsed"]
    assert counter.booked == [BACK]


def test_a_frozen_wallet_is_paid_nothing_and_loses_no_try(counter: Counter) -> None:
    counter.do(SetWalletStatus(user_id=counter.ana.user_id, status=Status.FROZEN))
    assert isinstance(counter.refused(counter.confirms(WRONG)), WalletNotOpen)
    assert counter.row.tries == 0


def test_a_frozen_float_takes_nothing_in(counter: Counter) -> None:
    float_ = counter.find(Account.by_id(counter.agent.float_id))
    frozen = msgspec.structs.replace(float_, status=Status.FROZEN)
    counter.rows[frozen.keys()[0]] = frozen
    assert isinstance(counter.refused(counter.confirms()), WalletNotOpen)


def test_a_freeze_does_not_keep_the_money_held(counter: Counter) -> None:
    counter.do(SetWalletStatus(user_id=counter.ana.user_id, status=Status.FROZEN))
    assert counter.later(TTL_SECONDS).lapse()
    assert counter.booked == [BACK]


def test_a_refusal_tells_its_reason(counter: Counter) -> None:
    counter.do(counter.refuses())
    assert counter.last.payload["reason"] == "no cash"


def test_nobody_cancels_what_is_not_theirs(counter: Counter) -> None:
    rui = counter.customer("rui", 0)
    stranger = msgspec.structs.replace(counter.cancels(), user_id=rui.user_id)
    assert isinstance(counter.refused(stranger), NotFound)


def test_the_job_leaves_alone_what_has_time(counter: Counter) -> None:
    assert not counter.later(TTL_SECONDS - 1).lapse()


def test_a_job_that_names_nothing_is_told_so(counter: Counter) -> None:
    assert isinstance(counter.refused(LapseCashOut(transaction_id=uuid7())), NotFound)
