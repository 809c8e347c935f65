"""The shapes of the published API, as far as our machines use them. Unknown members are ignored."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
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


class Confirmed(Shape, frozen=True, kw_only=True):
    """A session that has shown the second factor again."""

    session_id: UUID


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


class Movement(Shape, frozen=True, kw_only=True):
    """What one transaction did to a wallet."""

    transaction_id: UUID
    kind: str
    direction: Literal["in", "out"]
    amount: Decimal
    fee: Decimal
    counterparty: str | None
    status: str
    timestamp: datetime
    balance_after: Decimal


class History(Shape, frozen=True, kw_only=True):
    """Movements, newest first."""

    items: tuple[Movement, ...]


class WithdrawalStatus(Shape, frozen=True, kw_only=True):
    """How a withdrawal stands, for its owner."""

    transaction_id: UUID
    channel: str
    status: str
    amount: Decimal
    fee: Decimal


class QueuedRequest(Shape, frozen=True, kw_only=True):
    """A customer who waits for cash at a counter, until it expires."""

    transaction_id: UUID
    user_id: UUID
    amount: Decimal
    commission: Decimal
    expiry_time: datetime


class AgentReport(Shape, frozen=True, kw_only=True):
    """A counter's day, as far as its float goes."""

    float_closing: Decimal


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


class SwitchOperation(Shape, frozen=True, kw_only=True):
    """What became of one trace. `disputed` is what the switch says was paid beyond any hold."""

    terminal_id: str
    stan: str
    rrn: str
    state: str
    transaction_id: UUID | None
    paid: Decimal | None
    disputed: Decimal | None


class SwitchOperations(Shape, frozen=True, kw_only=True):
    """All with one RRN on one day."""

    items: tuple[SwitchOperation, ...]


class NewestFile(Shape, frozen=True, kw_only=True):
    """The switch's last file that the server has; 0 when there is none."""

    number: int


class BreakCount(Shape, frozen=True, kw_only=True):
    """How many breaks of one kind a file has."""

    kind: str
    state: str
    count: int


class FileMatched(Shape, frozen=True, kw_only=True):
    """What matching has made of a file: how many items came to which outcome."""

    number: int
    settlement_date: date
    outcomes: dict[str, int]
    breaks: tuple[BreakCount, ...]

    @property
    def found(self) -> int:
        """How many breaks."""
        return sum(each.count for each in self.breaks)


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
    next_cursor: str | None = None


class PostedLine(Line, frozen=True, kw_only=True):
    """A leg, whose account it moved, and what that account then held on its normal side."""

    account_id: UUID
    balance_after: Decimal


class Posted(Entry, frozen=True, kw_only=True):
    """An entry with everything that a proof needs."""

    recorded_at: datetime
    lines: tuple[PostedLine, ...]


class PostedPage(Shape, frozen=True, kw_only=True):
    """Such entries, newest first, and where the page before these begins."""

    items: tuple[Posted, ...]
    next_cursor: str | None


class IssuerKey(msgspec.Struct, frozen=True):
    """A public key (RFC 7517) to which machines encrypt codes."""

    kid: str
    crv: str
    x: str
    y: str


class IssuerKeys(Shape, frozen=True, kw_only=True):
    """Those of the issuer: the first is the one to encrypt to."""

    keys: tuple[IssuerKey, ...]


class CodeTotals(Shape, frozen=True, kw_only=True):
    """A code of the chart: all that was ever debited and credited."""

    code: str
    debits: Decimal
    credits: Decimal


class CodesBalance(Shape, frozen=True, kw_only=True):
    """The trial balance, code by code."""

    lines: tuple[CodeTotals, ...]


class Totals(Shape, frozen=True, kw_only=True):
    """The sums of a trial balance."""

    currency: str
    debits: Decimal
    credits: Decimal


class TrialBalance(Shape, frozen=True, kw_only=True):
    """The trial balance."""

    as_of: date
    totals: tuple[Totals, ...]


class Told(Shape, frozen=True, kw_only=True):
    """An event, as a listener is told of it."""

    event: str
    subject: UUID
    timestamp: datetime
    data: dict[str, Any]


class Transferred(Shape, frozen=True, kw_only=True):
    """A transfer; while its status is `held` somebody looks at it first."""

    transaction_id: UUID
    status: str


class WithdrawalApproved(Shape, frozen=True, kw_only=True):
    """The owner has approved it."""

    transaction_id: UUID


class AgentQueue(Shape, frozen=True, kw_only=True):
    """Who waits, longest first."""

    items: tuple[QueuedRequest, ...]


class NameChecked(Shape, frozen=True, kw_only=True):
    """Whose number it is."""

    user_id: UUID
    name: str
