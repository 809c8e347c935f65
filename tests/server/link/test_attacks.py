"""A few of each kind with every run; `make link` sends ten thousand."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from server.settings import Settings
from tests.server.conftest import Running
from tests.server.link.attacks import KINDS, Thief, Told, attack, repeated

TIMES = 24


@pytest.fixture
async def thief(server: Running) -> Thief:
    thief = Thief(server.client, server.switch, Random(1))
    await thief.enrol(server.installation)
    return thief


async def test_no_message_that_must_not_count_does(server: Running, thief: Thief) -> None:
    lines = "SELECT count(*), coalesce(sum(abs(amount)), 0) FROM ledger.line"
    before = server.ask(lines)
    for kind in KINDS:
        assert await attack(thief, kind, TIMES) == Told(kind, TIMES, TIMES, "")
    assert server.ask(lines) == before  # and no money moved


async def test_an_advice_that_comes_again_and_again_is_taken_once(
    server: Running, thief: Thief
) -> None:
    noted = "SELECT count(*) FROM ledger.log WHERE kind = 'switch.reversal_noted'"
    assert await repeated(thief, TIMES) == 1
    assert server.ask(noted) == [(1,)]


class TestAWideWindow:
    """The campaign finds a link that is open."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(home=tmp_path, pin_threads=1, signature_window_seconds=600)

    async def test_what_gets_through_is_counted(self, server: Running) -> None:
        told = await attack(Thief(server.client, server.switch, Random(1)), "stale", 200)
        assert told.refused < told.sent
        assert told.first_passed.startswith("200")
