"""The town in a browser on this machine: a page with a terminal in it, and a town for each visitor.

Whoever opens it is given demo people, so only this machine may: the page listens on loopback, and
asks each request for the name it came by (which stops a page elsewhere that has its own name point
here) and for where the page that sent it came from (which stops one that connects across sites).
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from textual_serve.server import Server

from simulator.words import Text

VISITORS_MAX = 4  # each is a process with a town of its own
LEAVE_SECONDS = 5.0
TITLE = Text("makeba: a cidade", "makeba: the town")

# The page of textual-serve has its scripts and styles in itself, and asks elsewhere for a font.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class NotHere(Exception):
    """The page is for this machine only."""


def allowed(headers: Mapping[str, str], authority: str) -> bool:
    """Whether a request came by our own name, and from our own page or none."""
    origin = headers.get("Origin")
    return headers.get("Host") == authority and origin in (None, f"http://{authority}")


class Page(Server):
    """The page. `command` opens a town in a terminal; it is run once for each visitor."""

    def __init__(self, command: str, host: str, port: int) -> None:
        super().__init__(command, host=host, port=port, title=str(TITLE))
        self._authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.public_url = f"http://{self._authority}"
        self._visitors = 0

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A visitor, as long as there is room."""
        if self._visitors >= VISITORS_MAX:
            raise web.HTTPServiceUnavailable(text="There are visitors enough.")
        self._visitors += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._visitors -= 1

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: whoever has started us says where the page is."""

    async def application(self) -> web.Application:
        """What answers requests."""
        app = await self._make_app()
        app.middlewares.append(self._own_requests_only())
        app.on_response_prepare.append(_with_headers)
        return app

    def _own_requests_only(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not allowed(request.headers, self._authority):
                raise web.HTTPForbidden(text=f"This page is at {self.public_url} only.")
            return await handler(request)

        return guard


@asynccontextmanager
async def opened(command: str, host: str, port: int) -> AsyncIterator[str]:
    """The page as long as it is needed; its URL. Raises NotHere, or OSError for a taken port."""
    host = "127.0.0.1" if host == "localhost" else host
    if not _on_loopback(host):
        raise NotHere(f"{host} can be reached from elsewhere: the page listens on loopback only.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        page = Page(command, host, sock.getsockname()[1])
        runner = web.AppRunner(
            await page.application(), access_log=None, shutdown_timeout=LEAVE_SECONDS
        )
        await runner.setup()
        try:
            await web.SockSite(runner, sock).start()
            yield page.public_url
        finally:
            await runner.cleanup()


async def serve(command: str, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve the page until a signal asks us to leave. `say` is told its URL."""
    leaving = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, leaving.set)
    async with opened(command, host, port) as url:
        say(url)
        await leaving.wait()


def _on_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def _with_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
