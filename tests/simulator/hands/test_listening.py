"""Hearing of events: again and again, from where the last stream broke off, while signed in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import httpx
import msgspec
import pytest

from simulator.api import Api, Refused, connect
from simulator.contract import Told
from simulator.hands.listening import PAUSE_FIRST_SECONDS, PAUSE_MAX_SECONDS, Ear

TOLD = Told(
    event="x.done",
    subject=UUID(int=1),
    timestamp=datetime(2026, 11, 23, 10, 15, tzinfo=UTC),
    data={},
)
OVER = httpx.Response(401, json={"error": {"code": "UNAUTHENTICATED", "message": "No."}})
FULL = httpx.Response(503, json={"error": {"code": "OVERLOADED", "message": "No."}})
NOT_OURS = httpx.Response(400, json={"error": {"code": "INVALID_REQUEST", "message": "No."}})
CUT = httpx.ReadError("the line is cut")


def stream(*ids: str) -> httpx.Response:
    """A stream that says where it begins, tells of these events, and ends."""
    told = msgspec.json.encode(TOLD).decode()
    events = "".join(f"id: {each}\nevent: x.done\ndata: {told}\n\n" for each in ids)
    return httpx.Response(200, content=f"retry: 1000\nid: begin\n\n{events}".encode())


class Somebody:
    """Answers as told in turn, and notes what the ear tells and how long it rests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers: Iterator[httpx.Response | Exception] = iter(answers)
        self.last_ids: list[str | None] = []
        self.told: list[str] = []
        self.rests: list[float] = []
        api = Api(connect("http://makeba", httpx.MockTransport(self._answer)))
        self.ear = Ear(api, self, self._sleep)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.last_ids.append(request.headers.get("Last-Event-ID"))
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _sleep(self, seconds: float) -> None:
        self.rests.append(seconds)

    def heard(self, told: Told) -> None:
        """An event."""
        self.told.append(told.event)

    def line(self, *, up: bool) -> None:
        """The line."""
        self.told.append("up" if up else "down")

    def session_over(self, refused: Refused) -> None:
        """The end."""
        self.told.append(refused.code)


async def test_it_comes_back_with_the_id_that_it_heard_last() -> None:
    somebody = Somebody(stream("a", "b"), stream("c"), OVER)
    await somebody.ear.listen()
    assert somebody.last_ids == [None, "b", "c"]
    assert somebody.told == ["x.done", "x.done", "x.done", "UNAUTHENTICATED"]


async def test_a_cut_line_is_told_once_and_once_that_it_is_back() -> None:
    somebody = Somebody(stream("a"), CUT, CUT, FULL, stream("b"), OVER)
    await somebody.ear.listen()
    assert somebody.told == ["x.done", "down", "up", "x.done", "UNAUTHENTICATED"]
    assert somebody.last_ids == [None, *["a"] * 4, "b"]


async def test_it_rests_ever_longer_while_nobody_answers() -> None:
    somebody = Somebody(*[CUT] * 6, stream(), OVER)
    await somebody.ear.listen()
    assert somebody.rests[0] == PAUSE_FIRST_SECONDS
    assert somebody.rests == sorted(somebody.rests[:6]) + somebody.rests[6:]
    assert max(somebody.rests) == PAUSE_MAX_SECONDS
    assert somebody.rests[-1] == PAUSE_FIRST_SECONDS


async def test_who_signs_in_again_hears_what_was_missed() -> None:
    somebody = Somebody(stream("a"), OVER, stream("b"), OVER)
    await somebody.ear.listen()
    await somebody.ear.listen()
    assert somebody.last_ids == [None, "a", "a", "b"]


async def test_an_id_that_the_server_does_not_know_is_given_up() -> None:
    somebody = Somebody(stream("a"), NOT_OURS, stream("b"), OVER)
    await somebody.ear.listen()
    assert somebody.last_ids == [None, "a", None, "b"]


async def test_an_event_that_cannot_be_read_is_not_passed_over() -> None:
    somebody = Somebody(httpx.Response(200, content=b"id: a\nevent: x\ndata: {}\n\n"))
    with pytest.raises(msgspec.ValidationError):
        await somebody.ear.listen()
