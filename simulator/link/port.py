"""The switch's port: cash machines dial in, and are heard and answered message by message.

What is no message of the profile, or not what its terminal has sent, is answered with 30, or the
connection is closed when it cannot even be told who has sent it. It never stops the switch.
"""

from __future__ import annotations

import asyncio
import contextlib
from asyncio import Server, StreamReader, StreamWriter
from collections.abc import Callable
from datetime import datetime

from simulator.link import naming
from simulator.link.frames import LineBroken, framed, read_message
from simulator.link.iso8583 import (
    AdviceSent,
    BadMessage,
    Doc,
    FromSwitch,
    Heading,
    checked,
    packed,
    read,
    refused,
    understood,
)
from simulator.link.keys import LinkKeys
from simulator.machines.messages import (
    AdviceReply,
    NetworkReply,
    NetworkRequest,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.machines.switch import AtmAdvised, AtmAsked
from simulator.machines.switch import Event as SwitchEvent
from simulator.tape import Tape

LOOPBACK = "127.0.0.1"
SWITCH = "switch"

ToSwitch = Callable[[SwitchEvent], None]


class Port:
    """Opens when the first machine dials. `tape` gets every message that comes in or goes out."""

    def __init__(
        self,
        acquirer: str,
        keys: LinkKeys,
        to_switch: ToSwitch,
        tape: Tape,
        clock: Callable[[], datetime],
    ) -> None:
        self._acquirer = acquirer
        self._keys = keys
        self._to_switch = to_switch
        self._tape = tape
        self._clock = clock
        self._opening = asyncio.Lock()
        self._server: Server | None = None
        self._lines: dict[str, StreamWriter] = {}  # by terminal
        self._connected: set[StreamWriter] = set()

    async def address(self) -> tuple[str, int]:
        """Where machines dial."""
        async with self._opening:
            if self._server is None:
                self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        host, port = self._server.sockets[0].getsockname()
        return host, port

    def reply(self, reply: WithdrawalReply) -> None:
        """0210 to the machine that asked, if it is still there."""
        self._send(reply.origin.terminal_id, reply)

    async def close(self) -> None:
        """Hang up."""
        if self._server is None:
            return
        self._server.close()
        for writer in tuple(self._connected):
            writer.close()
        await asyncio.gather(
            *(each.wait_closed() for each in tuple(self._connected)), return_exceptions=True
        )
        await self._server.wait_closed()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One machine, until it hangs up or talks nonsense."""
        self._connected.add(writer)
        try:
            with contextlib.suppress(LineBroken, OSError):
                while self._heard(await read_message(reader), writer):
                    await writer.drain()
        finally:
            self._connected.discard(writer)
            writer.close()

    def _heard(self, raw: bytes, writer: StreamWriter) -> bool:
        """Answer one message. Whether more are worth waiting for."""
        try:
            doc = checked(raw, self._keys)
            said = understood(doc, self._clock())
        except BadMessage as error:
            return self._refused(raw, error, writer)
        terminal_id = doc["42"].rstrip()
        self._lines[terminal_id] = writer
        self._tape.add(naming.told(raw, doc, said, self._clock(), f"atm {terminal_id}", SWITCH))
        match said:
            case WithdrawalRequest():
                self._to_switch(AtmAsked(said))
            case AdviceSent():
                self._to_switch(AtmAdvised(said.advice))
                self._send(terminal_id, AdviceReply(said.advice))
            case NetworkRequest():
                self._send(terminal_id, NetworkReply(said))
        return True

    def _refused(self, raw: bytes, error: BadMessage, writer: StreamWriter) -> bool:
        """30 where somebody can be told; otherwise the line is closed."""
        who = f"atm {error.doc.get('42', '?').rstrip()}"
        self._tape.add(naming.bad(raw, error.doc, str(error), self._clock(), who, SWITCH))
        answer = refused(error.doc, self._keys)
        if answer is None:
            return False
        doc: Doc = read(answer)
        why = naming.RESPONSES["30"].pt
        self._tape.add(naming.bad(answer, doc, why, self._clock(), SWITCH, who))
        writer.write(framed(answer))
        return True

    def _send(self, terminal_id: str, said: FromSwitch) -> None:
        writer = self._lines.get(terminal_id)
        if writer is None or writer.is_closing():
            return
        at = self._clock()
        raw = packed(said, Heading(terminal_id, self._acquirer, at), self._keys)
        self._tape.add(naming.told(raw, read(raw), said, at, SWITCH, f"atm {terminal_id}"))
        writer.write(framed(raw))
