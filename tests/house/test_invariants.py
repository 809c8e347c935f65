"""docs/invariants.md names every rule of the schema, every truth that is proven, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from queries.check import rules
from queries.check.checkpoints import AsSigned
from queries.check.run import TRUTHS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"`([^`\n]+)`", PAGE)
ROWS = re.findall(r"^\| (I\d+) \| (.+) \|$", PAGE, re.MULTILINE)

RAISED = {
    name
    for body in rules.bodies().values()
    for pair in re.findall(r"break_rule\(\s*'(\w+)'|CONSTRAINT = '(\w+)'", body)
    for name in pair
    if name
}
NAMES = {*rules.constraints(), *RAISED, *(trigger.name for trigger in rules.TRIGGERS)}


def test_every_rule_of_the_schema_is_named() -> None:
    assert NAMES - set(QUOTED) == set()


def test_no_rule_is_named_that_does_not_exist() -> None:
    sentences = {name for name in QUOTED if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+){3,}", name)}
    assert sentences - NAMES == set()


def test_every_truth_has_its_row_and_its_number() -> None:
    assert [number for number, _ in ROWS] == [f"I{number}" for number in range(1, 30)]


def test_exactly_the_truths_that_are_proven_are_marked() -> None:
    marked = {number for number, row in ROWS if row.endswith("●")}
    assert marked == {*(truth.CODE for truth in TRUTHS), AsSigned.CODE}


def test_every_test_that_is_named_exists() -> None:
    for path in QUOTED:
        if path.startswith("tests/"):
            assert (ROOT / path).exists(), path


def test_every_source_that_is_named_exists() -> None:
    for path in re.findall(r"`((?:ledger|commands|queries|server)/[\w/]+\.\w+)`", PAGE):
        assert (ROOT / path).exists(), path
