"""What ATM and switch say to each other: in memory here, ISO 8583 on a wire."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec


class Response(StrEnum):
    """The response codes (DE 39) that our machines give or tell apart."""

    APPROVED = "00"
    ISSUER_UNAVAILABLE = "91"
    DUPLICATE = "94"
    SYSTEM_ERROR = "96"
    LATE = "68"
    CONFIRM_FIRST = "1A"


UNAVAILABLE = frozenset(
    {Response.ISSUER_UNAVAILABLE, Response.SYSTEM_ERROR, Response.LATE, Response.DUPLICATE}
)


class Reason(StrEnum):
    """Why less was paid than approved (DE 60 of a reversal)."""

    TIMED_OUT = "402"
    NOTHING_PAID = "450"
    PAID_IN_PART = "451"
    UNDELIVERABLE = "454"


class Origin(msgspec.Struct, frozen=True):
    """What names a request of an ATM at the switch: its terminal, its own number, its day."""

    terminal_id: str
    sequence: int
    local_date: date


class WithdrawalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """0200: may I pay this?"""

    origin: Origin
    local_time: datetime
    phone: str
    code: str
    amount: int

    def __repr__(self) -> str:
        return f"WithdrawalRequest({self.origin}, {self.amount})"


class WithdrawalReply(msgspec.Struct, frozen=True):
    """0210: yes, or why not."""

    origin: Origin
    response_code: str
    rrn: str
    approval_code: str | None = None

    @property
    def approved(self) -> bool:
        """Whether notes may go out."""
        return self.response_code == Response.APPROVED


class CompletionAdvice(msgspec.Struct, frozen=True):
    """0220: all notes went out."""

    origin: Origin
    amount: int


class ReversalAdvice(msgspec.Struct, frozen=True):
    """0420: nothing went out, or a part only. `amount` is what was really paid (DE 95)."""

    origin: Origin
    amount: int
    reason: Reason


Advice = CompletionAdvice | ReversalAdvice
