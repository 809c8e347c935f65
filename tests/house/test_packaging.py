"""What is installed is what was locked, from any index."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("*.lock"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert not re.search(r"://|--(extra-)?index-url|--find-links|@ ", text)


def test_every_pinned_package_has_a_hash() -> None:
    for lock in LOCKS:
        pins = re.findall(r"^\S+==\S+.*\\$", lock.read_text(encoding="utf-8"), re.MULTILINE)
        names = re.findall(r"^[a-z]\S*", lock.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(pins) == len(names)


@pytest.mark.parametrize("package", ["ledger", "commands", "queries", "server", "simulator"])
def test_our_packages_are_ours(package: str) -> None:
    # An index has a package `queries` too: it must never be the one that is imported.
    module = importlib.import_module(package)
    assert Path(str(module.__file__)).parent == ROOT / package
