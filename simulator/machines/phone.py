"""The customer's app: signs in, shows the balance, asks for codes, cancels, approves, sends.

    locked ──keys──▶ pin ──Enter──▶ totp ──SignedIn──▶ home ──session over──▶ locked

Each order that moves money has a key of its own. When its reply gets lost the same order goes out
again under the same key, so that nothing happens twice. What the server pushes becomes a notice,
and a reason to look again.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from simulator.contract import Movement, Told
from simulator.machines.notices import Notices
from simulator.words import Text

PIN_DIGITS_MAX = 12

SIGNED_OUT = Text("Entre com o seu PIN.", "Sign in with your PIN.")
SIGNED_IN = Text("Bem-vindo.", "Welcome.")
WAIT = Text("Um momento…", "One moment…")
WARNING = Text(
    "Este código entrega o SEU dinheiro. Ninguém precisa dele para lhe pagar.",
    "This code gives away YOUR money. Nobody needs it to pay you.",
)
NO_NETWORK = Text(
    "Sem ligação. Veja o seu saldo antes de tentar de novo.",
    "No connection. Look at your balance before you try again.",
)
WRONG_PIN = Text("Número, PIN ou código não aceites.", "Number, PIN or code not accepted.")
APPROVE = Text(
    "Está numa máquina a levantar dinheiro? Confirme só se for você.",
    "Are you at a machine to take out cash? Confirm only if it is you.",
)
APPROVED = Text(
    "Confirmado. Repita na máquina dentro de dois minutos.",
    "Confirmed. Enter it again at the machine within two minutes.",
)
SENT = Text("Enviou {amount}.", "You sent {amount}.")
HELD = Text(
    "A transferência de {amount} espera por uma verificação.",
    "The transfer of {amount} waits until somebody has looked at it.",
)


class Stage(StrEnum):
    """How far somebody has got into the app."""

    LOCKED = "locked"
    PIN = "pin"
    TOTP = "totp"
    HOME = "home"


class LiveCode(msgspec.Struct, frozen=True, kw_only=True):
    """What the screen shows big: um código de levantamento, or one for the agent's counter."""

    code: str
    amount: int
    transaction_id: UUID
    expiry_time: datetime
    at_counter: bool = False  # an agent asks for it, not a machine

    def __repr__(self) -> str:
        return f"LiveCode({self.transaction_id})"


class Phone(msgspec.Struct, frozen=True, kw_only=True):
    """The app and what it shows. `refused` is the error code of the last refusal."""

    number: str
    stage: Stage = Stage.LOCKED
    online: bool = True
    typed: str = ""  # of the PIN
    totp: str | None = None  # what the authenticator has filled in
    user_id: UUID | None = None
    balance: Decimal | None = None
    held: Decimal | None = None
    live: LiveCode | None = None
    pending: UUID | None = None  # a withdrawal that can be cancelled
    newest: UUID | None = None  # the withdrawal that was last asked for
    status: str | None = None  # of that one
    approval: UUID | None = None  # a withdrawal for which a machine waits, until its owner approves
    sent: UUID | None = None  # the transfer that was last made
    wanted: int = 0
    replayed: bool = False
    lost: int = 0  # replies to the order that is under way
    refused: str | None = None
    notices: Notices = ()  # newest first
    history: tuple[Movement, ...] = ()  # newest first
    screen: Text = SIGNED_OUT

    def __repr__(self) -> str:
        return f"Phone({self.stage} {self.status})"

    @property
    def warning(self) -> Text | None:
        """What must stand beside a code."""
        return None if self.live is None else WARNING


class KeyPressed(msgspec.Struct, frozen=True):
    """A digit of the PIN."""

    key: str

    def __repr__(self) -> str:
        return "KeyPressed()"


class ErasePressed(msgspec.Struct, frozen=True):
    """The last digit of the PIN was wrong."""


class EnterPressed(msgspec.Struct, frozen=True):
    """The PIN is typed."""


class PinTyped(msgspec.Struct, frozen=True):
    """The customer signs in."""

    pin: str

    def __repr__(self) -> str:
        return "PinTyped()"


class TotpFilled(msgspec.Struct, frozen=True):
    """The PIN was right, and the authenticator has made a code."""

    totp: str

    def __repr__(self) -> str:
        return "TotpFilled()"


class SignedIn(msgspec.Struct, frozen=True):
    """PIN and second factor were right."""

    user_id: UUID


class BalanceWanted(msgspec.Struct, frozen=True):
    """The customer looks."""


class BalanceCame(msgspec.Struct, frozen=True):
    """What may be spent."""

    balance: Decimal


