"""The note solver against brute force, and against what is known of escudos."""

from __future__ import annotations

import itertools

import pytest

from simulator.machines.notes import BUNDLE_MAX, DENOMINATIONS, Notes, fewest, less, nearest, total

PLENTY = dict.fromkeys(DENOMINATIONS, 2_000)


def smallest_bundles(stock: Notes) -> dict[int, int]:
    """How many notes each payable amount takes at least: every bundle is tried."""
    sizes: dict[int, int] = {}
    for counts in itertools.product(*(range(stock[note] + 1) for note in DENOMINATIONS)):
        bundle = dict(zip(DENOMINATIONS, counts, strict=True))
        sizes[total(bundle)] = min(sum(counts), sizes.get(total(bundle), BUNDLE_MAX))
    return sizes


def greedy(amount: int) -> bool:
    """Whether taking the largest note that fits, again and again, makes the amount."""
    for note in DENOMINATIONS:
        amount %= note
    return amount == 0


def test_every_small_machine_pays_exactly_what_it_can_with_the_fewest_notes() -> None:
    for counts in itertools.product(range(3), repeat=len(DENOMINATIONS)):
        stock = dict(zip(DENOMINATIONS, counts, strict=True))
        sizes = smallest_bundles(stock)
        for amount in range(100, total(stock) + 200, 300):
            bundle = fewest(amount, stock)
            assert (bundle is not None) == (amount in sizes), (amount, stock)
            if bundle is not None:
                assert total(bundle) == amount
                assert sum(bundle.values()) == sizes[amount]
                assert all(count >= 0 for count in less(stock, bundle).values())


def test_a_full_machine_pays_every_number_of_hundreds_but_two() -> None:
    unpayable = [each for each in range(100, 20_001, 100) if fewest(each, PLENTY) is None]
    assert unpayable == [100, 300]


def test_greedy_choice_would_fail_on_78_payable_amounts() -> None:
    amounts = range(100, 20_001, 100)
    missed = [each for each in amounts if fewest(each, PLENTY) and not greedy(each)]
    assert len(missed) == 78
    assert missed[:4] == [600, 800, 1_100, 1_300]


@pytest.mark.parametrize("amount", [-200, 0, 50, 199, 250, 200_200, 10**9])
def test_what_no_notes_make_is_not_paid(amount: int) -> None:
    assert fewest(amount, PLENTY) is None


def test_a_bundle_has_no_more_notes_than_the_dispenser_can_hand_out() -> None:
    assert fewest(BUNDLE_MAX * 200, {200: 100}) == {200: BUNDLE_MAX}
    assert fewest((BUNDLE_MAX + 1) * 200, {200: 100}) is None


@pytest.mark.parametrize(
    ("amount", "stock", "offered"),
    [
        (300, PLENTY, (200, 400)),
        (1_000, {5_000: 20}, (5_000,)),
        (7_000, {5_000: 1}, (5_000,)),
        (7_000, {5_000: 20}, (5_000, 10_000)),
        (10**9, {200: 3, 500: 1}, (1_100,)),
        (200, {}, ()),
    ],
)
def test_what_can_be_paid_instead(amount: int, stock: Notes, offered: tuple[int, ...]) -> None:
    assert nearest(amount, stock) == offered


def test_no_note_leaves_a_cassette_that_has_none() -> None:
    with pytest.raises(AssertionError):
        less({200: 1}, {200: 2})
