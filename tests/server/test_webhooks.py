"""Webhooks from end to end: signed, tried again, given up with an alert, told again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from commands.spine import Spine
from ledger.database import connect
from ledger.log import Log
from queries.projector import Projector, connector
from queries.reader import Reader
from server.door import Door
from server.primary import Primary
from server.settings import Settings
from server.vault import Vault
from server.webhooks.desk import Desk
from server.webhooks.sender import Sender
from server.webhooks.target import Answered
from tests.server.conftest import Running
from tests.server.people import Somebody

Taken = tuple[bytes, dict[str, str]]
OUTSIDE = "https://bank.example.com/told"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(
        settings, webhook_allow_loopback=True, webhook_retry_seconds=0.1, webhooks_max=2
    )


class Receiver:
    """Somebody's server, on this machine."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.statuses: list[int] = []  # of the next answers; then 200
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        original = {line.split(": ", 1)[0].lower(): line.split(": ", 1)[1] for line in head[1:-1]}
        body = await reader.readexactly(int(headers["content-length"]))
        self.taken.append((body, original))
        status = self.statuses.pop(0) if self.statuses else 200
        writer.write(f"HTTP/1.1 {status} Said\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def until(self, many: int) -> None:
        async with asyncio.timeout(15):
            while len(self.taken) < many:  # noqa: ASYNC110 - somebody else's clock
                await asyncio.sleep(0.02)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/told?by=makeba"
    async with server:
        yield made


@pytest.fixture
async def operator(server: Running) -> Somebody:
    return await server.somebody("operator").at_work()


async def add(operator: Somebody, url: str, *kinds: str) -> dict[str, Any]:
    answer = await operator.post("webhooks", {"url": url, "kinds": list(kinds)})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def something(operator: Somebody, number: int = 1) -> None:
    """Something that operators are told: a credit of the bank."""
    body = {"reference": f"R{number}", "amount": 100, "valueDate": "2030-01-01"}
    assert (await operator.post("deposit/bank", body)).status_code == 201


async def deliveries(operator: Somebody, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await operator.get(f"webhooks/{webhook['webhookId']}/deliveries")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def read(secret: str, taken: Taken) -> Any:
    return Webhook(secret).verify(taken[0], taken[1])


# -- through the API -----------------------------------------------------------------------------


async def test_what_happens_is_delivered_signed_and_logged(
    operator: Somebody, receiver: Receiver
) -> None:
    receiver.statuses = [500, 302]
    webhook = await add(operator, receiver.url, "bank.")
    await something(operator)
    await receiver.until(3)
    told = read(webhook["secret"], receiver.taken[2])
    assert (told["type"], told["data"]["amount"]) == ("bank.credited", 100)
    assert len({taken[1]["webhook-id"] for taken in receiver.taken}) == 1
    with pytest.raises(WebhookVerificationError):
        read("whsec_" + "A" * 44, receiver.taken[2])
    await asyncio.sleep(0.1)
    (logged,) = await deliveries(operator, webhook)
    assert (logged["state"], logged["attempts"], logged["status"]) == ("delivered", 3, 200)


async def test_a_new_secret_signs_beside_the_old_one(
    operator: Somebody, receiver: Receiver
) -> None:
    webhook = await add(operator, receiver.url, "bank.")
    rotated = await operator.post(f"webhooks/{webhook['webhookId']}/rotate")
    assert rotated.status_code == 200, rotated.text
    await something(operator)
    await receiver.until(1)
    for secret in (webhook["secret"], rotated.json()["secret"]):
        assert read(secret, receiver.taken[0])["type"] == "bank.credited"


async def test_a_secret_is_shown_once(operator: Somebody, receiver: Receiver) -> None:
    body = {"url": receiver.url}
    first, again = [await operator.post("webhooks", body, key="once") for _ in range(2)]
    assert first.json()["secret"].startswith("whsec_")
    assert again.json() == {**first.json(), "secret": None}
    listed = await operator.get("webhooks")
    assert first.json()["secret"] not in listed.text
    assert [each["url"] for each in listed.json()["items"]] == [receiver.url]


async def test_as_many_as_there_may_be_and_none_more(
    operator: Somebody, receiver: Receiver
) -> None:
    webhook = await add(operator, receiver.url)
    await add(operator, receiver.url)
    refused = await operator.post("webhooks", {"url": receiver.url})
    assert refused.status_code == 409
    removed = await operator.client.delete(
        f"webhooks/{webhook['webhookId']}", headers=operator.headers
    )
    assert removed.status_code == 200
    await add(operator, receiver.url)
    assert (await operator.get(f"webhooks/{webhook['webhookId']}/deliveries")).status_code == 404


async def test_an_address_that_cannot_be_right_is_refused(operator: Somebody) -> None:
    for url in ("http://10.0.0.1/", "https://[fe80::1]/", "https://a@b.example/"):
        refused = await operator.post("webhooks", {"url": url})
        assert (refused.status_code, refused.json()["error"]["details"]["field"]) == (400, "url")


# -- with a clock of its own ---------------------------------------------------------------------


class World:
    """A sender whose time and whose receivers are in the test's hands."""

    sender: Sender

    def __init__(self, projector: Projector) -> None:
        self.projector = projector
        self.now = datetime.now(UTC)
        self.tried: list[tuple[datetime, str]] = []
        self.answer = Answered(status=200, error=None, took_ms=1)

    async def send(self, url: str, _body: bytes, headers: Mapping[str, str]) -> Answered:
        self.tried.append((self.now, headers["webhook-id"]))
        return self.answer

    async def turn(self, seconds: float = 0) -> None:
        self.now += timedelta(seconds=seconds)
        await self.projector.catch_up()
        await self.sender.turn()
        await self.sender.settled()

    def fails(self, status: int = 500) -> None:
        self.answer = Answered(status=status, error="refuses", took_ms=1)


@asynccontextmanager
async def sending(server: Running) -> AsyncIterator[World]:
    """A sender beside the server's own, which finds nothing: its webhooks lead outside."""
    urls, keys = server.installation.urls, server.installation.keys
    found = msgspec.structs.replace(
        server.installation.settings, webhook_retry_seconds=5.0, webhook_allow_loopback=False
    )
    primary, reader = Primary(urls.commands, 2), Reader(urls.queries).for_everybody
    projector = Projector(connector(urls.projector))
    spine = Spine(Log(lambda: connect(urls.commands, "makeba test")))
    await primary.open()
    spine.start()
    world = World(projector)
    world.sender = Sender(
        Desk(primary), reader, Door(spine, projector, found), Vault(keys), found,
        world.send, clock=lambda: world.now, chance=lambda: 0.0,
    )  # fmt: skip
    yield world
    await spine.close()
    projector.disconnect()
    await reader.close()
    await primary.close()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own sender stands still: only the test's one delivers."""

    async def rest(_self: Sender) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Sender, "run", rest)


async def test_one_that_fails_for_a_day_is_tried_ever_less_and_then_given_up(
    alone: None, server: Running, operator: Somebody
) -> None:
    webhook = await add(operator, OUTSIDE, "bank.")
    await something(operator)
    async with sending(server) as world:
        world.fails()
        await world.turn()
        begin = world.now
        for _ in range(24 * 12 + 12):
            await world.turn(300)
        pauses = [b[0] - a[0] for a, b in zip(world.tried, world.tried[1:], strict=False)]
        assert 20 < len(world.tried) < 45
        assert max(pauses) <= timedelta(seconds=3_900)
        assert world.tried[-1][0] - begin >= timedelta(days=1)
        assert len({each for _, each in world.tried}) == 1
        (listed,) = (await operator.get("webhooks")).json()["items"]
        assert (listed["state"], listed["reason"]) == ("disabled", "refuses")
        await server.until(
            "SELECT count(*) = 1 FROM ledger.log"
            " WHERE kind = 'alert.raised' AND payload ->> 'name' = 'webhook_disabled'"
        )
        # What happens meanwhile is kept, and told when it is well again.
        await something(operator, 2)
        world.answer = Answered(status=200, error=None, took_ms=1)
        tries = len(world.tried)
        await world.turn(3_600)
        assert len(world.tried) == tries
        again = await operator.post(f"webhooks/{webhook['webhookId']}/replay", {})
        assert (again.status_code, again.json()["state"]) == (200, "active")
        for _ in range(3):
            await world.turn(1)
        assert len(world.tried) == tries + 2
        states = [each["state"] for each in await deliveries(operator, webhook)]
        assert states == ["delivered", "delivered"]


async def test_one_that_says_gone_is_given_up_at_once(
    alone: None, server: Running, operator: Somebody
) -> None:
    await add(operator, OUTSIDE, "bank.")
    await something(operator)
    async with sending(server) as world:
        world.fails(410)
        for _ in range(3):
            await world.turn(1)
        assert len(world.tried) == 1
    (listed,) = (await operator.get("webhooks")).json()["items"]
    assert (listed["state"], listed["reason"]) == ("disabled", "gone")


async def test_two_senders_deliver_once_and_one_that_died_leaves_it_to_the_other(
    alone: None, server: Running, operator: Somebody
) -> None:
    webhook = await add(operator, OUTSIDE, "bank.")
    for number in range(6):
        await something(operator, number)
    async with sending(server) as one, sending(server) as other:
        await one.turn()  # where it begins
        await asyncio.gather(one.turn(), other.turn())
        await asyncio.gather(one.turn(), other.turn())
        tried = [each for _, each in (*one.tried, *other.tried)]
        assert len(tried) == len(set(tried)) == 6
        server.ask(
            "UPDATE ledger.webhook_delivery SET state = 'pending', claimed_until = %s",
            one.now + timedelta(seconds=15),
        )
        await one.turn(10)
        assert len(one.tried) + len(other.tried) == 6
        await one.turn(10)
        assert len(one.tried) + len(other.tried) == 12
    assert {each["state"] for each in await deliveries(operator, webhook)} == {"delivered"}