class WalletCame(msgspec.Struct, frozen=True):
    """What may be spent, and what is set aside."""

    balance: Decimal
    held: Decimal


class HistoryWanted(msgspec.Struct, frozen=True):
    """The customer looks what has been."""


class HistoryCame(msgspec.Struct, frozen=True):
    """The newest of it."""

    items: tuple[Movement, ...]


class CashWanted(msgspec.Struct, frozen=True):
    """The customer wants a code for an ATM. `key` is drawn anew for each wish."""

    amount: int
    key: str


class AgentCashWanted(msgspec.Struct, frozen=True):
    """The customer wants cash from an agent."""

    amount: int
    agent_id: UUID
    key: str


class CodeCame(msgspec.Struct, frozen=True):
    """A code, for the machine or for the counter."""

    live: LiveCode
    replayed: bool = False


class RequestMade(msgspec.Struct, frozen=True):
    """The agent has been told; the pick-up code can be read."""

    transaction_id: UUID


class TransferWanted(msgspec.Struct, frozen=True):
    """The customer sends money to another number."""

    to_phone: str
    amount: int
    key: str


class Sent(msgspec.Struct, frozen=True):
    """It is on its way; while its status is `held` somebody looks at it first."""

    transaction_id: UUID
    amount: int
    status: str


class StatusWanted(msgspec.Struct, frozen=True):
    """The customer looks what has become of the newest withdrawal."""


class StatusCame(msgspec.Struct, frozen=True):
    """This has."""

    transaction_id: UUID
    status: str


class CancelPressed(msgspec.Struct, frozen=True):
    """The customer does not want it any more: the newest one, or one from the list."""

    key: str
    transaction_id: UUID | None = None


class Cancelled(msgspec.Struct, frozen=True):
    """What was set aside is back."""


class ApprovePressed(msgspec.Struct, frozen=True):
    """It is the owner who stands at the machine."""


class Approved(msgspec.Struct, frozen=True):
    """The machine may pay when the code is typed again."""


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
    """Sign in with number, PIN and the phone's own authenticator."""

    number: str
    pin: str

    def __repr__(self) -> str:
        return "SignIn()"


class Listen(msgspec.Struct, frozen=True):
    """Hear of events for as long as the session lasts."""


class ReadBalance(msgspec.Struct, frozen=True):
    """Read the balance."""


class ReadWallet(msgspec.Struct, frozen=True):
    """Read balance and what is held."""


class ReadHistory(msgspec.Struct, frozen=True):
    """Read the newest movements."""


class RequestCode(msgspec.Struct, frozen=True):
    """Ask for a code."""

    user_id: UUID
    amount: int
    key: str


class RequestAtAgent(msgspec.Struct, frozen=True):
    """Ask for cash at an agent."""

    user_id: UUID
    agent_id: UUID
    amount: int
    key: str


class ReadPickupCode(msgspec.Struct, frozen=True):
    """Read what the agent will ask for."""

    transaction_id: UUID
    amount: int


class Transfer(msgspec.Struct, frozen=True):
    """Send money."""

    to_phone: str
    amount: int
    key: str

    def __repr__(self) -> str:
        return f"Transfer({self.amount})"


class Cancel(msgspec.Struct, frozen=True):
    """Give a withdrawal up."""

    transaction_id: UUID
    key: str


class Approve(msgspec.Struct, frozen=True):
    """Say that it is the owner who stands at the machine."""

    transaction_id: UUID


class ReadStatus(msgspec.Struct, frozen=True):
    """Read how a withdrawal stands."""

    transaction_id: UUID


Reading = ReadBalance | ReadWallet | ReadHistory | ReadPickupCode | ReadStatus
Moving = RequestCode | RequestAtAgent | Transfer | Cancel | Approve
Order = SignIn | Listen | Reading | Moving


class ReplyLost(msgspec.Struct, frozen=True):
    """Nothing came back to this order."""

    order: Order


Event = (
    KeyPressed
    | ErasePressed
    | EnterPressed
    | PinTyped
    | TotpFilled
    | SignedIn
    | BalanceWanted
    | BalanceCame
    | WalletCame
    | HistoryWanted
    | HistoryCame
    | CashWanted
    | AgentCashWanted
    | CodeCame
    | RequestMade
    | TransferWanted
    | Sent
    | StatusWanted
    | StatusCame
    | CancelPressed
    | Cancelled
    | ApprovePressed
    | Approved
    | Pushed
    | LineLost
    | LineBack
    | WasRefused
    | ReplyLost
)
