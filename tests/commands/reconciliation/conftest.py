"""One clearing for each test."""

from __future__ import annotations

import pytest

from tests.commands.reconciliation.clearing import Clearing


@pytest.fixture
def clearing() -> Clearing:
    return Clearing()
