"""Marks of this folder."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Tests that start a whole server as a process of its own."""
    config.addinivalue_line("markers", "end_to_end: against a server process over real HTTP")
