"""The customer's app: signs in, shows the balance, asks for codes, cancels.

Each order that moves money has a key of its own. When its reply gets lost the same order goes out
again under the same key, so that nothing happens twice.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from simulator.machines.table import Table

LOST_REPLIES_MAX = 3

SIGNED_OUT = "Entre com o seu PIN."
SIGNED_IN = "Bem-vindo."
WAIT = "Um momento…"
WARNING = "Este código entrega o SEU dinheiro. Ninguém precisa dele para lhe pagar."
NO_NETWORK = "Sem ligação. Veja o seu saldo antes de tentar de novo."
CANCELLED = "Levantamento anulado. O dinheiro está de volta."
TEXTS = {
    "INSUFFICIENT_FUNDS": "Saldo insuficiente.",
    "WITHDRAWAL_PENDING": "Já tem um código de levantamento. Use-o ou anule-o.",
    "IDEMPOTENCY_CONFLICT": "Este pedido já foi feito com outro montante.",
    "CODE_EXPIRED": "O código já não é válido.",
    "LIMIT_EXCEEDED": "Montante fora dos limites.",
    "UNAUTHENTICATED": "Entre de novo com o seu PIN.",
}
NOT_POSSIBLE = "Não foi possível."
STATUS_TEXTS = {
    "active": "O código está à espera da máquina.",
    "authorised": "A máquina está a pagar.",
    "in_doubt": "Estamos a confirmar com a máquina o que foi pago.",
    "completed": "Levantamento concluído.",
    "reversed": "A máquina não pagou. O dinheiro está de volta.",
    "released": "A máquina não pagou. O dinheiro está de volta.",
    "expired": "O código expirou. O dinheiro está de volta.",
    "locked": "Código bloqueado após três tentativas. O dinheiro está de volta.",
    "cancelled": CANCELLED,
    "pending": "O agente foi avisado.",
    "confirmed": "Levantamento no agente concluído.",
    "refused": "O agente não pode pagar. O dinheiro está de volta.",
    "lapsed": "O pedido expirou. O dinheiro está de volta.",
}
UNDER_WAY = ("active", "authorised", "in_doubt", "pending")


class LiveCode(msgspec.Struct, frozen=True, kw_only=True):
    """What the screen shows big: um código de levantamento, or one for the agent's counter."""

    code: str
    amount: int
    transaction_id: UUID
    expiry_time: datetime

    def __repr__(self) -> str:
        return f"LiveCode({self.transaction_id})"


class Phone(msgspec.Struct, frozen=True, kw_only=True):
    """The app and what it shows. `refused` is the error code of the last refusal."""

    number: str
    user_id: UUID | None = None
    balance: Decimal | None = None
    held: Decimal | None = None
    live: LiveCode | None = None
    pending: UUID | None = None  # a withdrawal that can be cancelled
    newest: UUID | None = None  # the withdrawal that was last asked for
    status: str | None = None  # of that one
    wanted: int = 0
    replayed: bool = False
    lost: int = 0  # replies to the order that is under way
    refused: str | None = None
    screen: str = SIGNED_OUT


class PinTyped(msgspec.Struct, frozen=True):
    """The customer signs in."""

    pin: str

    def __repr__(self) -> str:
        return "PinTyped()"


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


class ReadBalance(msgspec.Struct, frozen=True):
    """Read the balance."""


class ReadWallet(msgspec.Struct, frozen=True):
    """Read balance and what is held."""


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


class Cancel(msgspec.Struct, frozen=True):
    """Give a withdrawal up."""

    transaction_id: UUID
    key: str


class ReadStatus(msgspec.Struct, frozen=True):
    """Read how a withdrawal stands."""

    transaction_id: UUID


Reading = ReadBalance | ReadWallet | ReadPickupCode | ReadStatus
Order = SignIn | RequestCode | RequestAtAgent | Cancel | Reading


class ReplyLost(msgspec.Struct, frozen=True):
    """Nothing came back to this order."""

    order: Order


Event = (
    PinTyped
    | SignedIn
    | BalanceWanted
    | BalanceCame
    | WalletCame
    | CashWanted
    | AgentCashWanted
    | CodeCame
    | RequestMade
    | StatusWanted
    | StatusCame
    | CancelPressed
    | Cancelled
    | WasRefused
    | ReplyLost
)
Outcome = tuple[Phone, tuple[Order, ...]]


def step(phone: Phone, event: Event, now: datetime) -> Outcome:
    """What becomes of the app, and what it wants done."""
    return TABLE[type(event)](phone, event, now)


def _pin_typed(phone: Phone, event: PinTyped, _now: datetime) -> Outcome:
    return _begin(phone), (SignIn(phone.number, event.pin),)


