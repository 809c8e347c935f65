"""The simulation has eyes: every planted bug is caught, and the documentation tells of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.planted import PLANTS, Plant, catch, truth

DOCS = Path(__file__).parents[2] / "docs" / "simulation.md"
HEADING = "| Planted bug | Runs into |"
PLANTS_MIN = 20


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_bug_is_caught(plant: Plant) -> None:
    report = catch(plant)

    assert report is not None, plant.name
    assert truth(report) in DOCS.read_text()


def test_the_documentation_tells_of_every_planted_bug() -> None:
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith("| ")]
    told = [row.strip("| ").split(" | ") for row in rows[rows.index(HEADING) + 1 :]]

    assert len(PLANTS) >= PLANTS_MIN
    assert [name for name, _ in told] == [plant.name for plant in PLANTS]
    assert all(caught != "nothing" for _, caught in told)
