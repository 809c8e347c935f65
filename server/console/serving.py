"""Serving: one process or several; ready when the read models are; drained on SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
import structlog
import uvicorn
import uvloop
from uvicorn.supervisors import Multiprocess

from ledger import collector
from server import demo, tls
from server.app import create_app
from server.console.given import Unreachable, settings
from server.demo import Wanted
from server.installation import Installation, installed
from server.patience import Config, Patience
from server.settings import PREFIX, Settings
from server.worker import WORKER

logger = structlog.get_logger(__name__)

READY_SECONDS = 60.0
LOOK_SECONDS = 0.05
BIND_SECONDS = 3.0  # the workers of a server that was killed leave its port within a second
WORKER_SILENCE_SECONDS = 60  # a worker may be slow to begin; one that died is seen at once
BACKLOG = 2_048
AMPLE = 100_000
RATES = (
    "rate_sign_in_per_minute", "rate_public_per_minute", "rate_strangers_per_minute",
    "rate_reads_per_minute", "rate_writes_per_minute", "requests_each", "connections_each",
)  # fmt: skip
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.")
@click.option("--workers", type=int, help="Server processes.")
@click.option("--tls-cert", type=FILE, help="Certificate of the server, with its chain.")
@click.option("--tls-key", type=FILE, help="Its private key.")
@click.option("--tls-client-ca", type=FILE, help="Who issues the switch's client certificates.")
@click.option("--behind-proxy", help="Addresses of proxies that shake hands for us, with commas.")
@click.option("--demo", "as_demo", is_flag=True, help="With demo people, on this machine only.")
@click.option("--until-input-ends", is_flag=True, help="Leave when standard input ends.")
def serve(*, as_demo: bool, until_input_ends: bool, **flags: Any) -> None:
    """Serve the API. Prints one line of JSON when it is ready."""
    if until_input_ends:
        _leave_with_input()
    given = flags | (ample_rates(os.environ) if as_demo else {})
    found = settings(**given)
    _require_sheltered(found, as_demo=as_demo)
    with (
        leaving_in_order(),
        installed(found, take_over=True) as installation,
        listening(found) as sock,
    ):
        prepare(installation, as_demo=as_demo)
        says: dict[str, Any] = {"ready": True, "url": url_of(found, sock), "home": str(found.home)}
        if as_demo:
            says["dsn"] = installation.owner_url
        if found.workers > 1:
            _serve_in_workers(found, given, sock, says)
        else:
            uvloop.run(_serve_here(installation, sock, says))


def ample_rates(environment: Mapping[str, str]) -> dict[str, int]:
    """A demo's limits, unless somebody has set others: crowds and outside tests are no attack."""
    return {name: AMPLE for name in RATES if PREFIX + name.upper() not in environment}


def _require_sheltered(found: Settings, *, as_demo: bool) -> None:
    """Raises UsageError before anybody could listen in, or take a demo for the real thing."""
    if as_demo and not found.on_loopback:
        raise click.UsageError("--demo listens on this machine only: give --host 127.0.0.1")
    if not (found.on_loopback or found.tls or found.proxies):
        raise click.UsageError(
            f"On {found.host} everybody could listen in: give --tls-cert and --tls-key,"
            " or --behind-proxy with the addresses of the proxy that shakes hands for us."
        )
    if found.tls is not None:
        tls.context_of(found.tls)
        if found.tls.client_ca is None:
            logger.warning("the switch's link is shut", why="there is no --tls-client-ca")


def prepare(installation: Installation, *, as_demo: bool, refill: bool = False) -> None:
    """Bring the database to the newest shape; seed a demo. Raises NotADemo or UsageError."""
    installation.migrate()
    asyncio.run(installation.open_books())
    if as_demo:
        asyncio.run(demo.seed(installation, Wanted(), refill=refill))
    elif installation.is_demo:
        raise click.UsageError("This database is a demo's for good: give --demo.")


