"""`make canaries`: a thousand secrets and more through a server of its own, and one JSON line.

    python -m tests.server.canaries [--days 40]

Exits 1 when one of them came back.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.server.canaries import story
from tests.server.canaries.house import Written, loud
from tests.server.canaries.story import keep_the_houses
from tests.server.conftest import Running

LEAST = 1_000
COMMANDS = (
    ("check", "--full"),
    ("keys", "list"),
    ("keys", "rotate", "data-key", "--in", "0"),
    ("keys", "rotate", "pepper", "--in", "0"),
    ("keys", "rotate", "server-key", "--in", "0"),
    ("keys", "reseal"),
    ("doctor",),
    ("audit",),
    ("journal",),
    ("no-such-command",),
)


def at_the_console(server: Running, written: Written) -> list[str]:
    """Commands in processes of their own; which of them failed."""
    environment = os.environ | {"MAKEBA_HOME": str(written.home)}
    failed = []
    for words in COMMANDS:
        told = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-m", "server.cli", *words],
            env=environment,
            capture_output=True,
            check=False,
        )
        with written.open("console") as opened:
            opened.write((told.stdout + told.stderr).decode())
        if told.returncode:
            failed.append(" ".join(words))
    server.installation.keys.refresh()
    keep_the_houses(server, written)  # the new versions too
    return failed


async def run(where: Path, days: int) -> dict[str, Any]:
    """The whole story, and then the search."""
    async with loud(where, days, webhooks_max=20) as (server, written):
        await story.told(server, written, days)
        failed = await asyncio.to_thread(at_the_console, server, written)
    places = written.places()
    found = written.search()
    return {
        "secrets": len(written.aviary),
        "kinds": written.aviary.kinds(),
        "files": len(places),
        "bytes": sum(each.stat().st_size for each in places),
        "bytesHeard": {
            each.name: each.stat().st_size
            for each in places
            if each.parent == written.kept or each.name == "postgres.log"
        },
        "commandsThatFailed": failed,
        "found": len(found),
        "foundByKindAndPlace": Counter(f"{each.kind} in {each.place}" for each in found),
        "first": [str(each) for each in found[:20]],
    }


def main() -> int:
    """Exit 0 when nothing came back."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--days", type=int, default=40)
    days = parser.parse_args().days
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="makeba-canaries-") as where:
        report = asyncio.run(run(Path(where), days))
    held = not report["found"] and report["secrets"] >= LEAST
    report |= {"held": held, "seconds": round(time.monotonic() - began, 1)}
    print(json.dumps(report, ensure_ascii=False))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
