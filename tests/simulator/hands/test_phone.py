"""What the app's orders become over HTTP, and what their answers become for the app."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest

from simulator.api import Api, connect
from simulator.authenticator import Authenticator
from simulator.hands.phone import PhoneHands
from simulator.machines import phone
from simulator.machines.phone import Event

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
USER = "00000000-0000-0000-0000-000000000001"
ACCESS = {"accessToken": "t", "userId": USER, "role": "customer"}
CODE = phone.RequestCode(UUID(USER), 1_000, "k")


class Server:
    """Answers each path as it is told to, and what the hands say by themselves."""

    def __init__(self, **answers: httpx.Response) -> None:
        self._answers = answers
        self.told: list[Event] = []
        api = Api(connect("http://makeba", httpx.MockTransport(self._answer)))
        clock = iter([0.0, 30.0, 60.0])
        authenticator = Authenticator(SECRET, lambda: next(clock))
        self.hands = PhoneHands(api, authenticator, self.told.append)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        return self._answers[request.url.path.rsplit("/", 1)[-1]]


def refused(status: int, code: str) -> httpx.Response:
    """The server's envelope."""
    return httpx.Response(status, json={"error": {"code": code, "message": "No."}})


async def test_the_authenticators_code_is_shown_before_it_is_sent() -> None:
    challenge = httpx.Response(200, json={"challengeId": "c"})
    server = Server(login=challenge, factor=httpx.Response(200, json=ACCESS))
    event = await server.hands.carry_out(phone.SignIn("+2389912345", "482915"))
    assert event == phone.SignedIn(UUID(USER))
    (filled,) = server.told
    assert isinstance(filled, phone.TotpFilled)
    assert len(filled.totp) == 6


@pytest.mark.parametrize("busy", [refused(503, "OVERLOADED"), refused(429, "RATE_LIMITED")])
async def test_a_look_for_which_the_server_has_no_time_is_no_refusal(busy: httpx.Response) -> None:
    server = Server(wallet=busy, atm=busy)
    look = phone.ReadWallet()
    assert await server.hands.carry_out(look) == phone.ReplyLost(look)
    wish = await server.hands.carry_out(CODE)
    assert isinstance(wish, phone.WasRefused)


async def test_a_refusal_is_told_with_its_facts() -> None:
    no = {"code": "WITHDRAWAL_PENDING", "message": "No.", "details": {"transactionId": USER}}
    server = Server(atm=httpx.Response(409, json={"error": no}))
    event = await server.hands.carry_out(CODE)
    assert event == phone.WasRefused("WITHDRAWAL_PENDING", {"transactionId": USER})


async def test_who_may_not_keep_anything_running_does_not_listen() -> None:
    assert await Server().hands.carry_out(phone.Listen()) is None
