"""Tills: counted, opened, worked at and closed; the cash book always adds up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from commands.agent.cash_in import CashIn
from commands.agent.till import Till
from commands.agent.work_a_till import CloseTill, EnrolTill, MoveTillCash, OpenTill
from ledger.errors import Conflict, InvalidRequest, NotFound, Refusal, TillNotReady
from ledger.money import Money
from tests.commands.agent.counter import Counter


class Shop(Counter):
    """A counter with a till, two operators, and Ana."""

    def __init__(self, **enrolment: Any) -> None:
        super().__init__()
        self.agent = self.outlet(50_000, **enrolment)
        self.rosa, self.joao = uuid7(), uuid7()
        self.till_id = self.enrol("Caixa 1")

    def enrol(self, name: str) -> UUID:
        till_id = uuid7()
        self.do(EnrolTill(till_id=till_id, agent_id=self.agent.agent_id, name=name))
        return till_id

    @property
    def till(self) -> Till:
        found: Till = self.find(Till.by_id(self.till_id))
        return found

    def opens(self, escudos: int, by: UUID | None = None, till: UUID | None = None) -> OpenTill:
        return OpenTill(
            till_id=till or self.till_id,
            agent_id=self.agent.agent_id,
            operator_id=by or self.rosa,
            counted=Money.of(escudos),
        )

    def closes(self, escudos: int, by: UUID | None = None) -> CloseTill:
        return CloseTill(
            till_id=self.till_id,
            agent_id=self.agent.agent_id,
            closed_by=by or self.rosa,
            counted=Money.of(escudos),
        )

    def moves(self, escudos: int, by: UUID | None = None) -> MoveTillCash:
        return MoveTillCash(
            till_id=self.till_id,
            agent_id=self.agent.agent_id,
            operator_id=by or self.rosa,
            amount_minor=escudos * 100,
            reason="from the safe",
        )

    def pays_in(self, escudos: int, by: UUID | None = None) -> CashIn:
        return CashIn(
            transaction_id=uuid7(),
            agent_id=self.agent.agent_id,
            user_id=self.ana.user_id,
            amount=Money.of(escudos),
            operator_id=by or self.rosa,
        )

    def pays_out(self) -> Any:
        return msgspec.structs.replace(self.confirms(), operator_id=self.rosa)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_days_cash_ends_as_it_was_counted(shop: Shop) -> None:
    shop.do(shop.opens(0))
    shop.do(shop.moves(10_000))
    shop.do(shop.pays_in(5_000))
    shop.request()
    shop.do(shop.pays_out())
    closed = shop.do(shop.closes(12_000))
    assert (closed.state, closed.difference) == ("closed", Money(0))
    assert (shop.till.taken, shop.till.paid, shop.till.brought) == (500_000, 300_000, 1_000_000)
    assert shop.till.operator_id is None


@pytest.mark.parametrize(("counted", "difference"), [(4_990, -10), (5_001, 1)])
def test_a_difference_is_booked_and_told(shop: Shop, counted: int, difference: int) -> None:
    shop.do(shop.opens(0))
    shop.do(shop.pays_in(5_000))
    closed = shop.do(shop.closes(counted))
    assert closed.difference == Money(difference * 100)
    assert shop.last.kind == "till.closed"
    assert shop.last.payload["difference"] == difference * 100
    assert (shop.till.cash, shop.till.differences) == (counted * 100, difference * 100)
    assert shop.booked == []  # the cash is the principal's: no account of ours has it


def test_what_was_counted_in_the_morning_shows_what_the_night_has_done(shop: Shop) -> None:
    shop.do(shop.opens(0))
    shop.do(shop.moves(1_000))
    shop.do(shop.closes(1_000))
    assert shop.do(shop.opens(900)).difference == Money(-10_000)


def test_what_goes_over_the_counter_names_its_till(shop: Shop) -> None:
    shop.do(shop.opens(0))
    shop.do(shop.pays_in(5_000))
    assert shop.just[0].payload["till"] == shop.till_id
    shop.do(shop.pays_in(1_000, by=shop.joao))
    assert shop.just[0].payload["till"] is None
    assert shop.till.cash == 500_000


def test_where_tills_are_required_nothing_goes_past_them() -> None:
    shop = Shop(tills_required=True)
    shop.request()
    assert isinstance(shop.refused(shop.pays_in(100)), TillNotReady)
    assert isinstance(shop.refused(shop.pays_out()), TillNotReady)
    shop.do(shop.opens(3_000))
    shop.do(shop.pays_in(100))
    shop.do(shop.pays_out())


def test_a_drawer_gives_no_more_than_lies_in_it(shop: Shop) -> None:
    shop.do(shop.opens(2_999))
    shop.request()
    assert isinstance(shop.refused(shop.pays_out()), TillNotReady)
    assert isinstance(shop.refused(shop.moves(-3_000)), TillNotReady)
    shop.do(shop.moves(1))
    shop.do(shop.pays_out())
    assert shop.till.cash == 0


def test_a_till_is_opened_once_and_by_one_who_has_no_other(shop: Shop) -> None:
    other = shop.enrol("Caixa 2")
    shop.do(shop.opens(0))
    assert isinstance(shop.refused(shop.opens(0, by=shop.joao)), Conflict)
    assert isinstance(shop.refused(shop.opens(0, till=other)), Conflict)
    shop.do(shop.closes(0))
    shop.do(shop.opens(0, till=other))


def test_a_colleague_may_close_a_till_but_not_reach_into_it(shop: Shop) -> None:
    shop.do(shop.opens(0))
    assert isinstance(shop.refused(shop.moves(10, by=shop.joao)), TillNotReady)
    shop.do(shop.closes(0, by=shop.joao))
    assert shop.last.payload["by"] == shop.joao


def test_a_closed_till_is_not_worked_at(shop: Shop) -> None:
    for command in (shop.closes(0), shop.moves(1)):
        assert isinstance(shop.refused(command), Conflict)


def test_nobody_touches_another_counters_till(shop: Shop) -> None:
    shop.do(shop.opens(0))
    elsewhere = shop.outlet(0).agent_id
    for command in (shop.opens(0), shop.closes(0), shop.moves(1)):
        stranger = msgspec.structs.replace(command, agent_id=elsewhere)
        assert isinstance(shop.refused(stranger), NotFound)


def test_a_till_is_enrolled_once_and_nothing_is_not_moved(shop: Shop) -> None:
    again = EnrolTill(till_id=shop.till_id, agent_id=shop.agent.agent_id, name="again")
    assert isinstance(shop.refused(again), Conflict)
    shop.do(shop.opens(0))
    assert isinstance(shop.refused(shop.moves(0)), InvalidRequest)


@given(st.lists(st.tuples(st.sampled_from(["open", "close", "move", "in"]), st.integers(-50, 99))))
def test_the_cash_book_adds_up_whatever_is_done(acts: list[tuple[str, int]]) -> None:
    shop = Shop()
    ways: dict[str, Any] = {
        "open": lambda n: shop.opens(abs(n)),
        "close": lambda n: shop.closes(abs(n)),
        "move": shop.moves,
        "in": lambda n: shop.pays_in(max(1, n)),
    }
    for act, number in acts:
        try:
            shop.do(ways[act](number))
        except Refusal:
            continue
        till = shop.till
        assert till.cash == till.taken - till.paid + till.brought + till.differences >= 0
