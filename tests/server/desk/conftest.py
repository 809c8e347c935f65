"""The desk of a house in which a day has been played, and people who sit at it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field

import httpx
import msgspec
import pytest
import pytest_asyncio

from server.console.serving import AMPLE, RATES, listening
from server.console.serving import serving as uvicorn_serving
from server.cookies import DESK, SESSION_COOKIE
from server.installation import Installation
from server.postgres import Cluster
from server.settings import API, Settings
from tests.server.conftest import Running, World, cloned, serving
from tests.server.desk.playing import Played, a_day
from tests.server.people import Somebody

HIDDEN = re.compile(r'name="(formToken|challengeId|key|contentHash)" value="([^"]*)"')


@dataclass
class Browser:
    """One browser without scripts: its cookies, and the forms of the page that it is shown."""

    client: httpx.AsyncClient
    who: Somebody
    page: httpx.Response = field(init=False)

    async def open(self, path: str, **options: object) -> httpx.Response:
        """Go to a page."""
        self.page = await self.client.get(f"/desk{path}", **options)  # type: ignore[arg-type]
        return self.page

    async def send(self, path: str, **fields: str) -> httpx.Response:
        """Send the form of this page with these fields."""
        hidden = dict(HIDDEN.findall(self.page.text))
        data = {**hidden, **fields}
        wanted = {"formToken", *fields} | ({"key"} & hidden.keys())
        sent = {name: value for name, value in data.items() if name in wanted}
        self.page = await self.client.post(f"/desk{path}", data=sent)
        return self.page

    async def sign_in(self) -> Browser:
        """Both steps."""
        await self.open("/sign-in")
        await self.send("/sign-in", phone=self.who.who.phone, secret=self.who.who.pin)
        challenge = dict(HIDDEN.findall(self.page.text))["challengeId"]
        answer = await self.send("/factor", challengeId=challenge, code=self.who.totp())
        assert answer.status_code == 303, answer.text
        return self


@dataclass
class AtTheDesk:
    """A server, what was played there, and who has signed in already."""

    server: Running
    played: Played
    url: str
    seated: dict[str, Browser] = field(default_factory=dict)

    def browser(self, role: str, number: int = 0) -> Browser:
        """A fresh browser of somebody's."""
        transport = self.server.client._transport
        client = httpx.AsyncClient(transport=transport, base_url=self.url, timeout=30)
        return Browser(client, self.played.person(role, number))

    def as_(self, role: str, number: int = 0) -> Browser:
        """Somebody who sits there signed in: by the session in which they played the day."""
        name = f"{role} {number}"
        if name not in self.seated:
            browser = self.seated[name] = self.browser(role, number)
            browser.client.cookies.set(SESSION_COOKIE, browser.who.token, path=DESK)
        return self.seated[name]


def ample(home: object) -> Settings:
    """Nobody is turned away for being quick."""
    return msgspec.convert({"home": home, "pin_threads": 1} | dict.fromkeys(RATES, AMPLE), Settings)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(
    cluster: Cluster, world: World, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AtTheDesk]:
    """Asked without a network, as the server's other tests do it."""
    settings = ample(tmp_path_factory.mktemp("desk"))
    with cloned(cluster, world) as owner_url:
        installation = Installation(settings, world.keys, owner_url)
        async with serving(installation) as app:
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)  # type: ignore[arg-type]
            async with httpx.AsyncClient(
                transport=transport, base_url=f"http://makeba{API}/", timeout=30
            ) as client:
                with closing(Running(client, installation, world.demo, app)) as server:
                    yield AtTheDesk(server, await a_day(server), "http://makeba")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(
    cluster: Cluster, world: World, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AtTheDesk]:
    """The same behind an address, for browsers."""
    settings = msgspec.structs.replace(ample(tmp_path_factory.mktemp("served")), port=0)
    with cloned(cluster, world) as owner_url, listening(settings) as sock:
        installation = Installation(settings, world.keys, owner_url)
        async with uvicorn_serving(installation, sock):
            url = f"http://127.0.0.1:{sock.getsockname()[1]}"
            async with httpx.AsyncClient(base_url=f"{url}{API}/", timeout=30) as client:
                running = Running(client, installation, world.demo, serving)  # type: ignore[arg-type]
                with closing(running) as server:
                    yield AtTheDesk(server, await a_day(server), url)
