"""The dispenser pays what it is told to, or exactly what a mishap leaves of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulator.dispenser import Dispenser
from simulator.machines.notes import DENOMINATIONS
from simulator.mishaps import Mishap

BUNDLE = {5_000: 1, 2_000: 2, 200: 3}
bundles = st.dictionaries(st.sampled_from(DENOMINATIONS), st.integers(1, 9), min_size=1)


@given(bundles)
def test_without_a_mishap_all_comes_out(bundle: dict[int, int]) -> None:
    assert Dispenser().pay(bundle) == bundle


@given(bundles, st.integers(0, 50))
def test_a_jam_lets_so_many_notes_out_and_never_others(bundle: dict[int, int], room: int) -> None:
    dispenser = Dispenser()
    dispenser.jam(room)
    out = dispenser.pay(bundle)
    assert sum(out.values()) == min(room, sum(bundle.values()))
    assert all(out[note] <= bundle[note] for note in out)


def test_a_jam_is_over_after_one_payment() -> None:
    dispenser = Dispenser()
    dispenser.jam(1)
    assert dispenser.pay(BUNDLE) == {5_000: 1}
    assert dispenser.pay(BUNDLE) == BUNDLE


def test_two_dispensers_share_a_mishap_and_it_strikes_one() -> None:
    mishap, first, second = Mishap("nothing-dispensed"), Dispenser(), Dispenser()
    first.jam(mishap=mishap)
    second.jam(mishap=mishap)
    assert second.pay(BUNDLE) == {}
    assert first.pay(BUNDLE) == BUNDLE


def test_half_way_waits_for_a_payment_of_several_notes() -> None:
    mishap, dispenser = Mishap("part-dispensed"), Dispenser()
    dispenser.stop_half_way(mishap)
    assert dispenser.pay({1_000: 1}) == {1_000: 1}
    assert mishap.on
    assert dispenser.pay({2_000: 1, 1_000: 1}) == {2_000: 1}
    assert dispenser.pay({2_000: 1, 1_000: 1}) == {2_000: 1, 1_000: 1}


def test_what_is_jammed_for_good_pays_again_when_it_is_healed() -> None:
    dispenser = Dispenser()
    dispenser.jam(mishap=Mishap("jam", None))
    assert [dispenser.pay(BUNDLE) for _ in range(3)] == [{}, {}, {}]
    dispenser.heal()
    assert dispenser.pay(BUNDLE) == BUNDLE
