"""A demo's server comes back when it dies, and goes when whoever keeps it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from server.console.given import Unreachable
from server.console.keeping import kept_server
from server.console.serving import prepare
from server.installation import installed
from server.settings import Settings, from_environment

WAIT_SECONDS = 20.0
KEEPS = """
import sys, time
from server.console.keeping import kept_server
from server.settings import from_environment
with kept_server(from_environment()) as url:
    print(url, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A demo's home whose PostgreSQL runs all the while."""
    home = tmp_path_factory.mktemp("keeping") / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MAKEBA_HOME", str(home))
        patched.delenv("MAKEBA_DATABASE_URL", raising=False)
        found = from_environment()
        with installed(found) as installation:
            prepare(installation, as_demo=True)
            yield found


def alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=1).is_success
    except httpx.TransportError:
        return False


def soon(what: Callable[[], bool]) -> bool:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until and not what():
        time.sleep(0.05)
    return what()


def servers_of(home: Path) -> list[int]:
    """Processes that serve from this home."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            words, variables = (each / "cmdline").read_bytes(), (each / "environ").read_bytes()
        except OSError:
            continue
        if b"--until-input-ends" in words and f"MAKEBA_HOME={home}".encode() in variables:
            found.append(int(each.name))
    return found


def test_a_server_that_is_killed_comes_back_where_it_was(found: Settings) -> None:
    with kept_server(found) as url:
        (before,) = servers_of(found.home)
        os.kill(before, signal.SIGKILL)
        assert soon(lambda: servers_of(found.home) not in ([], [before]) and alive(url))
    assert servers_of(found.home) == []
    assert not alive(url)


def test_a_server_leaves_with_a_keeper_that_is_killed(found: Settings) -> None:
    keeper = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-c", KEEPS], stdout=subprocess.PIPE, text=True
    )
    assert keeper.stdout is not None
    with keeper.stdout as said:
        url = said.readline().strip()
    assert alive(url)
    keeper.kill()
    keeper.wait()
    assert soon(lambda: servers_of(found.home) == [])


def test_a_server_that_cannot_start_is_told_in_one_line(
    found: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEBA_BATCH_MAX", "0")
    with (
        pytest.raises(Unreachable, match="did not start: makeba: MAKEBA_BATCH_MAX"),
        kept_server(found),
    ):
        pass
