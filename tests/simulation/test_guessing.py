"""The drill in small; the whole one is `python -m tests.simulation.guessing`."""

from __future__ import annotations

import pytest

from tests.simulation.guessing import Drill

GUESSES = 8_000


@pytest.mark.parametrize("seed", [1])
def test_guessing_is_worth_no_more_than_chance_and_stops_no_honest_customer(seed: int) -> None:
    report = Drill(seed).run(GUESSES)
    assert report["guesses"] == GUESSES
    assert report["hits"] == 0
    assert report["hits_expected"] <= report["hits_allowed"]
    assert report["honest"] > 100
    assert report["honest_rate"] >= 0.99
