"""The shapes of the published API, as far as our machines use them. Unknown members are ignored."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something that the server says."""


class Challenge(Shape, frozen=True, kw_only=True):
    """What the second factor takes up."""

    challenge_id: str


class Access(Shape, frozen=True, kw_only=True):
    """A session."""

    access_token: str
    user_id: UUID
    role: str

    def __repr__(self) -> str:
        return f"Access({self.role})"


class CodeIssued(Shape, frozen=True, kw_only=True):
    """A code for a cash machine."""

    code: str
    expiry_time: datetime
    transaction_id: UUID

    def __repr__(self) -> str:
        return f"CodeIssued({self.transaction_id})"


class RequestMade(Shape, frozen=True, kw_only=True):
    """A request that waits at an agent, or how it stands now."""

    transaction_id: UUID
    status: str
    timestamp: datetime


class PickupCode(Shape, frozen=True, kw_only=True):
    """What the customer tells the agent."""

    transaction_id: UUID
    pickup_code: str
    expiry_time: datetime

    def __repr__(self) -> str:
        return f"PickupCode({self.transaction_id})"


class Balance(Shape, frozen=True, kw_only=True):
    """What may be spent."""

    balance: Decimal
    currency: str
    last_updated: datetime


class Wallet(Shape, frozen=True, kw_only=True):
    """What may be spent, and what is set aside."""

    balance: Decimal
    held: Decimal
    status: str


class WithdrawalStatus(Shape, frozen=True, kw_only=True):
    """How a withdrawal stands, for its owner."""

    transaction_id: UUID
    channel: str
    status: str
    amount: Decimal
    fee: Decimal


class QueuedRequest(Shape, frozen=True, kw_only=True):
    """A customer who waits for cash at a counter."""

    transaction_id: UUID
    user_id: UUID
    amount: Decimal
    commission: Decimal


class AgentQueue(Shape, frozen=True, kw_only=True):
    """Who waits, longest first."""

    items: tuple[QueuedRequest, ...]


class CashedIn(Shape, frozen=True, kw_only=True):
    """Cash that an agent took, and the commission for it."""

    transaction_id: UUID
    amount: Decimal
    commission: Decimal
    timestamp: datetime


class Answered(Shape, frozen=True, kw_only=True):
    """What the switch is told; declines too."""

    response_code: str
    approval_code: str | None = None
    transaction_id: UUID | None = None


class ServerKey(Shape, frozen=True, kw_only=True):
    """A key that replies to the switch are signed with."""

    key_id: str
    public_key: str


class ServerKeys(Shape, frozen=True, kw_only=True):
    """All of them."""

    keys: tuple[ServerKey, ...]


class Line(Shape, frozen=True, kw_only=True):
    """One leg of an entry."""

    code: str
    name: str
    direction: Literal["debit", "credit"]
    amount: Decimal


class Entry(Shape, frozen=True, kw_only=True):
    """An entry of the journal."""

    number: int
    written: str
    kind: str
    transaction_id: UUID
    booking_date: date
    value_date: date
    reverses: int | None
    lines: tuple[Line, ...]


class JournalPage(Shape, frozen=True, kw_only=True):
    """Entries, newest first."""

    items: tuple[Entry, ...]


class Totals(Shape, frozen=True, kw_only=True):
    """The sums of a trial balance."""

    currency: str
    debits: Decimal
    credits: Decimal


class TrialBalance(Shape, frozen=True, kw_only=True):
    """The trial balance."""

    as_of: date
    totals: tuple[Totals, ...]
