"""What cash machines and switch say to each other: as values here, on the wire as ISO 8583."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec


class Response(StrEnum):
    """The response codes (DE 39) that our machines give or tell apart."""

    APPROVED = "00"
    FORMAT_ERROR = "30"
    ISSUER_UNAVAILABLE = "91"
    DUPLICATE = "94"
    SYSTEM_ERROR = "96"
    LATE = "68"
    CONFIRM_FIRST = "1A"


UNAVAILABLE = frozenset(
    {
        Response.FORMAT_ERROR,
        Response.ISSUER_UNAVAILABLE,
        Response.SYSTEM_ERROR,
        Response.LATE,
        Response.DUPLICATE,
    }
)
STAN_MAX = 10**6


def following(stan: int) -> int:
    """The number after this one: six digits, and after the last comes the first."""
    return (stan + 1) % STAN_MAX


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
    """0200: may I pay this? `stocked` are the denominations of which the cassettes hold some.

    `code` is what was typed as long as the request is in the machine; what leaves it is encrypted
    to the issuer, and nobody on the way can read it.
    """

    origin: Origin
    local_time: datetime
    phone: str
    code: str
    amount: int
    stocked: tuple[int, ...] = ()

    def __repr__(self) -> str:
        return f"WithdrawalRequest({self.origin}, {self.amount})"


class WithdrawalReply(msgspec.Struct, frozen=True):
    """0210: yes, or why not. The settlement date is the switch's business day."""

    origin: Origin
    response_code: str
    rrn: str
    approval_code: str | None = None
    amount: int = 0
    settlement_date: date | None = None

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


class AdviceReply(msgspec.Struct, frozen=True):
    """0230 or 0430: the switch has the advice. `rrn` is what it calls the original, if it knows."""

    advice: Advice
    response_code: str = Response.APPROVED
    rrn: str | None = None


class Network(StrEnum):
    """What a message of network management is about (DE 70)."""

    SIGN_ON = "001"
    SIGN_OFF = "002"
    ECHO = "301"


class NetworkRequest(msgspec.Struct, frozen=True):
    """0800."""

    terminal_id: str
    sequence: int
    function: Network


class NetworkReply(msgspec.Struct, frozen=True):
    """0810."""

    request: NetworkRequest
    response_code: str = Response.APPROVED
