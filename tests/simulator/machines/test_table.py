"""Every machine has a handler for every event, and says everything in two languages."""

from __future__ import annotations

from string import Formatter
from types import ModuleType
from typing import get_args

import pytest

from simulator.machines import (
    agent,
    agent_steps,
    atm,
    atm_steps,
    dialogue,
    phone,
    phone_steps,
    receipt,
    switch,
    switch_steps,
)
from simulator.machines.table import Table
from simulator.words import Text

TABLES = {
    agent: agent_steps.TABLE,
    atm: atm_steps.TABLE,
    phone: phone_steps.TABLE,
    switch: switch_steps.TABLE,
}
NAMES = [module.__name__ for module in TABLES]
SPEAKING = (agent, atm, dialogue, phone, receipt)


def texts(module: ModuleType) -> list[Text]:
    """All that a module can say, also what stands in tables."""
    said = [each for each in vars(module).values() if isinstance(each, Text)]
    tables = [each for each in vars(module).values() if isinstance(each, dict)]
    return said + [each for table in tables for each in table.values() if isinstance(each, Text)]


def names(words: str) -> set[str]:
    """What has to be filled in."""
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None}


@pytest.mark.parametrize(("machine", "table"), TABLES.items(), ids=NAMES)
def test_every_event_has_a_handler(machine: ModuleType, table: Table) -> None:
    assert set(table) == set(get_args(machine.Event))


@pytest.mark.parametrize("module", SPEAKING, ids=lambda module: module.__name__)
def test_both_languages_say_the_same_values(module: ModuleType) -> None:
    said = texts(module)
    assert said
    for text in said:
        assert names(text.pt) == names(text.en), text
        assert text.pt.strip(), text
        assert text.en.strip(), text
