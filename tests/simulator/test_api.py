"""A caller of the API: refusals, patience, lost replies, and reading one's own writes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from simulator.api import (
    PAUSE_MAX_SECONDS,
    TRIES_MAX,
    Api,
    Bookmark,
    Heard,
    NoReply,
    Refused,
    connect,
)
from simulator.contract import Balance
from simulator.line import Line

BALANCE = b'{"balance":12.34,"currency":"CVE","lastUpdated":"2026-11-23T10:00:00Z","more":1}'


def refusal(status: int, code: str, *, retry_after: str = "", **details: Any) -> httpx.Response:
    """The server's envelope."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    body = {"error": {"code": code, "message": "No.", "details": details}}
    return httpx.Response(status, json=body, headers=headers)


BUSY = refusal(503, "OVERLOADED", retry_after="1", outcome="none")
UNKNOWN = refusal(503, "OUTCOME_UNKNOWN", retry_after="1", outcome="unknown")


class Server:
    """Answers what it is told to, in turn, and remembers what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers: Iterator[httpx.Response | Exception] = iter(answers)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def api(self, bookmark: Bookmark | None = None) -> Api:
        """A caller."""
        client = connect("http://makeba", httpx.MockTransport(self))
        return Api(client, bookmark, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def fine(**headers: str) -> httpx.Response:
    """A balance."""
    return httpx.Response(200, content=BALANCE, headers=headers)


async def test_amounts_are_read_and_written_exactly() -> None:
    server = Server(fine())
    reply = await server.api().post("x", {"amount": Decimal("0.1")}, Balance)
    assert reply.value.balance == Decimal("12.34")
    assert server.asked[0].content == b'{"amount":0.1}'


async def test_a_refusal_is_an_exception_with_the_servers_code() -> None:
    server = Server(refusal(422, "INSUFFICIENT_FUNDS", balance=5))
    with pytest.raises(Refused) as refused:
        await server.api().get("balance", Balance)
    assert (refused.value.status, refused.value.code) == (422, "INSUFFICIENT_FUNDS")
    assert refused.value.details == {"balance": 5}


async def test_an_answer_that_is_no_envelope_is_a_refusal_too() -> None:
    server = Server(httpx.Response(502, text="<html>"))
    with pytest.raises(Refused, match="HTTP_502"):
        await server.api().get("balance", Balance)


@pytest.mark.parametrize("answer", [BUSY, UNKNOWN])
async def test_a_read_is_repeated_after_the_pause_that_was_asked_for(
    answer: httpx.Response,
) -> None:
    server = Server(answer, fine())
    await server.api().get("balance", Balance)
    assert server.slept == [1.0]


async def test_a_write_with_a_key_is_repeated_under_the_same_key() -> None:
    server = Server(UNKNOWN, fine(**{"Idempotency-Replayed": "true"}))
    reply = await server.api().post("x", {}, Balance, key="k1")
    assert [each.headers["Idempotency-Key"] for each in server.asked] == ["k1", "k1"]
    assert reply.replayed


async def test_a_write_without_a_key_is_repeated_only_when_nothing_happened() -> None:
    server = Server(BUSY, fine())
    await server.api().post("x", {}, Balance)
    server = Server(UNKNOWN, fine())
    with pytest.raises(Refused, match="OUTCOME_UNKNOWN"):
        await server.api().post("x", {}, Balance)


async def test_patience_has_an_end() -> None:
    server = Server(*[BUSY] * TRIES_MAX, fine())
    with pytest.raises(Refused, match="OVERLOADED"):
        await server.api().get("balance", Balance)
    assert len(server.asked) == TRIES_MAX


async def test_who_is_asked_to_wait_for_long_does_not_wait() -> None:
    server = Server(refusal(429, "RATE_LIMITED", retry_after=f"{PAUSE_MAX_SECONDS + 1:.0f}"))
    with pytest.raises(Refused, match="RATE_LIMITED"):
        await server.api().get("balance", Balance)
    assert server.slept == []


async def test_a_connection_that_breaks_is_no_reply() -> None:
    with pytest.raises(NoReply):
        await Server(httpx.ReadError("gone")).api().get("balance", Balance)


async def test_a_read_names_what_was_written_by_whoever_shares_the_bookmark() -> None:
    bookmark = Bookmark()
    await Server(fine(**{"X-Log-Position": "17"})).api(bookmark).post("x", {}, Balance)
    await Server(fine(**{"X-Log-Position": "12"})).api(bookmark).post("x", {}, Balance)
    reader = Server(fine())
    await reader.api(bookmark).get("balance", Balance)
    assert reader.asked[0].headers["X-Log-Position"] == "17"


async def test_requests_are_the_signed_in_persons() -> None:
    server = Server(fine())
    api = server.api()
    api.token = "t0ken"
    await api.get("balance", Balance)
    assert server.asked[0].headers["Authorization"] == "Bearer t0ken"


@pytest.mark.parametrize("url", ["http://makeba", "http://makeba/", "http://makeba/api/v1/"])
def test_the_base_path_need_not_be_given(url: str) -> None:
    assert str(connect(url).base_url) == "http://makeba/api/v1/"


async def test_on_a_line_that_loses_replies_the_server_has_done_its_work() -> None:
    server = Server(fine(), fine())
    line = Line(httpx.MockTransport(server))
    line.lose("balance")
    api = Api(connect("http://makeba", line))
    with pytest.raises(NoReply):
        await api.get("balance", Balance)
    await api.get("balance", Balance)
    assert (len(server.asked), line.lost) == (2, 1)


async def test_a_healed_line_loses_nothing() -> None:
    line = Line(httpx.MockTransport(Server(fine())))
    line.lose("balance", times=5)
    line.heal()
    await Api(connect("http://makeba", line)).get("balance", Balance)


async def test_a_stream_is_heard_message_by_message_from_the_last_id_on() -> None:
    body = b"retry: 1000\nid: a\n\n: still here\n\nid: b\nevent: x.done\ndata: {}\n\nid: c\nevent"
    server = Server(httpx.Response(200, content=body), refusal(429, "RATE_LIMITED"))
    api = server.api()
    async with api.listen("z") as stream:
        assert [heard async for heard in stream] == [Heard("a"), Heard("b", "x.done", "{}")]
    assert server.asked[0].headers["Last-Event-ID"] == "z"
    with pytest.raises(Refused, match="RATE_LIMITED"):
        async with api.listen():
            pass
