"""Reads scenarios. What is wrong in one is said with its file and step."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec
import msgspec.yaml

from simulator.faults import BY_NAME
from simulator.scenarios.script import GoesWrong, Posting, Scenario, Step

STEP = re.compile(r"\$\.steps\[(\d+)\]")
ENDING = ".yaml"


class BadScenario(Exception):
    """A script cannot be played. The sentence names file and place."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source}: {why}")


def scenarios() -> tuple[Scenario, ...]:
    """All that come with the simulator, in the order of their files. Raises BadScenario."""
    found = (each for each in files(__package__).iterdir() if each.name.endswith(ENDING))
    return tuple(_read(each) for each in sorted(found, key=lambda each: each.name))


def read(path: Path) -> Scenario:
    """One of somebody's own. Raises BadScenario."""
    return _read(path)


def _read(source: Traversable) -> Scenario:
    try:
        return parsed(source.name, source.read_bytes())
    except OSError as error:
        raise BadScenario(source.name, error.strerror or "cannot be read") from error


def parsed(source: str, text: bytes) -> Scenario:
    """From the text of a file of this name. Raises BadScenario."""
    try:
        scenario = msgspec.yaml.decode(text, type=Scenario)
    except msgspec.DecodeError as error:  # ValidationError is one too
        raise BadScenario(source, _placed(str(error))) from error
    for why in (*_strangers(scenario), *_unbalanced(scenario), *_unnamed(scenario)):
        raise BadScenario(source, why)
    return scenario


def _placed(sentence: str) -> str:
    """Steps are counted from one by people."""
    lines = " ".join(sentence.split())
    return STEP.sub(lambda found: f"step {int(found[1]) + 1}", lines)


def _strangers(scenario: Scenario) -> list[str]:
    """Names that nobody has."""
    found = [
        f"step {number}: nobody is called {name}"
        for number, step in enumerate(scenario.steps, start=1)
        for name in scenario.names_in(step)
        if name not in scenario.people
    ]
    found += [
        f"step {number}: no fault is called {step.fault}"
        for number, step in enumerate(scenario.steps, start=1)
        if isinstance(step, GoesWrong) and step.fault not in BY_NAME
    ]
    named = (*scenario.cash, *scenario.wallets)
    found += [f"nobody is called {name}" for name in named if name not in scenario.people]
    return found


def _unbalanced(scenario: Scenario) -> list[str]:
    """Entries that could never be in a journal."""
    return [
        f"journal: entry {number} of {called} does not balance"
        for called, entries in scenario.journal.items()
        for number, entry in enumerate(entries, start=1)
        if not _balances(entry)
    ]


def _balances(entry: Posting) -> bool:
    return sum(entry.debit.values()) == sum(entry.credit.values()) > 0


def _made_by(step: Step) -> str | None:
    """The movement that a step makes; what is refused makes none."""
    return None if getattr(step, "refused", None) else getattr(step, "called", None)


def _unnamed(scenario: Scenario) -> list[str]:
    """Movements of which the journal speaks and no step does, and the other way round."""
    steps = {name for each in scenario.steps if (name := _made_by(each))}
    told = set(scenario.journal)
    return [
        *(f"journal: no step makes {each}" for each in sorted(told - steps)),
        *(f"journal: nothing is said of {each}" for each in sorted(steps - told)),
    ]
