"""Counter truth: the cash of tills is compared with the journal, movement by movement."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from simulator.contract import Entry
from simulator.counter_truth import compare
from tests.simulator.journal import entry

IN, OUT, ELSE = UUID(int=1), UUID(int=2), UUID(int=3)


def cashed_in(amount: int) -> Entry:
    return entry(
        of=IN, debit={"2020": amount, "5010": 25}, credit={"2010": amount, "2020": Decimal(25)}
    )


def cashed_out(amount: int) -> Entry:
    return entry(
        of=OUT, debit={"2030": amount + 60, "5020": 30}, credit={"2020": amount + 30, "4020": 60}
    )


def test_what_came_in_and_went_out_is_in_the_journal() -> None:
    cash = {IN: Decimal(5000), OUT: Decimal(-3000)}
    found = compare(cash, [cashed_in(5000), cashed_out(3000)])
    assert (found.movements, found.difference) == (2, Decimal(0))
    assert not found.wrong


def test_other_entries_are_of_no_concern() -> None:
    held = entry(of=OUT, debit={"2010": 3060}, credit={"2030": 3060})
    sent = entry(of=ELSE, debit={"2010": 1010}, credit={"2010": 1000, "4030": 10})
    assert compare({}, [held, sent]).difference == 0


def test_cash_that_is_not_in_the_journal_is_a_difference() -> None:
    found = compare({IN: Decimal(5000)}, [])
    assert found.difference == 5000
    assert str(IN) in found.wrong[0]


def test_an_entry_without_cash_is_a_difference() -> None:
    assert compare({}, [cashed_in(5000), cashed_out(3000)]).difference == 8000


def test_another_amount_is_a_difference() -> None:
    assert compare({OUT: Decimal(-3000)}, [cashed_out(2000)]).difference == 1000
