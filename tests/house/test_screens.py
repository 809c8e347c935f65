"""The simulator's core does not know that there are screens."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SIMULATOR = Path(__file__).parents[2] / "simulator"
ON_SCREEN = (SIMULATOR / "app.py", *(SIMULATOR / "screens").rglob("*.py"))
OTHERS = [each for each in sorted(SIMULATOR.rglob("*.py")) if each not in ON_SCREEN]


def packages(source: str) -> Iterator[str]:
    """The packages that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module.partition(".")[0]


def test_only_app_and_screens_import_textual() -> None:
    found = [each for each in OTHERS if "textual" in packages(each.read_text(encoding="utf-8"))]
    assert found == []


def test_an_import_of_textual_would_be_seen() -> None:
    for source in (
        "import textual.app",
        "from textual.app import App",
        "def f():\n import textual",
    ):
        assert "textual" in packages(source)
    assert any("textual" in packages(each.read_text(encoding="utf-8")) for each in ON_SCREEN)
