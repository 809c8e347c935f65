"""Machines are pure: they could not reach a clock, a network or dice if they wanted to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator import machines

MODULES = sorted(Path(machines.__path__[0]).glob("*.py"))
ALLOWED = {
    "__future__", "collections.abc", "datetime", "decimal", "enum", "functools", "random", "typing",
    "uuid", "msgspec", "msgspec.structs", "simulator.contract", "simulator.words",
}  # fmt: skip


def imported(tree: ast.Module) -> Iterator[str]:
    """The modules that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_machine_imports_nothing_that_acts(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {name for name in imported(tree) if not f"{name}.".startswith("simulator.machines.")}
    assert names <= ALLOWED


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_machine_is_told_the_time_and_never_asks(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    asked = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not asked & {"now", "utcnow", "today", "seed"}