@asynccontextmanager
async def serving(
    installation: Installation, sock: socket.socket
) -> AsyncIterator[asyncio.Task[None]]:
    """A server in this process, ready to be asked; its task, which ends when it was drained."""
    app = create_app(installation.settings, installation.keys, installation.urls)
    server = Server(_config(installation.settings, app))
    running = asyncio.create_task(server.serve(sockets=[sock]), name="server")
    try:
        await _ready(installation.settings, url_of(installation.settings, sock), running)
        yield running
    finally:
        server.should_exit = True
        await running


class Server(uvicorn.Server):
    """uvicorn's server, which leaves when it was told to, and no other way."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Drain on SIGTERM and SIGINT. uvicorn itself would raise them again when it has drained,
        and so kill the process before it has let go of its PostgreSQL."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def leaving_in_order() -> Iterator[None]:
    """SIGTERM before and after serving ends the command like any other end: in order."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave_with_input() -> None:
    """Whoever started us holds the other end of our input. Its end tells of a death that no signal
    would tell of."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1_024):
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="input", daemon=True).start()


@contextmanager
def listening(found: Settings) -> Iterator[socket.socket]:
    """The port, taken. Raises Unreachable."""
    family = socket.AF_INET6 if ":" in found.host else socket.AF_INET
    give_up_at = time.monotonic() + BIND_SECONDS
    # With its protocol named, or asyncio leaves Nagle's algorithm on: 40 ms for each reply.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        while True:
            try:
                sock.bind((found.host, found.port))
                break
            except OSError as error:
                if time.monotonic() > give_up_at:
                    sentence = f"Cannot listen on {found.host} port {found.port}: {error.strerror}"
                    raise Unreachable(sentence) from error
                time.sleep(LOOK_SECONDS)
        sock.set_inheritable(True)
        yield sock


def url_of(found: Settings, sock: socket.socket) -> str:
    """Where the server is reached."""
    host = f"[{found.host}]" if ":" in found.host else found.host
    scheme = "https" if found.tls else "http"
    return f"{scheme}://{host}:{sock.getsockname()[1]}"


async def _serve_here(
    installation: Installation, sock: socket.socket, says: Mapping[str, Any]
) -> None:
    async with serving(installation, sock) as running:
        collector.rest()
        _say(says)
        await running


def _serve_in_workers(
    found: Settings, given: Mapping[str, Any], sock: socket.socket, says: Mapping[str, Any]
) -> None:
    for name, value in given.items():  # workers read the environment
        if value is not None:
            os.environ[PREFIX + name.upper()] = str(value)

    async def announce() -> None:
        await _ready(found, str(says["url"]))
        _say(says)

    threading.Thread(target=asyncio.run, args=[announce()], daemon=True).start()
    config = _config(found, WORKER, factory=True, workers=found.workers)
    Multiprocess(config, sockets=[sock]).run()


def _config(found: Settings, app: Any, **more: Any) -> Config:
    return Config(
        app,
        Patience.of(found),
        ssl_context_factory=partial(tls.following, found.tls) if found.tls else None,
        forwarded_allow_ips=list(found.proxies) or "127.0.0.1",
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=found.shutdown_seconds,
        timeout_worker_healthcheck=WORKER_SILENCE_SECONDS,
        lifespan="on",
        ws="none",
        **more,
    )


async def _ready(found: Settings, url: str, running: asyncio.Task[None] | None = None) -> None:
    """Wait until the server says that it is. Raises Unreachable."""
    give_up_at = time.monotonic() + READY_SECONDS
    verify = tls.trusting(found.tls.certificate) if found.tls else True
    async with httpx.AsyncClient(base_url=url, timeout=READY_SECONDS, verify=verify) as client:
        while time.monotonic() < give_up_at:
            if running is not None and running.done():
                break
            try:
                if (await client.get("/health/ready")).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(LOOK_SECONDS)
    raise Unreachable("The server did not become ready.")


def _say(line: Mapping[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()
