"""`makeba simulator` and `makeba demo` as somebody calls them: how they open, and how they end."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from server.cli import run
from server.console.doors import spoken
from simulator.words import Language
from tests.simulator.served import MAKEBA, Served, serving

WAIT_SECONDS = 60.0
COLUMNS, ROWS = 132, 40
ENTER, SHIFT_F6, F10 = "\r", "\x1b[17;2~", "\x1b[21~"
ESCAPES = re.compile(r"\x1b(\[[0-9;?<>=]*[a-zA-Z$]|\][^\x07]*\x07|[()][A-Z0-9]|[=>])")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demo server that runs all the while."""
    with serving(tmp_path_factory.mktemp("simulating")) as served:
        yield served


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the demo server lives too, once it was asked for."""
    monkeypatch.setenv("MAKEBA_HOME", str(tmp_path_factory.getbasetemp() / "simulating0"))
    monkeypatch.delenv("MAKEBA_DATABASE_URL", raising=False)


def ended(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = run(["simulator", *arguments])
    written = capsys.readouterr()
    return code, written.out, written.err


# Ends


def test_scenarios_are_listed_without_a_server(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, errors = ended(capsys, "--scenarios", "--lang", "en")
    assert (code, errors) == (0, "")
    assert len(out.splitlines()) >= 14
    assert out.count("  ") >= 14


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["bank"], 2, "'bank' is not one of"),
        (["--listen", "8080"], 2, "8080 is not HOST:PORT."),
        (["--lang", "fr"], 2, "'fr' is not one of 'pt', 'en'"),
        (["--people", "/nowhere/demo.json"], 3, "/nowhere/demo.json cannot be read"),
        (["--people", "/proc/self/status"], 3, "does not tell who lives here"),
    ],
)
def test_what_goes_wrong_at_the_door_is_one_line_and_a_code(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, why: str
) -> None:
    found, out, errors = ended(capsys, *arguments)
    assert (found, out) == (code, "")
    assert errors.count("\n") == 1
    assert why in errors


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["--url", "http://127.0.0.1:9"], 3, "No makeba answers at http://127.0.0.1:9"),
        (["--url", "not a url"], 3, "not a url"),
        ([], 2, "The town needs a terminal"),
        (["--web", "--listen", "0.0.0.0:0"], 2, "loopback only"),
        (["--scenario", "dance"], 2, "There is no scenario dance"),
        (["--replay", "/nowhere/at/all"], 2, "/nowhere/at/all"),
    ],
)
def test_so_is_what_goes_wrong_with_a_server(
    served: Served,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    why: str,
) -> None:
    found, out, errors = ended(capsys, "--url", served.url, *arguments)
    assert (found, out) == (code, "")
    assert errors.count("\n") == 1
    assert why in errors


# Scenarios


def test_a_scenario_is_played_and_repeated(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = str(tmp_path / "run.jsonl")
    here = ("--url", served.url, "--headless", "--lang", "en")
    code, out, errors = ended(capsys, "--scenario", "transfer", "--record", recorded, *here)
    assert (code, errors) == (0, ""), out
    assert "went as it is written" in out
    code, out, errors = ended(capsys, "--replay", recorded, *here)
    assert (code, errors) == (0, ""), out
    assert "The same as the recording" in out


# Languages


@pytest.mark.parametrize(
    ("variables", "asked", "language"),
    [
        ({}, None, Language.PT),
        ({"LANG": "C.UTF-8"}, None, Language.PT),
        ({"LANG": "en_GB.UTF-8"}, None, Language.EN),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "pt_PT.UTF-8"}, None, Language.PT),
        ({"LANG": "en_GB.UTF-8"}, "pt", Language.PT),
    ],
)
def test_the_language_is_that_of_whoever_asks_or_portuguese(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    asked: str | None,
    language: Language,
) -> None:
    for name in ("LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert spoken(asked) is language


# Lines


def test_lines_hold_no_drawing_and_end_with_the_input(
    served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n0\n99\n"))
    code, out, errors = ended(capsys, "--url", served.url, "--plain", "--lang", "en")
    assert (code, errors) == (0, "")
    assert "Sign in with your PIN." in out
    assert "99 is not on the list." in out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out)


# A terminal


class Terminal:
    """A demo on a terminal of its own, and what it has drawn."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        variables = {**os.environ, "MAKEBA_HOME": str(home), "TERM": "xterm-256color"}
        for name in ("CI", "MAKEBA_DATABASE_URL", "NO_COLOR", "COLUMNS", "LINES"):
            variables.pop(name, None)
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [str(MAKEBA), "demo", *arguments],
            env=variables,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._drawn = ""

    def __enter__(self) -> Self:
        """For as long as it is needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever has become of it."""
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def wait_for(self, text: str) -> None:
        """Until this was drawn, since the last thing that was waited for."""
        until = time.monotonic() + WAIT_SECONDS
        while text not in self._drawn:
            assert time.monotonic() < until, f"no {text!r} in {self._drawn[-3_000:]!r}"
            assert self._read(), f"it ended without {text!r}: {self._drawn[-3_000:]!r}"
        self._drawn = self._drawn.partition(text)[2]

    def press(self, keys: str) -> None:
        """Type this."""
        os.write(self._ours, keys.encode())

    def ended(self) -> tuple[int, str]:
        """Its exit code as soon as it has left, and the last that it has written."""
        while self._read():
            continue
        return self.process.wait(WAIT_SECONDS), self._drawn

    def _read(self) -> bool:
        """Take what has come. Whether more may come."""
        ready, _, _ = select.select([self._ours], [], [], 0.2)
        if not ready:
            return True
        try:
            read = os.read(self._ours, 65_536)
        except OSError:  # Linux says so when nobody has the other end any more
            return False
        self._drawn += ESCAPES.sub("", read.decode(errors="replace"))
        return bool(read)


@pytest.mark.timeout(200)
def test_a_demo_on_a_terminal_leads_from_nothing_to_notes_in_the_tray(tmp_path: Path) -> None:
    with Terminal(tmp_path / "home", "--lang", "en") as terminal:
        terminal.wait_for("Welcome to the town")
        terminal.press(ENTER)
        terminal.wait_for("type the PIN for me")
        terminal.press("v")
        terminal.wait_for("online")
        terminal.press("v")
        terminal.wait_for("gives away YOUR money")
        terminal.press(SHIFT_F6)
        terminal.press("v")
        terminal.wait_for("Confirm?")
        terminal.press(ENTER)
        terminal.wait_for("Take your notes")
        terminal.press(ENTER)
        terminal.wait_for("Thank you")
        terminal.press(F10)
        code, last = terminal.ended()
    assert code == 0
    assert "books proven" in last


@pytest.mark.timeout(200)
def test_a_demo_in_lines_leaves_in_order_when_it_is_told_to(tmp_path: Path) -> None:
    with Terminal(tmp_path / "home", "--plain", "--lang", "pt") as terminal:
        terminal.wait_for("Aonde vai?")
        terminal.wait_for("> ")
        terminal.process.send_signal(signal.SIGTERM)
        code, last = terminal.ended()
    assert code == 128 + signal.SIGTERM
    assert "Traceback" not in last, last
