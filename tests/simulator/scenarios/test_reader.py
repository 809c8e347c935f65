"""Scenarios are read, and what is wrong in one is said with its file and step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.faults import FAULTS
from simulator.scenarios import script
from simulator.scenarios.reader import BadScenario, parsed, read, scenarios
from simulator.scenarios.script import Part

GOOD = """
name: mine
title: {pt: Minha, en: Mine}
about: {pt: …, en: …}
people: {ana: customer, caixa: atm}
steps:
  - {who: ana, does: asks-for-code, amount: 2000}
  - {who: ana, does: uses-machine, at: caixa, hears: "00"}
journal:
  it:
    - {debit: {2010: 2025}, credit: {2030: 2025}}
"""
# What is changed in the good one, and what is said then.
MISTAKES = [
    ("amount: 2000", "amount: much", "step 1.amount"),
    ("amount: 2000", "sum: 2000", "step 1"),
    ("asks-for-code", "asks-for-gold", "step 1.does"),
    ("at: caixa, hears", "at: banco, hears", "step 2: nobody is called banco"),
    ("debit: {2010: 2025}", "debit: {2010: 2024}", "entry 1 of it does not balance"),
    ("  it:", "  that:", "no step makes that"),
    ("ana: customer", "ana: thief", "people"),
    ("name: mine", "nome: mine", "unknown field `nome`"),
    ("people: {", "people: [", "line"),
    ("{who: ana, does: uses-machine, at: caixa", "{does: goes-wrong, fault: fire", "step 2"),
    (
        '{who: ana, does: uses-machine, at: caixa, hears: "00"}',
        "{does: goes-wrong, fault: fire}",
        "step 2: no fault is called fire",
    ),
    ("does: uses-machine", "does: goes-wrong, fault: jam", "step 2"),
]


def test_a_good_one_is_read() -> None:
    scenario = parsed("mine.yaml", GOOD.encode())
    assert scenario.people == {"ana": Part.CUSTOMER, "caixa": Part.ATM}
    assert isinstance(scenario.steps[1], script.UsesMachine)
    assert scenario.journal["it"][0].debit == {2010: 2025}


@pytest.mark.parametrize(("was", "becomes", "said"), MISTAKES)
def test_a_mistake_is_said_with_file_and_place(was: str, becomes: str, said: str) -> None:
    assert was in GOOD
    with pytest.raises(BadScenario, match=r"mine\.yaml: ") as told:
        parsed("mine.yaml", GOOD.replace(was, becomes, 1).encode())
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_a_movement_of_which_the_journal_says_nothing_is_a_mistake() -> None:
    with pytest.raises(BadScenario, match="nothing is said of it"):
        parsed("mine.yaml", GOOD[: GOOD.index("  it:")].replace("journal:", "journal: {}").encode())


def test_what_is_meant_to_be_refused_needs_no_journal() -> None:
    refused = GOOD.replace("amount: 2000", "amount: 2000, refused: LIMIT_EXCEEDED")
    text = refused[: refused.index("  - {who: ana, does: uses")] + "journal: {}\n"
    assert parsed("mine.yaml", text.encode()).journal == {}


def test_one_of_your_own_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD, encoding="utf-8")
    assert read(tmp_path / "mine.yaml").name == "mine"
    with pytest.raises(BadScenario, match=r"yours\.yaml: No such file"):
        read(tmp_path / "yours.yaml")


def test_all_that_come_with_the_simulator_can_be_read_and_have_names_of_their_own() -> None:
    names = [each.name for each in scenarios()]
    assert len(set(names)) == len(names) >= 14


def test_their_files_are_called_like_them() -> None:
    folder = Path(script.__file__).parent
    assert {each.name for each in scenarios()} == {each.stem for each in folder.glob("*.yaml")}


def test_they_are_told_in_two_languages() -> None:
    for scenario in scenarios():
        for text in (scenario.title, scenario.about):
            assert text.pt
            assert text.en
            assert text.pt != text.en


def test_each_fault_has_a_scenario() -> None:
    steps = [step for each in scenarios() for step in each.steps]
    played = {step.fault for step in steps if isinstance(step, script.GoesWrong)}
    # These are typed in scenarios of their own, where it is known whose code it is.
    typed = {"wrong-code", "expired-code", "used-code", "other-phone"}
    names = {each.name for each in scenarios()}
    assert played | (typed & names) == {fault.name for fault in FAULTS}


def test_each_kind_of_step_has_a_scenario() -> None:
    kinds = {type(step) for each in scenarios() for step in each.steps}
    assert kinds == set(script.Step.__args__)


def test_each_kind_of_step_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([a-z-]+)` \| \S", page, re.MULTILINE))
    assert {kind.__struct_config__.tag for kind in script.Step.__args__} <= named
