"""What must be true at the end of a scenario, and is seen when it is not."""

from __future__ import annotations

from decimal import Decimal

from simulator.cash_truth import CashTruth
from simulator.scenarios import checks
from simulator.scenarios.script import Posting
from tests.simulator.journal import entry

HELD = Posting(debit={2010: 2025}, credit={2030: 2025})
CAPTURED = Posting(debit={2030: 2025}, credit={2100: 2000, 4010: 25})


def test_the_entries_that_are_meant_hold() -> None:
    found = (
        entry(debit={"2010": 2025}, credit={"2030": 2025}),
        entry(debit={"2030": 2025}, credit={"4010": 25, "2100": 2000}),
    )
    assert checks.journal("it", (HELD, CAPTURED), found).held


def test_one_entry_too_many_is_seen() -> None:
    once = entry(debit={"2010": 2025}, credit={"2030": 2025})
    check = checks.journal("it", (HELD,), (once, once))
    assert not check.held
    assert "has debit 2010 2.025$00, credit 2030 2.025$00; debit" in check.text.en


def test_a_leg_on_another_account_is_seen() -> None:
    wrong = entry(debit={"2010": 2025}, credit={"2040": 2025})
    assert not checks.journal("it", (HELD,), (wrong,)).held


def test_a_movement_that_is_not_in_the_journal_is_seen() -> None:
    assert not checks.journal("it", (HELD,), ()).held


def test_legs_of_one_account_are_added_up() -> None:
    sent = entry(debit={"2010": 1010}, credit={"2010": 1000, "4030": 10})
    assert checks.posted(sent) == Posting(debit={2010: 1010}, credit={2010: 1000, 4030: 10})


def test_a_difference_in_cash_and_in_a_wallet_is_seen() -> None:
    assert checks.cash("ATM1", 2000, 2000).held
    assert not checks.cash("ATM1", 2000, 1000).held
    assert not checks.wallet("Ana", -2025, 0).held


def test_cash_that_differs_or_is_in_doubt_is_not_the_truth() -> None:
    exact = CashTruth(
        operations=1, paid=1, owed=Decimal(1), difference=Decimal(0), in_doubt=0, wrong=()
    )
    assert checks.truth(exact).held
    doubtful = CashTruth(
        operations=1, paid=0, owed=Decimal(0), difference=Decimal(0), in_doubt=1, wrong=()
    )
    assert not checks.truth(doubtful).held
