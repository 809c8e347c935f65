"""A demo server for a benchmark: a process of its own on a home of its own, proven afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

MAKEBA = (sys.executable, "-m", "server.cli")


class Served(NamedTuple):
    """Where it answers, and where its people stand."""

    url: str
    demo_file: Path

    @property
    def customers(self) -> list[dict[str, Any]]:
        """Those of demo.json."""
        users = json.loads(self.demo_file.read_text(encoding="utf-8"))["users"]
        return [user for user in users if user["role"] == "customer"]


@contextmanager
def serving(customers: int) -> Iterator[Served]:
    """As long as it is needed. Raises CalledProcessError when the books do not hold at the end."""
    with tempfile.TemporaryDirectory(prefix="makeba-bench-") as directory:
        home = Path(directory)
        environment = os.environ | {"MAKEBA_HOME": directory}
        _run(environment, "seed", "--demo", "--customers", str(customers))
        with _process(home, environment) as url:
            yield Served(url, home / "demo.json")
        _run(environment, "check", "--full")


@contextmanager
def _process(home: Path, environment: Mapping[str, str]) -> Iterator[str]:
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - our own words
            [*MAKEBA, "serve", "--demo", "--port", "0"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    assert server.stdout is not None
    try:
        yield json.loads(server.stdout.readline())["url"]
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def _run(environment: Mapping[str, str], *words: str) -> None:
    subprocess.run([*MAKEBA, *words], env=environment, check=True, capture_output=True)  # noqa: S603 - our own words
