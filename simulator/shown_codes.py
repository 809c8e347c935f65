"""Codes that phones in the town have shown, as somebody remembers who has looked over shoulders."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from uuid import UUID

import msgspec

from simulator.machines import atm, phone
from simulator.machines.messages import WithdrawalRequest
from simulator.machines.phone import LiveCode
from simulator.running import Happened

REMEMBERED = 500


class ShownCode(msgspec.Struct, frozen=True):
    """A code, and whose phone has shown it."""

    number: str
    live: LiveCode

    def __repr__(self) -> str:
        return f"ShownCode({self.live})"


class ShownCodes:
    """The newest codes for cash machines, not those for an agent's counter."""

    def __init__(self) -> None:
        self._open: deque[ShownCode] = deque(maxlen=REMEMBERED)
        self._used: deque[ShownCode] = deque(maxlen=REMEMBERED)
        self._at_counters: deque[UUID] = deque(maxlen=REMEMBERED)

    def notice(self, happened: Happened) -> None:
        """See what phones show, and what machines are approved to pay."""
        match happened.event:
            case phone.RequestMade(transaction_id=transaction_id):
                self._at_counters.append(transaction_id)
            case phone.CodeCame(live=live) if live.transaction_id not in self._at_counters:
                self._open.append(ShownCode(happened.after.number, live))
            case phone.Cancelled():
                self._forget(happened.before.pending)
            case atm.Replied(reply=reply) if reply.approved and happened.before.request:
                self._use(happened.before.request)

    def live(self, now: datetime) -> ShownCode | None:
        """The newest that may still be used."""
        live = (each for each in reversed(self._open) if now < each.live.expiry_time)
        return next(live, None)

    def expired(self, now: datetime) -> ShownCode | None:
        """The newest that nobody has used in time."""
        expired = (each for each in reversed(self._open) if now >= each.live.expiry_time)
        return next(expired, None)

    def used(self) -> ShownCode | None:
        """The newest that was paid."""
        return self._used[-1] if self._used else None

    def _use(self, request: WithdrawalRequest) -> None:
        for each in tuple(self._open):
            if (each.number, each.live.code) == (request.phone, request.code):
                self._open.remove(each)
                self._used.append(each)

    def _forget(self, transaction_id: UUID | None) -> None:
        for each in tuple(self._open):
            if each.live.transaction_id == transaction_id:
                self._open.remove(each)
