"""Two codes, two machines and up to three faults: every order of events, all of it."""

from __future__ import annotations

import pytest

from tests.simulation.core import Broke
from tests.simulation.planted import PLANTS
from tests.simulation.small_scope import FAULTS_MAX, explore


def test_nothing_breaks_in_small_scope() -> None:
    found = explore(FAULTS_MAX)

    assert found.states > 100_000
    assert found.ends > 1_000


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("What was approved can be cancelled", 0),
        ("What is in doubt releases itself", 0),
        ("A repeated question is decided anew", 1),
        ("A reversal that comes first is forgotten", 2),
    ],
)
def test_small_scope_finds_planted_bugs(name: str, faults: int) -> None:
    [bug] = [plant for plant in PLANTS if plant.name == name]
    with bug.planted(), pytest.raises(Broke):
        explore(faults)
