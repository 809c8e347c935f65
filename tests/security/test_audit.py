"""Each rule of the audit has a fault that it must catch; that it does, `make audit` sees first."""

from __future__ import annotations

import re

import pytest

from tests.security.audit import PLANTED, Part, Verdict, as_page, require_caught, rule_ids


def test_every_rule_has_a_planted_fault_and_every_fault_a_rule() -> None:
    planted = re.findall(r"^def (\w+)", PLANTED.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name.replace("_", "-") for name in planted} == rule_ids()


def test_a_tool_that_misses_a_planted_fault_ends_the_audit() -> None:
    require_caught(set())
    with pytest.raises(RuntimeError, match="a-shell"):
        require_caught({"a-shell"})


def test_what_was_not_checked_does_not_read_as_if_it_were() -> None:
    page = as_page(
        [Part("TLS", Verdict.NOT_CHECKED, ("no tool",)), Part("Bandit", Verdict.FOUND, ("x:1",))]
    )
    assert "| TLS | not checked |" in page
    assert "| Bandit | FOUND |" in page
    assert "- x:1" in page
