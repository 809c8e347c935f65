"""The switch's port hears messages, answers nonsense with 30 or hangs up, and never stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from simulator.link.frames import LineBroken, framed, read_message
from simulator.link.iso8583 import AdviceSent, FromMachine, Heading, checked, packed
from simulator.link.keys import LinkKeys
from simulator.link.port import Port
from simulator.machines.messages import (
    CompletionAdvice,
    Network,
    NetworkRequest,
    Origin,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.machines.switch import AtmAdvised, AtmAsked, Event
from simulator.tape import Tape

KEYS = LinkKeys(b"k" * 32)
NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
TERMINAL = "PRAIA001"
ORIGIN = Origin(TERMINAL, 42, date(2026, 3, 14))
WAIT_SECONDS = 20.0
REQUEST = WithdrawalRequest(
    origin=ORIGIN, local_time=NOW, phone="+2389912345", code="e30..aXY.Y29kZQ.dGFn", amount=5_000
)
ECHO = NetworkRequest(TERMINAL, 7, Network.ECHO)


class Switchboard:
    """A port, what it has heard, and machines that dial it."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.rang = asyncio.Event()
        self.tape = Tape()
        self.port = Port("400001", KEYS, self._hear, self.tape, lambda: NOW)

    def _hear(self, event: Event) -> None:
        self.heard.append(event)
        self.rang.set()

    async def dial(self) -> Machine:
        return Machine(*await asyncio.open_connection(*await self.port.address()))


class Machine:
    """One end of a line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def say(self, said: FromMachine) -> None:
        self.send(framed(packed(said, Heading(TERMINAL, "400001", NOW), KEYS)))

    def send(self, raw: bytes) -> None:
        self._writer.write(raw)

    async def hear(self) -> dict[str, str]:
        async with asyncio.timeout(WAIT_SECONDS):
            return checked(await read_message(self._reader), KEYS)

    async def hang_up(self) -> None:
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)


@pytest.fixture
async def board() -> AsyncIterator[Switchboard]:
    board = Switchboard()
    yield board
    await board.port.close()


async def test_a_request_goes_to_the_switch_and_its_reply_to_who_asked(board: Switchboard) -> None:
    machine = await board.dial()
    machine.say(ECHO)
    assert (await machine.hear())["t"] == "0810"
    machine.say(REQUEST)
    async with asyncio.timeout(WAIT_SECONDS):
        await board.rang.wait()
    asked = board.heard[0]
    assert isinstance(asked, AtmAsked)
    assert (asked.request.code, asked.request.amount) == ("e30..aXY.Y29kZQ.dGFn", 5_000)
    board.port.reply(WithdrawalReply(ORIGIN, "00", "632804483484", "123456"))
    reply = await machine.hear()
    assert (reply["t"], reply["37"], reply["39"]) == ("0210", "632804483484", "00")
    await machine.hang_up()


async def test_an_advice_is_acknowledged_at_once(board: Switchboard) -> None:
    machine = await board.dial()
    advice = CompletionAdvice(origin=ORIGIN, amount=5_000)
    machine.say(AdviceSent(advice, 43))
    reply = await machine.hear()
    assert (reply["t"], reply["39"]) == ("0230", "00")
    assert board.heard == [AtmAdvised(advice)]
    await machine.hang_up()


async def test_a_wrong_mac_is_answered_with_30_and_the_line_goes_on(board: Switchboard) -> None:
    machine = await board.dial()
    raw = packed(REQUEST, Heading(TERMINAL, "400001", NOW), KEYS)
    machine.send(framed(raw[:-1] + bytes([raw[-1] ^ 1])))
    reply = await machine.hear()
    assert (reply["t"], reply["39"]) == ("0210", "30")
    machine.say(ECHO)
    assert (await machine.hear())["t"] == "0810"
    assert board.heard == []
    assert [each.good for each in board.tape.messages] == [False, False, True, True]
    await machine.hang_up()


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x00\x00",  # no message is empty
        b"\xff\xff",  # none is so long
        framed(b"hello"),
        framed(b"0200" + b"\xff" * 16),
        framed(b"\x00" * 200),
    ],
    ids=["empty", "too long", "text", "bitmap of everything", "zeros"],
)
async def test_whoever_talks_nonsense_is_hung_up_on_and_others_are_served(
    board: Switchboard, nonsense: bytes
) -> None:
    stranger, machine = await board.dial(), await board.dial()
    stranger.send(nonsense)
    with pytest.raises(LineBroken):
        await stranger.hear()
    machine.say(ECHO)
    assert (await machine.hear())["t"] == "0810"
    assert board.heard == []
    for each in (stranger, machine):
        await each.hang_up()


async def test_who_hangs_up_in_the_midst_of_a_message_leaves_nothing(board: Switchboard) -> None:
    machine = await board.dial()
    machine.send(framed(packed(REQUEST, Heading(TERMINAL, "400001", NOW), KEYS))[:50])
    await machine.hang_up()
    another = await board.dial()
    another.say(ECHO)
    assert (await another.hear())["t"] == "0810"
    assert board.heard == []
    await another.hang_up()


async def test_a_reply_to_a_machine_that_never_dialled_goes_nowhere(board: Switchboard) -> None:
    board.port.reply(WithdrawalReply(ORIGIN, "00", "632804483484"))
    assert not board.tape.messages
