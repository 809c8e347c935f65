"""A demo's server as a process of its own: started again when it dies, and ended with us."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from server.console.given import Unreachable
from server.settings import PREFIX, Settings

AGAIN_SECONDS = 1.0  # between its death and the next start
STARTS_MAX = 20
LEAVE_SECONDS = 10.0  # above what it may take to drain, before it is killed
HOST = "127.0.0.1"


class _Ready(msgspec.Struct, frozen=True):
    """What a server says when it is ready."""

    url: str


@contextmanager
def kept_server(found: Settings) -> Iterator[str]:
    """`makeba serve --demo` on this home, kept alive; its URL, which stays the same.

    It leaves with us, also when we are killed: its standard input ends then. Raises Unreachable.
    """
    keeper = _Keeper(found)
    url = keeper.start()
    try:
        yield url
    finally:
        keeper.leave()


class _Keeper:
    def __init__(self, found: Settings) -> None:
        self._log = found.home / "demo.log"
        self._drain_seconds = found.shutdown_seconds + LEAVE_SECONDS
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="demo server", daemon=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = "0"

    def start(self) -> str:
        """Its URL as soon as it is ready. Raises Unreachable."""
        with self._log.open("wb") as log:
            self._process = _spawn(self._port, log)
        url = _url(self._process)
        if url is None:
            _ended(self._process)
            raise Unreachable(f"The demo's server did not start: {_last_line(self._log)}")
        self._port = url.rpartition(":")[2]
        self._thread.start()
        return url

    def leave(self) -> None:
        """Let it drain, and wait until it has gone."""
        assert self._process is not None, "it was started"
        self._leaving.set()
        _let_go(self._process)
        self._thread.join(self._drain_seconds)
        if self._process.poll() is None:
            self._process.kill()

    def _keep(self) -> None:
        """Wait for its death, and start it again unless that was wanted."""
        for _ in range(STARTS_MAX):
            assert self._process is not None, "it is kept after its first start"
            _ended(self._process)
            if self._leaving.wait(AGAIN_SECONDS):
                return
            with self._log.open("ab") as log:
                self._process = _spawn(self._port, log)
            if self._leaving.is_set():  # it was started while we left, and nobody let go of it
                _let_go(self._process)
            _url(self._process)


def _spawn(port: str, log: BinaryIO) -> subprocess.Popen[bytes]:
    command = (sys.executable, "-m", "server.cli", "serve", "--demo", "--until-input-ends")
    where = ("--host", HOST, "--port", port, "--workers", "1")
    return subprocess.Popen(  # noqa: S603 - our own command
        [*command, *where],
        env=os.environ | {f"{PREFIX}LOG_LEVEL": "warning"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,  # Ctrl-C in the terminal is for whoever watches the demo
    )


def _url(process: subprocess.Popen[bytes]) -> str | None:
    """What it says when it is ready, or None when it ends before."""
    assert process.stdout is not None
    with process.stdout as said:
        line = said.readline()
    return msgspec.json.decode(line, type=_Ready).url if line else None


def _ended(process: subprocess.Popen[bytes]) -> None:
    """Wait until it has ended, and close what it leaves open here."""
    process.wait()
    _let_go(process)


def _let_go(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "it said nothing"
