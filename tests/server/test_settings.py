"""Settings: from the environment and flags, checked, and documented."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from server.settings import BadSetting, Settings, as_table, from_environment, unknown

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_documented_table_is_that_of_the_code() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    documented = [line for line in lines if line.startswith(("| `MAKEBA_", "| Variable"))]
    assert documented == [line for line in as_table() if "---" not in line]


def test_without_variables_there_are_defaults() -> None:
    assert from_environment({}) == Settings()


def test_variables_are_read_by_their_type() -> None:
    found = from_environment(
        {
            "MAKEBA_HOME": "/somewhere",
            "MAKEBA_PORT": "0",
            "MAKEBA_SWEEP_SECONDS": "0.5",
            "MAKEBA_CUTOFF_TIME": "22:30:00",
        }
    )
    assert (found.home, found.port) == (Path("/somewhere"), 0)
    assert (found.sweep_seconds, found.cutoff_time) == (0.5, time(22, 30))


def test_a_flag_counts_more_than_a_variable_and_an_empty_one_not_at_all() -> None:
    variables = {"MAKEBA_PORT": "1", "MAKEBA_HOST": ""}
    found = from_environment(variables, port=2, workers=None)
    assert (found.port, found.host, found.workers) == (2, "127.0.0.1", 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAKEBA_PORT", "many"),
        ("MAKEBA_PORT", "65536"),
        ("MAKEBA_CODE_TTL_SECONDS", "0"),
        ("MAKEBA_SESSION_CACHE_SECONDS", "1.5"),
        ("MAKEBA_LOG_LEVEL", "loud"),
        ("MAKEBA_CUTOFF_TIME", "25:00"),
    ],
)
def test_a_value_that_is_not_allowed_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"{name} is not allowed to be '{value}'"):
        from_environment({name: value})


def test_the_owners_url_does_not_show_itself() -> None:
    found = from_environment({"MAKEBA_DATABASE_URL": "postgresql://owner:hidden@db/makeba"})
    assert found.database_url is not None
    assert "hidden" in found.database_url.reveal()
    assert "hidden" not in f"{found!r}{found.database_url}"


def test_a_slip_of_the_pen_is_noticed() -> None:
    assert unknown({"MAKEBA_PROT": "1", "MAKEBA_PORT": "1", "PATH": ""}) == ["MAKEBA_PROT"]


@pytest.mark.parametrize(
    ("host", "alone"), [("127.0.0.1", True), ("::1", True), ("192.0.2.1", False), ("", False)]
)
def test_loopback_is_this_machine(host: str, alone: bool) -> None:
    assert Settings(host=host).on_loopback is alone
