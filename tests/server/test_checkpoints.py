"""A server signs the end of its log: when it begins, now and then, and when it leaves."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from ledger.checkpoint_file import CheckpointFile
from server.checkpoints import Signer, signing_key
from server.secrets import SecretsUnavailable
from server.settings import Settings
from tests.server.conftest import Running, serving


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return Settings(home=settings.home, pin_threads=1, checkpoint_seconds=0.1)


def positions(home: Path) -> list[int]:
    return [int(line.split()[1]) for line in CheckpointFile(home / "checkpoints").lines()]


async def test_the_end_of_the_log_is_signed_again_and_again(
    server: Running, settings: Settings
) -> None:
    assert positions(settings.home) == [server.position]
    customer = await server.somebody("customer").sign_in()
    async with asyncio.timeout(10):
        while positions(settings.home)[-1] < server.position:  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.05)
    await customer.ask_for_code()
    mode = stat.S_IMODE((settings.home / "secrets" / "checkpoint-key").stat().st_mode)
    assert mode == 0o600


async def test_whoever_leaves_signs_what_was_written_until_then(
    server: Running, tmp_path: Path
) -> None:
    quiet = Settings(home=tmp_path / "other", pin_threads=1)
    quiet.home.mkdir()
    installation = type(server.installation)(
        quiet, server.installation.keys, server.installation.owner_url
    )
    async with serving(installation):
        begun = positions(quiet.home)
        await server.somebody("customer").sign_in()
        assert positions(quiet.home) == begun
    assert positions(quiet.home) == [*begun, server.position]


async def test_of_processes_that_sign_at_once_one_does(server: Running, tmp_path: Path) -> None:
    home = Settings(home=tmp_path / "others")
    url = server.installation.urls.commands
    made = await asyncio.gather(*(Signer(home, url).sign() for _ in range(5)))
    assert len([each for each in made if each is not None]) == 1
    assert positions(home.home) == [server.position]


async def test_without_a_database_nothing_is_signed(tmp_path: Path) -> None:
    url = "postgresql://a:b@127.0.0.1:1/c"
    assert await Signer(Settings(home=tmp_path), url).try_to_sign() == 0
    assert positions(tmp_path) == []


def test_a_key_that_others_can_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    signing_key(tmp_path)
    (tmp_path / "checkpoint-key").chmod(0o644)
    with pytest.raises(SecretsUnavailable, match="can be read by others"):
        signing_key(tmp_path)
    (tmp_path / "checkpoint-key").chmod(0o600)
    (tmp_path / "checkpoint-key").write_text("no key")
    with pytest.raises(SecretsUnavailable):
        signing_key(tmp_path)
