"""A server whose every written word is kept: its PostgreSQL logs all that it is told."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import httpx

from server import demo, logs
from server.demo import Wanted
from server.installation import Installation, load_secrets
from server.postgres import Cluster, running
from server.settings import API, Settings
from tests.server.canaries.aviary import Aviary, Found
from tests.server.conftest import Running, serving

# As careless as somebody else's PostgreSQL can be set: all statements, all parameters, all errors.
LOUD = {
    "fsync": "off",
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "-1",
    "log_min_error_statement": "error",
    "log_min_messages": "info",
    "log_error_verbosity": "verbose",
    "log_connections": "on",
    "log_line_prefix": "%m %u %a ",
}
# Written for those who may see it, mode 0600: who the demo's people are. Its secrets are random.
MEANT_FOR_SECRETS = {"secrets", "demo.json"}
MANY = 100_000
LOOK_SECONDS = 0.05
RATES = ("sign_in", "public", "strangers", "reads", "writes")
FREE = {f"rate_{each}_per_minute": MANY for each in RATES}


@dataclass
class Written:
    """Everything that was written, by place."""

    home: Path
    kept: Path
    aviary: Aviary = field(default_factory=Aviary)

    def places(self) -> list[Path]:
        """What is searched: what was heard, and the home without what is meant for secrets."""
        own = [
            each
            for each in self.home.rglob("*")
            if each.relative_to(self.home).parts[0] not in MEANT_FOR_SECRETS and each.is_file()
        ]
        return [*sorted(self.kept.iterdir()), *sorted(own)]

    def search(self) -> list[Found]:
        """What came back."""
        return self.aviary.search(self.places())

    def open(self, name: str) -> TextIO:
        """Somewhere to write what is heard."""
        return (self.kept / name).open("a", encoding="utf-8", buffering=1)

    async def hear(self, answer: httpx.Response) -> None:
        """Keep what is told to whoever was refused. The request's id is the caller's own word."""
        if answer.status_code >= 400 or answer.url.path.endswith(("/metrics", "/health/ready")):
            await answer.aread()
            headers = {
                name: text for name, text in answer.headers.items() if name != "x-request-id"
            }
            with self.open("replies") as opened:
                opened.write(f"{answer.status_code} {json.dumps(headers)}\n{answer.text}\n")


@asynccontextmanager
async def loud(
    where: Path, customers: int, **changes: Any
) -> AsyncIterator[tuple[Running, Written]]:
    """The server, at work."""
    written = Written(where / "home", where / "kept")
    written.kept.mkdir(parents=True)
    settings = Settings(
        home=written.home, pin_threads=2, login_refusal_seconds=0.0, reset_cool_off_seconds=0,
        source_tries_max=MANY, **(FREE | changes),
    )  # fmt: skip
    with written.open("log") as log, _watched(written), contextlib.redirect_stderr(log):
        logs.configure("debug")
        with running(Cluster(written.home), settings=LOUD) as postgres:
            house = Installation(settings, load_secrets(settings), postgres.dsn)
            house.migrate()
            await house.open_books()
            people = await demo.seed(house, Wanted(customers=customers + 1), refill=True)
            async with serving(house) as app, _client(app, written) as client:
                with contextlib.closing(Running(client, house, people, app)) as server:
                    yield server, written


def _client(app: Any, written: Written) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=True),
        base_url=f"http://makeba{API}/",
        timeout=60,
        event_hooks={"response": [written.hear]},
    )


@contextmanager
def _watched(written: Written) -> Iterator[None]:
    """Keep the command line of every process that this machine shows meanwhile."""
    ended = threading.Event()

    def look() -> None:
        seen: set[bytes] = set()
        with (written.kept / "commands").open("wb") as opened:
            while not ended.wait(LOOK_SECONDS):
                for each in Path("/proc").glob("[0-9]*/cmdline"):
                    with contextlib.suppress(OSError):
                        line = each.read_bytes()
                        if line and line not in seen:
                            seen.add(line)
                            opened.write(line.replace(b"\0", b" ") + b"\n")
                opened.flush()

    watching = threading.Thread(target=look, name="command lines", daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()
