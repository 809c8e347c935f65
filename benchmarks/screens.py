"""How soon a key shows on the town's screen while messages pass.

    python -m benchmarks.screens [--json] [--keys 300] [--messages 20]

The town runs in a terminal of 120 x 36 (a pseudo-terminal), on a demo server, with all its panels.
Twenty messages a second go through the switch's log. Somebody types a PIN at the phone again and
again: each sample is the time from the byte of the key to the bytes that draw its dot.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import town
from benchmarks.served import Served, serving
from ledger import collector
from simulator import people
from simulator.app import TownApp
from simulator.tape import Field, Kind, Message
from simulator.town import Town, opened
from simulator.words import Language, Text

P99_MS_MAX = 50.0
ROWS, COLUMNS = 36, 120
PIN_DIGITS = 6
WARM_UP_KEYS = 2 * PIN_DIGITS
BACKSPACE = b"\x7f"
DOT, GAP = "●", "_"
PATIENCE_SECONDS = 30.0
WARM_UP_SECONDS = 3.0
BETWEEN_KEYS_SECONDS = 0.07
PASSED = Message(
    at=datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC),
    sender="atm PRAIA001",
    receiver="switch",
    kind=Kind.ISO,
    title="0200",
    summary=Text("Levantamento 5.000$00", "Withdraw CVE 5,000.00"),
    fields=(Field("DE 3", Text("Código de processo", "Processing code"), "010000"),),
    raw=bytes(120),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; exit 1 when a key takes too long to show."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--keys", type=int, default=300)
    parser.add_argument("--messages", type=float, default=20.0, help="a second")
    parser.add_argument("--screen", nargs=2, help=argparse.SUPPRESS)  # the terminal's own process
    options = parser.parse_args(arguments)
    if options.screen:
        url, demo_file = options.screen
        asyncio.run(_show(url, Path(demo_file), options.messages))
        return 0
    with serving(customers=3) as served:
        result = _measure(served, options)
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        for name, value in result.items():
            print(f"{name:>18}  {value}")
    return 0 if result["met"] else 1


async def _show(url: str, demo_file: Path, messages_per_s: float) -> None:
    """The town, with messages that pass at this rate."""
    collector.rest()  # as the command does
    async with opened(url, people.read_file(demo_file)) as shown:
        passing = asyncio.create_task(_pass(shown, messages_per_s))
        await TownApp(shown, Language.EN).run_async()
        passing.cancel()


async def _pass(shown: Town, per_s: float) -> None:
    while True:
        shown.tape.add(PASSED)
        await asyncio.sleep(1 / per_s)


class Terminal:
    """One end of a pseudo-terminal, with the town at the other."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def press(self, key: bytes) -> None:
        """One key."""
        os.write(self._descriptor, key)

    def until(self, drawn: str) -> None:
        """Read until this is drawn. Raises TimeoutError."""
        wanted, seen = drawn.encode(), b""
        deadline = time.perf_counter() + PATIENCE_SECONDS
        while wanted not in seen:
            left = deadline - time.perf_counter()
            if left <= 0 or not select.select([self._descriptor], [], [], left)[0]:
                raise TimeoutError(f"{drawn} was never drawn")
            seen += os.read(self._descriptor, 65_536)

    def rest(self, seconds: float) -> None:
        """Read whatever is drawn for a while."""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            if select.select([self._descriptor], [], [], left)[0]:
                os.read(self._descriptor, 65_536)


def _measure(served: Served, options: argparse.Namespace) -> dict[str, Any]:
    with _terminal(served, options.messages) as terminal:
        terminal.until(_typed(0))
        terminal.rest(WARM_UP_SECONDS)  # the phone has the focus, and asks for a PIN
        waited = [*_keys(terminal, WARM_UP_KEYS + options.keys)][WARM_UP_KEYS:]
    waited.sort()
    p99_ms = waited[int(len(waited) * 0.99)]
    return {
        "keys": len(waited),
        "messages_per_s": options.messages,
        "p50_ms": round(waited[len(waited) // 2], 1),
        "p99_ms": round(p99_ms, 1),
        "max_ms": round(waited[-1], 1),
        "target_p99_ms": P99_MS_MAX,
        "met": p99_ms < P99_MS_MAX,
        **town.where_and_when(),
    }


@contextmanager
def _terminal(served: Served, messages_per_s: float) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    module = [sys.executable, "-m", "benchmarks.screens", "--messages", str(messages_per_s)]
    screen = subprocess.Popen(  # noqa: S603 - our own words
        [*module, "--screen", served.url, str(served.demo_file)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(ours)
    finally:
        screen.kill()
        screen.wait()
        os.close(ours)


def _keys(terminal: Terminal, count: int) -> Iterator[float]:
    """Milliseconds until each of so many digits is seen; full PINs are erased again."""
    for number in range(count):
        typed = number % PIN_DIGITS + 1
        terminal.rest(BETWEEN_KEYS_SECONDS)
        pressed = time.perf_counter()
        terminal.press(b"7")
        terminal.until(_typed(typed))
        yield (time.perf_counter() - pressed) * 1_000
        if typed == PIN_DIGITS:
            terminal.press(BACKSPACE * PIN_DIGITS)
            terminal.until(_typed(0))


def _typed(digits: int) -> str:
    """A PIN's dots and gaps as they are drawn."""
    drawn = (DOT * digits).ljust(PIN_DIGITS, GAP)
    return f"{drawn[:3]} {drawn[3:]}"


if __name__ == "__main__":
    sys.exit(main())
