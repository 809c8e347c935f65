"""Mishaps strike as often as they are meant to, and end when they are healed."""

from __future__ import annotations

from simulator.mishaps import Mishap, Mishaps


def test_one_strikes_once_wherever_it_is_met_first() -> None:
    mishap = Mishap("jam")
    assert [mishap.strike(), mishap.strike()] == [True, False]
    assert not mishap.on


def test_a_lasting_one_strikes_until_it_ends() -> None:
    mishap = Mishap("network-down", None)
    assert all(mishap.strike() for _ in range(100))
    mishap.end()
    assert not mishap.strike()


def test_what_was_changed_is_put_right_once_however_it_ends() -> None:
    mended: list[str] = []
    struck = Mishap("a", at_end=lambda: mended.append("struck"))
    struck.strike()
    struck.end()
    ended = Mishap("b", None, at_end=lambda: mended.append("ended"))
    ended.end()
    ended.end()
    assert mended == ["struck", "ended"]


def test_a_fault_is_on_as_long_as_any_of_its_mishaps_is() -> None:
    town = Mishaps()
    first, second = town.begin("reversal-lost"), town.begin("reversal-lost")
    town.begin("jam", None)
    assert town.faults == {"reversal-lost", "jam"}
    first.strike()
    assert "reversal-lost" in town.faults
    second.strike()
    assert town.faults == {"jam"}


def test_one_fault_ends_alone_and_healing_ends_all() -> None:
    town = Mishaps()
    town.begin("jam", None)
    town.begin("network-down", None)
    town.begin("bad-mac")
    town.end("jam")
    assert town.faults == {"network-down", "bad-mac"}
    town.heal()
    assert town.faults == frozenset()
