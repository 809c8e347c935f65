"""An agent's till: who waits for cash, a drawer with cash, cash in and cash out.

The drawer moves only when the server has said that the e-money did. Before cash is taken the
number's owner is looked up, and the agent reads the name out.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from simulator.contract import QueuedRequest, Told
from simulator.machines.notices import Notices
from simulator.words import Text

CLOSED = Text("Fechado.", "Closed.")
OPEN = Text("Aberto.", "Open.")
WAIT = Text("Um momento…", "One moment…")
NOBODY = Text("Este pedido já não espera.", "This request does not wait any more.")
NO_CASH = Text(
    "Na gaveta há só {amount}. Recuse o pedido.",
    "There is only {amount} in the drawer. Refuse the request.",
)
WRONG_CODE = Text("O código não está certo. Não pague.", "The code is not right. Do not pay.")
REFUSED = Text("Pedido recusado.", "Request refused.")
NO_NETWORK = Text(
    "Sem ligação. Não pague nem receba.", "No connection. Do not pay, do not take cash."
)
NOT_POSSIBLE = Text("Não foi possível.", "That was not possible.")
NO_CUSTOMER = Text("Nenhum cliente tem este número.", "No customer has this number.")
NO_FLOAT = Text("O float não chega.", "There is not enough float.")
IS_IT = Text("É {name}? Confirme com o cliente.", "Is it {name}? Ask the customer.")
CASHED_IN = Text("Depósito de {amount} feito.", "Deposit of {amount} made.")
HAND_OVER = Text("Entregue {amount} ao cliente.", "Hand {amount} to the customer.")
TEXTS = {
    "INVALID_CODE": WRONG_CODE,
    "NOT_FOUND": NO_CUSTOMER,
    "INSUFFICIENT_FUNDS": NO_FLOAT,
    "UNAUTHENTICATED": Text("Entre de novo com o PIN.", "Sign in again with the PIN."),
}


class Customer(msgspec.Struct, frozen=True):
    """Whose number was looked up: the first name, and initials."""

    user_id: UUID
    name: str
    phone: str

    def __repr__(self) -> str:
        return f"Customer({self.user_id})"


class Till(msgspec.Struct, frozen=True, kw_only=True):
    """The counter. `refused` is the error code of the last refusal."""

    agent_id: UUID
    phone: str
    drawer: Decimal
    open: bool = False
    online: bool = True
    float_holds: Decimal | None = None  # the agent's e-money
    queue: tuple[QueuedRequest, ...] = ()
    customer: Customer | None = None  # who stands here with cash
    paid: Decimal = Decimal(0)
    earned: Decimal = Decimal(0)
    newest: UUID | None = None  # the transaction that was last carried out
    lost: int = 0
    refused: str | None = None
    notices: Notices = ()  # newest first
    screen: Text = CLOSED


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


class FloatCame(msgspec.Struct, frozen=True):
    """How much float there is."""

    holds: Decimal


class NameWanted(msgspec.Struct, frozen=True):
    """A customer wants to pay in, and says a number."""

    phone: str

    def __repr__(self) -> str:
        return "NameWanted()"


class NameCame(msgspec.Struct, frozen=True):
    """Whose number it is."""

    customer: Customer


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


class Pushed(msgspec.Struct, frozen=True):
    """The server tells of an event."""

    told: Told


class LineLost(msgspec.Struct, frozen=True):
    """Nobody tells of events any more."""


class LineBack(msgspec.Struct, frozen=True):
    """Events come again, also those that were missed."""


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


class Listen(msgspec.Struct, frozen=True):
    """Hear of events for as long as the session lasts."""


class ReadQueue(msgspec.Struct, frozen=True):
    """Read who waits."""


class ReadFloat(msgspec.Struct, frozen=True):
    """Read how much float there is at the end of this day."""

    day: date


class ReadName(msgspec.Struct, frozen=True):
    """Look up whose number it is."""

    phone: str

    def __repr__(self) -> str:
        return "ReadName()"


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


Reading = ReadQueue | ReadFloat | ReadName
Serving = CashIn | Confirm | Refuse
Order = SignIn | Listen | Reading | Serving


class ReplyLost(msgspec.Struct, frozen=True):
    """Nothing came back to this order."""

    order: Order


Event = (
    PinTyped
    | SignedIn
    | QueueWanted
    | QueueCame
    | FloatCame
    | NameWanted
    | NameCame
    | CashTaken
    | CashedIn
    | CodeSaid
    | Confirmed
    | RefusePressed
    | RequestRefused
    | Pushed
    | LineLost
    | LineBack
    | WasRefused
    | ReplyLost
)
