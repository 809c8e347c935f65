"""Whoever stands before a machine."""

from __future__ import annotations

from simulator.customer import Attitude, Customer
from simulator.mishaps import Mishap


def test_notes_are_taken_at_once_unless_something_is_said() -> None:
    assert Customer().decide() is Attitude.TAKES
    assert Customer(Attitude.WAITS).decide() is Attitude.WAITS


def test_a_customer_walks_away_once() -> None:
    customer = Customer(Attitude.WAITS)
    customer.walk_away()
    assert [customer.decide() for _ in range(2)] == [Attitude.LEAVES, Attitude.WAITS]


def test_a_customer_walks_away_until_it_is_healed() -> None:
    customer = Customer()
    customer.walk_away(Mishap("walk-away", times=None))
    assert [customer.decide() for _ in range(2)] == [Attitude.LEAVES] * 2
    customer.heal()
    assert customer.decide() is Attitude.TAKES
