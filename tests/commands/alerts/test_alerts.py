"""Alerts: once a crossing, with a gap between raising and clearing, by dated levels."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from uuid_utils.compat import uuid7

from commands.alerts.alert import Alert
from commands.alerts.judge import Crossing, JudgeAlerts, Measure
from commands.alerts.levels import BEGINNING, UNITS, AlertName, Level
from commands.alerts.set_levels import SetAlertLevels
from commands.approval.approve import Approve
from commands.approval.proposal import ProposalStatus
from commands.approval.propose import Propose
from commands.identity.person import Role
from ledger.errors import InvalidRequest
from tests.commands.town import MORNING, Town

NAME = AlertName.IN_DOUBT_COUNT
HIGH, LOW = BEGINNING[NAME].raise_at, BEGINNING[NAME].clear_at


@pytest.fixture
def town() -> Town:
    return Town()


def measure(town: Town, value: int, position: int = 1) -> tuple[Crossing, ...]:
    command = JudgeAlerts(measures=(Measure(NAME, value),), position=position)
    return town.do(command).crossings


def test_it_is_raised_at_its_level_and_told_once(town: Town) -> None:
    assert measure(town, HIGH - 1) == ()
    assert measure(town, HIGH) == (Crossing(NAME, True, HIGH, HIGH),)
    assert town.kinds == ["alert.raised"]
    assert measure(town, HIGH + 100) == ()
    assert town.kinds == []


def test_what_trembles_around_the_level_is_told_once(town: Town) -> None:
    told = [measure(town, value) for value in (HIGH, HIGH - 1, HIGH, LOW + 1, HIGH)]
    assert [bool(each) for each in told] == [True, False, False, False, False]


def test_it_is_cleared_at_the_lower_level_and_may_be_raised_again(town: Town) -> None:
    measure(town, HIGH)
    assert measure(town, LOW) == (Crossing(NAME, False, LOW, LOW),)
    assert town.kinds == ["alert.cleared"]
    assert len(measure(town, HIGH)) == 1


def test_an_older_measure_says_nothing_against_a_newer_one(town: Town) -> None:
    measure(town, HIGH, position=7)
    assert measure(town, LOW, position=6) == ()
    assert town.find(Alert.of(NAME)).raised
    assert len(measure(town, LOW, position=8)) == 1


def test_each_measure_is_judged_by_its_own_level(town: Town) -> None:
    measures = tuple(Measure(name, level.raise_at) for name, level in BEGINNING.items())
    crossings = town.do(JudgeAlerts(measures=measures, position=1)).crossings
    assert {crossing.name for crossing in crossings} == set(AlertName)


def test_what_is_told_has_a_unit_and_no_person(town: Town) -> None:
    measure(town, HIGH)
    assert town.last.payload == {
        "name": NAME,
        "about": None,
        "value": HIGH,
        "level": HIGH,
        "unit": "count",
    }


def test_the_documented_levels_are_those_with_which_an_installation_begins() -> None:
    page = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text(encoding="utf-8")
    row = re.compile(r"^\| `(\w+)` \| .+ \| (\w+) \| ([\d,]+) \| ([\d,]+) \|$", re.MULTILINE)
    documented = {
        name: (unit, int(high.replace(",", "")), int(low.replace(",", "")))
        for name, unit, high, low in row.findall(page)
    }
    assert documented == {
        name: (UNITS.get(name, "count"), level.raise_at, level.clear_at)
        for name, level in BEGINNING.items()
    }


def test_a_level_that_never_clears_cannot_be_built() -> None:
    with pytest.raises(AssertionError):
        Level(MORNING, raise_at=5, clear_at=5)


# -- levels by two people ------------------------------------------------------------------------


def set_levels(**changes: object) -> SetAlertLevels:
    given = {
        "name": NAME,
        "raise_at": 3,
        "clear_at": 1,
        "valid_from": MORNING + timedelta(hours=1),
    }
    return SetAlertLevels(**{**given, **changes})  # type: ignore[arg-type]


def test_levels_count_from_their_day_on(town: Town) -> None:
    proposed = _propose(town, set_levels())
    checker = town.staff(Role.ACCOUNTANT)
    town.do(
        Approve(
            proposal_id=proposed.proposal_id,
            checker_id=checker,
            content_hash=proposed.content_hash,
        )
    )
    assert measure(town, 3) == ()
    assert len(measure(town.later(3_601), 3)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"clear_at": 3},
        {"clear_at": -1},
        {"raise_at": 10**16},
        {"name": AlertName.WEBHOOK_DISABLED},
        {"valid_from": MORNING.replace(tzinfo=None)},
    ],
)
def test_levels_that_make_no_sense_are_refused_when_proposed(
    town: Town, changes: dict[str, object]
) -> None:
    with pytest.raises(InvalidRequest):
        _propose(town, set_levels(**changes))


def _propose(town: Town, change: SetAlertLevels) -> ProposalStatus:
    return town.do(
        Propose(
            proposal_id=uuid7(),
            maker_id=town.staff(Role.OPERATOR),
            change=change,
            ttl_seconds=3_600,
        )
    )
