"""A demo server of one's own, as a process, with its people."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAKEBA = Path(sys.executable).with_name("makeba")
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Served:
    """A demo server and its people."""

    url: str
    demo: dict[str, Any]


@contextmanager
def serving(home: Path, **settings: object) -> Iterator[Served]:
    """`makeba serve --demo` on this home, as long as it is needed: code_ttl_seconds=4."""
    environment = {**os.environ, "MAKEBA_HOME": str(home)}
    environment |= {f"MAKEBA_{name.upper()}": str(value) for name, value in settings.items()}
    environment.pop("MAKEBA_DATABASE_URL", None)
    command = [str(MAKEBA), "serve", "--demo", "--port", "0"]
    with (home / "stderr").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=subprocess.PIPE, stderr=log, env=environment
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, (home / "stderr").read_text(encoding="utf-8")[-2_000:]
        demo = json.loads((home / "demo.json").read_text(encoding="utf-8"))
        yield Served(json.loads(line)["url"], demo)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
        process.stdout.close()
