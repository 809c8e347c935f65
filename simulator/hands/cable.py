"""A cash machine's line to the switch: ISO 8583 over TCP, under its weather.

It is dialled when there is something to say, and dialled again when it broke; the machine signs on
each time. Whoever says something waits until the answer is there, or will not come any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from asyncio import Future, StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from simulator.link.frames import LineBroken, framed, read_message
from simulator.link.iso8583 import (
    AdviceSent,
    BadMessage,
    FromMachine,
    Heading,
    Said,
    checked,
    packed,
    understood,
)
from simulator.link.keys import LinkKeys
from simulator.link.weather import CLEAR, Ill, Passage, Weather
from simulator.machines import atm, atm_line
from simulator.machines.messages import (
    AdviceReply,
    CompletionAdvice,
    NetworkReply,
    NetworkRequest,
    Origin,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.machines.store import Advise
from simulator.running import Clock

PASSAGES_MAX = 100
ECHO_SECONDS = 30.0
ANSWER_SECONDS = 10.0  # for an advice or a sign-on, before the line counts as broken

ToMachine = Callable[[atm.Event], None]
Later = Callable[[float, Callable[[], None]], None]
Keep = Callable[[Coroutine[Any, Any, None]], None]
Dial = Callable[[], Awaitable[tuple[str, int]]]
Awaited = Origin | tuple[str, Origin] | int  # which answer: 0210, 0230 or 0430, 0810


class Cable:
    """Carries what a machine says to the switch, and what that answers, as the weather lets it."""

    def __init__(
        self,
        name: tuple[str, str, str],  # terminal, its place, acquirer
        keys: LinkKeys,
        weather: Weather,
        dial: Dial,
        to_machine: ToMachine,
        later: Later,
        keep: Keep,
        clock: Clock,
    ) -> None:
        self._terminal_id, self._place, self._acquirer = name
        self._keys = keys
        self._weather = weather
        self._dial = dial
        self._to_machine = to_machine
        self._later = later
        self._keep = keep
        self._clock = clock
        self._dialling = asyncio.Lock()
        self._writer: StreamWriter | None = None
        self._passages: dict[Origin, Passage] = {}
        self._awaited: dict[Awaited, Future[None]] = {}

    async def ask(self, request: WithdrawalRequest, seconds: float) -> None:
        """0200. Its answer is told to the machine when it comes; waited for no longer than this."""
        passage = self._weather.decide("0200")
        if Ill.DOWN in passage.ills:
            return self._to_machine(atm.TimedOut(request.origin))
        self._passages[request.origin] = passage
        while len(self._passages) > PASSAGES_MAX:
            del self._passages[next(iter(self._passages))]
        if not await self._said(request, request.origin, passage, seconds):
            self._passages.pop(request.origin, None)
        return None

    async def advise(self, order: Advise) -> None:
        """0220 or 0420, and their repeats; 0230 or 0430 back."""
        kind = "0220" if isinstance(order.advice, CompletionAdvice) else "0420"
        passage = self._weather.decide(f"{kind[:3]}{min(order.repeats, 1)}")
        sent = AdviceSent(order.advice, order.stan, repeated=order.repeats > 0)
        awaited = (kind, order.advice.origin)
        heard = await self._said(sent, awaited, passage, ANSWER_SECONDS)
        known = heard and passage.reply_arrives
        told = atm_line.AdviceHeard if known else atm_line.AdviceUnheard
        self._to_machine(told(order.advice))

    async def manage(self, request: NetworkRequest) -> None:
        """0800: sign-on, sign-off, echo."""
        passage = self._weather.decide("0800")
        heard = await self._said(request, request.sequence, passage, ANSWER_SECONDS)
        if heard and passage.reply_arrives:
            self._to_machine(atm_line.NetworkHeard(request))
        else:
            self._to_machine(atm_line.LineDown())

    async def dial(self) -> None:
        """Have a line before there is anything to say."""
        with contextlib.suppress(OSError):
            await self._line()

    async def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
            await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)

    async def _said(
        self, said: FromMachine, awaited: Awaited, passage: Passage, seconds: float
    ) -> bool:
        """Send it as often as it gets there. Whether a good answer has come over the line."""
        await asyncio.sleep(passage.request_delay_seconds)
        if not passage.copies:
            return False
        heading = Heading(self._terminal_id, self._acquirer, self._clock(), self._place)
        raw = packed(said, heading, self._keys)
        if passage.breaks_mac:
            raw = raw[:-1] + bytes([raw[-1] ^ 1])
        answer: Future[None] = asyncio.get_running_loop().create_future()
        self._awaited[awaited] = answer
        try:
            async with asyncio.timeout(seconds):
                writer = await self._line()
                for _ in range(passage.copies):
                    writer.write(framed(raw))
                await writer.drain()
                await answer
        except (TimeoutError, LineBroken, OSError):
            return False
        finally:
            self._awaited.pop(awaited, None)
        return not passage.breaks_mac

    async def _line(self) -> StreamWriter:
        """The connection, dialled if there is none."""
        async with self._dialling:
            if self._writer is None or self._writer.is_closing():
                reader, self._writer = await asyncio.open_connection(*await self._dial())
                self._keep(self._hear(reader, self._writer))
                self._keep(self._ask_for_echoes(self._writer))
                self._to_machine(atm_line.LineUp())
            return self._writer

    async def _ask_for_echoes(self, writer: StreamWriter) -> None:
        """So that a dead line is noticed before somebody needs it."""
        while not writer.is_closing():
            await asyncio.sleep(ECHO_SECONDS)
            self._to_machine(atm_line.EchoDue())

    async def _hear(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Until the line breaks."""
        try:
            while True:
                self._heard(await read_message(reader))
        except (LineBroken, BadMessage):
            for answer in self._awaited.values():
                if not answer.done():
                    answer.set_exception(LineBroken("the line broke"))
        finally:
            writer.close()
            self._to_machine(atm_line.LineDown())

    def _heard(self, raw: bytes) -> None:
        said = understood(checked(raw, self._keys), self._clock())
        if isinstance(said, WithdrawalReply):
            self._replied(said)
        answer = self._awaited.get(_answers(said))
        if answer is not None and not answer.done():
            answer.set_result(None)

    def _replied(self, reply: WithdrawalReply) -> None:
        """0210, if the weather lets it through."""
        passage = self._passages.get(reply.origin, CLEAR)
        if passage.reply_delay_seconds:
            self._later(passage.reply_delay_seconds, lambda: self._to_machine(atm.Replied(reply)))
        elif passage.reply_arrives:
            self._to_machine(atm.Replied(reply))


def _answers(said: Said) -> Awaited:
    match said:
        case WithdrawalReply(origin=origin):
            return origin
        case AdviceReply(advice=advice):
            kind = "0220" if isinstance(advice, CompletionAdvice) else "0420"
            return kind, advice.origin
        case NetworkReply(request=request):
            return request.sequence
    raise BadMessage(f"a switch does not say {type(said).__name__}")
