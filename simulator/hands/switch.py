"""The switch's line to makeba: each message signed, each reply checked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import msgspec

from simulator.api import (
    PAUSE_MAX_SECONDS,
    Bookmark,
    NoReply,
    Refused,
    encode,
    refused_by,
)
from simulator.contract import Answered
from simulator.hands import rest_tape
from simulator.hands.filing import Filing
from simulator.hands.signed_line import SignedLine
from simulator.machines import switch
from simulator.machines.business_day import Trace
from simulator.machines.messages import CompletionAdvice, WithdrawalReply
from simulator.machines.switch import Event, Order
from simulator.people import SwitchOwner
from simulator.running import Clock, system_clock
from simulator.signatures import BadReply
from simulator.tape import Tape

PASSING = (401, 408, 429)  # a wrong clock may be put right: the same may be taken later

Deliver = Callable[[WithdrawalReply], None]


class SwitchHands:
    """Carries out the orders of the switch. `deliver` hands a reply to the terminal that asked."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        owner: SwitchOwner,
        deliver: Deliver,
        bookmark: Bookmark,
        clock: Clock = system_clock,
        tape: Tape | None = None,
    ) -> None:
        self._line = SignedLine(client, owner, clock)
        self._deliver = deliver
        self._bookmark = bookmark
        self._clock = clock
        self._tape = tape or Tape()
        self.filing = Filing(self._line, owner, clock, self._tape)

    async def carry_out(self, order: Order) -> Event | None:
        """Do it, and tell what came of it."""
        match order:
            case switch.Authorise():
                return await self._authorise(order)
            case switch.Forward():
                return await self._forward(order)
            case switch.ReplyToAtm():
                self._deliver(order.reply)
                return None
            case switch.AskNewest():
                return await self.filing.ask_newest()
            case switch.SendFile():
                return await self.filing.bring(order.file)
            case switch.WakeAt():
                await asyncio.sleep((order.due - self._clock()).total_seconds())
                return switch.Woken()

    async def _authorise(self, order: switch.Authorise) -> Event:
        request = order.request
        body = {
            **_named(order.trace, order.settlement_date),
            "phone": request.phone,
            "encryptedCode": request.code,
            "amount": request.amount,
        }
        try:
            answered = await self._send("vinti4/authorisations", body)
        except Refused as refused:
            await asyncio.sleep(min(refused.retry_after_seconds or 0, PAUSE_MAX_SECONDS))
            return switch.IssuerSilent(request.origin)
        except NoReply:
            return switch.IssuerSilent(request.origin)
        return switch.IssuerAnswered(request.origin, answered.response_code, answered.approval_code)

    async def _forward(self, order: switch.Forward) -> Event:
        body = {**_named(order.trace, order.settlement_date), "amount": order.advice.amount}
        path = "vinti4/completions"
        if not isinstance(order.advice, CompletionAdvice):
            path = "vinti4/reversals"
            body["reason"] = order.advice.reason
        try:
            await self._send(path, body)
        except Refused as refused:
            never = 400 <= refused.status < 500 and refused.status not in PASSING
            event = switch.AdviceRefused if never else switch.AdviceSilent
            return event(order.advice)
        except NoReply:
            return switch.AdviceSilent(order.advice)
        return switch.AdviceAnswered(order.advice)

    async def _send(self, path: str, body: dict[str, Any]) -> Answered:
        """Send one message. Raises Refused; NoReply also for one whose signature is not right."""
        rrn = body["rrn"]
        self._tape.add(rest_tape.asked(path, body, self._clock()))
        try:
            response = await self._line.send(
                "POST",
                path,
                content=encode(body),
                headers={"Content-Type": "application/json"},
            )
        except (httpx.TransportError, BadReply) as error:
            self._tape.add(rest_tape.silent(type(error).__name__, rrn, self._clock()))
            raise NoReply(f"{path}: {type(error).__name__}") from error
        answer = rest_tape.answered(response.status_code, response.content, rrn, self._clock())
        self._tape.add(answer)
        self._bookmark.note(response)
        if not response.is_success:
            raise refused_by(response)
        return msgspec.json.decode(response.content, type=Answered)


def _named(trace: Trace, settlement_date: date) -> dict[str, Any]:
    return {
        "acquirerId": trace.acquirer_id,
        "terminalId": trace.terminal_id,
        "stan": trace.stan,
        "rrn": trace.rrn,
        "localDate": trace.local_date,
        "settlementDate": settlement_date,
    }