def _signed_in(phone: Phone, event: SignedIn, _now: datetime) -> Outcome:
    return replace(phone, user_id=event.user_id, screen=SIGNED_IN), (ReadWallet(),)


def _balance_wanted(phone: Phone, _event: BalanceWanted, _now: datetime) -> Outcome:
    return phone, (ReadBalance(),)


def _balance_came(phone: Phone, event: BalanceCame, _now: datetime) -> Outcome:
    return replace(phone, balance=event.balance), ()


def _wallet_came(phone: Phone, event: WalletCame, _now: datetime) -> Outcome:
    return replace(phone, balance=event.balance, held=event.held), ()


def _cash_wanted(phone: Phone, event: CashWanted, _now: datetime) -> Outcome:
    if phone.user_id is None:
        return replace(phone, screen=SIGNED_OUT), ()
    order = RequestCode(phone.user_id, event.amount, event.key)
    return replace(_begin(phone), wanted=event.amount), (order,)


def _agent_cash_wanted(phone: Phone, event: AgentCashWanted, _now: datetime) -> Outcome:
    if phone.user_id is None:
        return replace(phone, screen=SIGNED_OUT), ()
    order = RequestAtAgent(phone.user_id, event.agent_id, event.amount, event.key)
    return replace(_begin(phone), wanted=event.amount), (order,)


def _code_came(phone: Phone, event: CodeCame, _now: datetime) -> Outcome:
    shown = replace(
        phone,
        live=event.live,
        pending=event.live.transaction_id,
        newest=event.live.transaction_id,
        replayed=event.replayed,
        screen=WARNING,
    )
    return shown, (ReadWallet(),)


def _request_made(phone: Phone, event: RequestMade, _now: datetime) -> Outcome:
    waiting = replace(phone, pending=event.transaction_id)
    return waiting, (ReadPickupCode(event.transaction_id, phone.wanted),)


def _status_wanted(phone: Phone, _event: StatusWanted, _now: datetime) -> Outcome:
    return phone, () if phone.newest is None else (ReadStatus(phone.newest), ReadWallet())


def _status_came(phone: Phone, event: StatusCame, _now: datetime) -> Outcome:
    """What is over is not shown as a code any more, and cannot be cancelled."""
    told = replace(phone, status=event.status, screen=STATUS_TEXTS.get(event.status, event.status))
    if event.status in UNDER_WAY or phone.pending != event.transaction_id:
        return told, ()
    return replace(told, live=None, pending=None), ()


def _cancel_pressed(phone: Phone, event: CancelPressed, _now: datetime) -> Outcome:
    transaction_id = event.transaction_id or phone.pending
    if transaction_id is None:
        return phone, ()
    return _begin(phone), (Cancel(transaction_id, event.key),)


def _cancelled(phone: Phone, _event: Cancelled, _now: datetime) -> Outcome:
    return replace(phone, live=None, pending=None, screen=CANCELLED), (ReadWallet(),)


def _was_refused(phone: Phone, event: WasRefused, _now: datetime) -> Outcome:
    """A withdrawal that is pending can be cancelled, also when its own reply never arrived."""
    pending = event.details.get("transactionId") if event.code == "WITHDRAWAL_PENDING" else None
    told = replace(
        phone,
        refused=event.code,
        screen=TEXTS.get(event.code, NOT_POSSIBLE),
        pending=UUID(pending) if pending else phone.pending,
    )
    return told, ()


def _reply_lost(phone: Phone, event: ReplyLost, _now: datetime) -> Outcome:
    """The same order again, under the same key. Who signs in types the PIN again."""
    if isinstance(event.order, SignIn) or phone.lost >= LOST_REPLIES_MAX:
        return replace(phone, screen=NO_NETWORK, refused="NO_REPLY"), ()
    return replace(phone, lost=phone.lost + 1), (event.order,)


def _begin(phone: Phone) -> Phone:
    return replace(phone, refused=None, replayed=False, lost=0, screen=WAIT)


TABLE: Table = {
    PinTyped: _pin_typed,
    SignedIn: _signed_in,
    BalanceWanted: _balance_wanted,
    BalanceCame: _balance_came,
    WalletCame: _wallet_came,
    CashWanted: _cash_wanted,
    AgentCashWanted: _agent_cash_wanted,
    CodeCame: _code_came,
    RequestMade: _request_made,
    StatusWanted: _status_wanted,
    StatusCame: _status_came,
    CancelPressed: _cancel_pressed,
    Cancelled: _cancelled,
    WasRefused: _was_refused,
    ReplyLost: _reply_lost,
}
