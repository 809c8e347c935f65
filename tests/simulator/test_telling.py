"""How the story is told, and that what is not true is never told as true."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from rich.console import Console

from simulator.bookkeeping import Legs, atm_fee, captured, held, legs_of, owed_to_switch, written
from simulator.contract import Entry, Line
from simulator.telling import Teller
from simulator.words import escudos, masked, notes

HOLD = Entry(
    number=2026000000000017,
    written="2026/17",
    kind="withdrawal.requested",
    transaction_id=UUID(int=1),
    booking_date=date(2026, 11, 23),
    value_date=date(2026, 11, 23),
    reverses=None,
    lines=(
        Line(code="2010", name="E-money: customers", direction="debit", amount=Decimal(2025)),
        Line(code="2030", name="E-money: held", direction="credit", amount=Decimal(2025)),
    ),
)


def told(out: io.StringIO) -> Teller:
    """A teller who writes there."""
    return Teller(out)


def test_in_a_pipe_lines_are_plain_and_not_cut() -> None:
    out = io.StringIO()
    teller = told(out)
    teller.entry(HOLD)
    teller.screen("telemóvel", "x" * 200)
    teller.expect("something", 1, 1)
    assert "\x1b" not in out.getvalue()
    assert "x" * 200 in out.getvalue()


def test_on_a_terminal_there_is_colour() -> None:
    out = io.StringIO()
    Teller(Console(file=out, force_terminal=True, color_system="standard")).expect("it", 1, 1)
    assert "\x1b[" in out.getvalue()


def test_an_entry_is_told_with_sides_codes_names_and_amounts() -> None:
    out = io.StringIO()
    told(out).entry(HOLD)
    first, debit, credit = (line.split() for line in out.getvalue().splitlines())
    assert first == ["entry", "2026/17", "·", "withdrawal.requested"]
    assert debit == ["debit", "2010", "E-money:", "customers", "2.025$00"]
    assert credit == ["credit", "2030", "E-money:", "held", "2.025$00"]


def test_what_holds_is_counted_and_what_does_not_is_named() -> None:
    out = io.StringIO()
    teller = told(out)
    teller.expect("balance", 5, 5)
    assert (teller.held, teller.checked) == (True, 1)
    teller.expect("balance", 6, 5)
    assert (teller.held, teller.checked) == (False, 1)
    assert "✗ balance: must be 5, is 6" in out.getvalue()
    teller.expect("balance", 5, 5)
    teller.end()
    assert not teller.held, "later truths do not heal it"
    assert "did not go as it should" in out.getvalue()


async def test_the_pace_is_kept_after_each_thing_that_happens() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    for pace_seconds in (0.0, 1.5):
        await Teller(io.StringIO(), pace_seconds, sleep).say("something")
    assert slept == [1.5]


@pytest.mark.parametrize(
    ("meant", "same"),
    [
        (held(2_025), True),
        (tuple(reversed(held(2_025))), True),
        (held(2_024), False),
        (captured(2_025, 2_000, 25), False),
        ((), False),
    ],
)
def test_entries_are_compared_leg_by_leg_in_any_order(meant: Legs, same: bool) -> None:
    assert (written(legs_of(HOLD)) == written(meant)) is same


@pytest.mark.parametrize(
    "legs", [held(2_025), captured(2_025, 2_000, 25), captured(10_050, 5_000, 25)]
)
def test_what_must_stand_in_the_journal_balances(legs: Legs) -> None:
    signed = (leg.amount if leg.direction == "debit" else -leg.amount for leg in legs)
    assert sum(signed) == 0


def test_what_is_owed_to_the_switch_goes_up_and_down() -> None:
    assert owed_to_switch(HOLD) == 0
    paid, taken_back = (
        Line(code="2100", name="", direction=side, amount=Decimal(2000))
        for side in ("credit", "debit")
    )
    entry = {name: getattr(HOLD, name) for name in Entry.__struct_fields__}
    assert owed_to_switch(Entry(**{**entry, "lines": (paid,)})) == 2_000
    assert owed_to_switch(Entry(**{**entry, "lines": (taken_back,)})) == -2_000


@pytest.mark.parametrize(("amount", "fee"), [(200, 25), (5_000, 25), (5_200, 50), (20_000, 80)])
def test_fees_go_by_bands(amount: int, fee: int) -> None:
    assert atm_fee(amount) == fee


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (5_000, "5.000$00"),
        (Decimal("1234567.5"), "1.234.567$50"),
        (0, "0$00"),
        (Decimal(-25), "-25$00"),
    ],
)
def test_amounts_are_written_as_in_cape_verde(amount: Decimal | int, text: str) -> None:
    assert escudos(amount) == text


def test_notes_and_numbers_for_people() -> None:
    assert notes({200: 3, 5_000: 1, 500: 0}) == "1 × 5000 + 3 × 200"
    assert masked("+2389912345").endswith("•45")
