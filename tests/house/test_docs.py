"""What the documents say of the code is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from commands.switch.trace import Response
from ledger.errors import every_refusal
from server.errors import MethodNotAllowed

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *ROOT.glob("benchmarks/*.md")]
ERRORS = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def test_every_error_is_documented_with_its_status_and_sentence() -> None:
    documented = set(re.findall(r"^\| (\d{3}) \| `([A-Z_]+)` \| (.+?) \|", ERRORS, re.MULTILINE))
    refusals = {(str(each.status), each.code, each.sentence()) for each in every_refusal()}
    assert MethodNotAllowed.code in {code for _, code, _ in refusals}  # the edge's own count too
    assert documented == refusals


def test_every_response_code_of_the_switch_is_documented() -> None:
    assert set(re.findall(r"^\| `(\w\w)` \|", ERRORS, re.MULTILINE)) == set(Response)


def test_the_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_every_test_that_the_security_pages_name_exists() -> None:
    written = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("tests/**/test_*.py"))
    )
    known = set(re.findall(r"def (test_\w+)", written))
    for page in sorted(ROOT.glob("docs/security/*.md")):
        named = set(re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8")))
        assert named - known == set(), page.name
