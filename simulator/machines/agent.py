"""An agent's till: who waits for cash, a drawer with cash, cash in and cash out.

The drawer moves only when the server has said that the e-money did.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from simulator.contract import QueuedRequest
from simulator.machines.table import Table
from simulator.words import escudos

LOST_REPLIES_MAX = 3

CLOSED = "Fechado."
OPEN = "Aberto."
WAIT = "Um momento…"
NOBODY = "Este pedido já não espera."
WRONG_CODE = "O código não está certo. Não pague."
REFUSED = "Pedido recusado."
NO_NETWORK = "Sem ligação. Não pague nem receba."
NOT_POSSIBLE = "Não foi possível."


class Till(msgspec.Struct, frozen=True, kw_only=True):
    """The counter. `refused` is the error code of the last refusal."""

    agent_id: UUID
    phone: str
    drawer: Decimal
    open: bool = False
    queue: tuple[QueuedRequest, ...] = ()
    paid: Decimal = Decimal(0)
    earned: Decimal = Decimal(0)
    newest: UUID | None = None  # the transaction that was last carried out
    lost: int = 0
    refused: str | None = None
    screen: str = CLOSED


class PinTyped(msgspec.Struct, frozen=True):
    """The agent signs in."""

    pin: str

    def __repr__(self) -> str:
        return "PinTyped()"


class SignedIn(msgspec.Struct, frozen=True):
    """PIN and second factor were right."""


class QueueWanted(msgspec.Struct, frozen=True):
    """The agent looks who waits."""


class QueueCame(msgspec.Struct, frozen=True):
    """Who waits."""

    items: tuple[QueuedRequest, ...]


class CashTaken(msgspec.Struct, frozen=True):
    """A customer has put cash on the counter."""

    user_id: UUID
    amount: int
    key: str


class CashedIn(msgspec.Struct, frozen=True):
    """It is the customer's e-money now."""

    transaction_id: UUID
    amount: Decimal
    commission: Decimal


class CodeSaid(msgspec.Struct, frozen=True):
    """The customer at the counter has said the pick-up code."""

    transaction_id: UUID
    code: str
    key: str

    def __repr__(self) -> str:
        return f"CodeSaid({self.transaction_id})"


class Confirmed(msgspec.Struct, frozen=True):
    """The e-money is the agent's: now the cash is handed over."""

    request: QueuedRequest


class RefusePressed(msgspec.Struct, frozen=True):
    """The agent cannot or will not pay."""

    transaction_id: UUID
    reason: str
    key: str


class RequestRefused(msgspec.Struct, frozen=True):
    """The customer has the money back."""

    transaction_id: UUID


class WasRefused(msgspec.Struct, frozen=True):
    """The server said no."""

    code: str
    details: dict[str, Any]


class SignIn(msgspec.Struct, frozen=True):
    """Sign in."""

    number: str
    pin: str

    def __repr__(self) -> str:
        return "SignIn()"


class ReadQueue(msgspec.Struct, frozen=True):
    """Read who waits."""


class CashIn(msgspec.Struct, frozen=True):
    """Turn float into the customer's e-money."""

    agent_id: UUID
    user_id: UUID
    amount: int
    key: str


class Confirm(msgspec.Struct, frozen=True):
    """Prove that the customer stands here, and be paid for the cash."""

    request: QueuedRequest
    code: str
    key: str

    def __repr__(self) -> str:
        return f"Confirm({self.request.transaction_id})"


class Refuse(msgspec.Struct, frozen=True):
    """Let the customer know that there is no cash here."""

    transaction_id: UUID
    reason: str
    key: str


Order = SignIn | ReadQueue | CashIn | Confirm | Refuse


class ReplyLost(msgspec.Struct, frozen=True):
    """Nothing came back to this order."""

    order: Order


Event = (
    PinTyped
    | SignedIn
    | QueueWanted
    | QueueCame
    | CashTaken
    | CashedIn
    | CodeSaid
    | Confirmed
    | RefusePressed
    | RequestRefused
    | WasRefused
    | ReplyLost
)
Outcome = tuple[Till, tuple[Order, ...]]


def step(till: Till, event: Event, now: datetime) -> Outcome:
    """What becomes of the till, and what it wants done."""
    return TABLE[type(event)](till, event, now)


def _pin_typed(till: Till, event: PinTyped, _now: datetime) -> Outcome:
    return _begin(till), (SignIn(till.phone, event.pin),)


def _signed_in(till: Till, _event: SignedIn, _now: datetime) -> Outcome:
    return replace(till, open=True, screen=OPEN), (ReadQueue(),)


def _queue_wanted(till: Till, _event: QueueWanted, _now: datetime) -> Outcome:
    return till, (ReadQueue(),)


def _queue_came(till: Till, event: QueueCame, _now: datetime) -> Outcome:
    return replace(till, queue=event.items), ()


def _cash_taken(till: Till, event: CashTaken, _now: datetime) -> Outcome:
    return _begin(till), (CashIn(till.agent_id, event.user_id, event.amount, event.key),)


def _cashed_in(till: Till, event: CashedIn, _now: datetime) -> Outcome:
    done = replace(
        till,
        drawer=till.drawer + event.amount,
        earned=till.earned + event.commission,
        newest=event.transaction_id,
        screen=f"Depósito de {escudos(event.amount)} feito.",
    )
    return done, ()


def _code_said(till: Till, event: CodeSaid, _now: datetime) -> Outcome:
    for request in till.queue:
        if request.transaction_id == event.transaction_id:
            return _begin(till), (Confirm(request, event.code, event.key),)
    return replace(till, screen=NOBODY), ()


def _confirmed(till: Till, event: Confirmed, _now: datetime) -> Outcome:
    request = event.request
    done = replace(
        till,
        drawer=till.drawer - request.amount,
        earned=till.earned + request.commission,
        paid=request.amount,
        newest=request.transaction_id,
        screen=f"Entregue {escudos(request.amount)} ao cliente.",
    )
    return done, (ReadQueue(),)


def _refuse_pressed(till: Till, event: RefusePressed, _now: datetime) -> Outcome:
    return _begin(till), (Refuse(event.transaction_id, event.reason, event.key),)


def _request_refused(till: Till, _event: RequestRefused, _now: datetime) -> Outcome:
    return replace(till, screen=REFUSED), (ReadQueue(),)


def _was_refused(till: Till, event: WasRefused, _now: datetime) -> Outcome:
    text = WRONG_CODE if event.code == "INVALID_CODE" else NOT_POSSIBLE
    return replace(till, refused=event.code, screen=text), ()


def _reply_lost(till: Till, event: ReplyLost, _now: datetime) -> Outcome:
    """The same order again, under the same key."""
    if isinstance(event.order, SignIn) or till.lost >= LOST_REPLIES_MAX:
        return replace(till, screen=NO_NETWORK, refused="NO_REPLY"), ()
    return replace(till, lost=till.lost + 1), (event.order,)


def _begin(till: Till) -> Till:
    return replace(till, refused=None, lost=0, paid=Decimal(0), screen=WAIT)


TABLE: Table = {
    PinTyped: _pin_typed,
    SignedIn: _signed_in,
    QueueWanted: _queue_wanted,
    QueueCame: _queue_came,
    CashTaken: _cash_taken,
    CashedIn: _cashed_in,
    CodeSaid: _code_said,
    Confirmed: _confirmed,
    RefusePressed: _refuse_pressed,
    RequestRefused: _request_refused,
    WasRefused: _was_refused,
    ReplyLost: _reply_lost,
}
