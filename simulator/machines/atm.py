"""A cash machine without cards: phone, code and amount are typed, notes and a receipt come out.

    idle ──CashAsked──▶ asking ──approved──▶ paying ──Dispensed──▶ idle
                          └─ declined, or no word in time ─▶ idle

What it does not hold in its cassettes it declines before it asks, so that no code is burnt. Wrong,
expired, used and unknown are one text on the screen: it tells a thief nothing.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from simulator.machines.messages import (
    UNAVAILABLE,
    Advice,
    CompletionAdvice,
    Origin,
    Reason,
    Response,
    ReversalAdvice,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.machines.notes import Notes, fewest, less, nearest, total
from simulator.machines.table import Table
from simulator.words import COUNTRY, escudos, local_time, masked

WELCOME = "Levantamento sem cartão: marque telefone, código e montante."
WAIT = "Aguarde, por favor."
TAKE_NOTES = "Retire as suas notas e o talão."
NOT_ACCEPTED = "Dados não aceites. Confirme telefone, código e montante."
CONFIRM_FIRST = "Confirme na app e repita."
OUT_OF_SERVICE = "Serviço indisponível. Não foi pago nada; tente mais tarde."
NOTHING_PAID = "Não foi possível pagar. O seu dinheiro volta à carteira."


class Stage(StrEnum):
    """Where the machine is with its customer."""

    IDLE = "idle"
    ASKING = "asking"
    PAYING = "paying"


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """O talão."""

    terminal_id: str
    place: str
    printed_at: datetime
    phone: str
    asked: int
    paid: int
    rrn: str
    approval_code: str

    def lines(self) -> tuple[str, ...]:
        """As it is printed."""
        return (
            f"{self.terminal_id}  {self.place}".rstrip(),
            local_time(self.printed_at),
            f"Levantamento sem cartão {masked(self.phone)}",
            f"Montante pago  {escudos(self.paid)}",
            *((f"Montante pedido {escudos(self.asked)}",) if self.paid != self.asked else ()),
            f"RRN {self.rrn}  Autorização {self.approval_code}",
        )


class Atm(msgspec.Struct, frozen=True, kw_only=True):
    """The machine. `tray` holds the notes of the last payment until they are taken."""

    terminal_id: str
    place: str
    cassettes: Notes
    sequence: int = 0
    stage: Stage = Stage.IDLE
    screen: str = WELCOME
    request: WithdrawalRequest | None = None
    reply: WithdrawalReply | None = None
    tray: Notes = {}
    receipt: Receipt | None = None
    dispensed: int = 0  # escudos, ever


class CashAsked(msgspec.Struct, frozen=True):
    """A customer has typed it all and pressed CONTINUAR."""

    phone: str
    code: str
    amount: int

    def __repr__(self) -> str:
        return f"CashAsked({self.amount})"


class CassettesLoaded(msgspec.Struct, frozen=True):
    """Somebody has changed the cassettes."""

    notes: Notes


class Replied(msgspec.Struct, frozen=True):
    """The switch has answered."""

    reply: WithdrawalReply


class TimedOut(msgspec.Struct, frozen=True):
    """The switch has not, and the customer will not wait for ever."""

    origin: Origin


class Dispensed(msgspec.Struct, frozen=True):
    """The dispenser is done. These notes went out: all, some or none."""

    notes: Notes


Event = CashAsked | CassettesLoaded | Replied | TimedOut | Dispensed


class Ask(msgspec.Struct, frozen=True):
    """Send it to the switch; tell after a while when no answer came."""

    request: WithdrawalRequest


class Dispense(msgspec.Struct, frozen=True):
    """Count these notes into the tray."""

    notes: Notes


class Advise(msgspec.Struct, frozen=True):
    """Tell the switch what was really paid; it will not be refused."""

    advice: Advice


Order = Ask | Dispense | Advise


def step(atm: Atm, event: Event, now: datetime) -> tuple[Atm, tuple[Order, ...]]:
    """What becomes of the machine, and what it wants done."""
    return TABLE[type(event)](atm, event, now)


def _asked(atm: Atm, event: CashAsked, now: datetime) -> tuple[Atm, tuple[Order, ...]]:
    if atm.stage is not Stage.IDLE:
        return atm, ()
    if fewest(event.amount, atm.cassettes) is None:
        return replace(atm, screen=_offer(event.amount, atm.cassettes), tray={}, receipt=None), ()
    local = now.astimezone(COUNTRY)
    request = WithdrawalRequest(
        origin=Origin(atm.terminal_id, atm.sequence + 1, local.date()),
        local_time=local,
        phone=event.phone,
        code=event.code,
        amount=event.amount,
    )
    asking = replace(
        atm,
        sequence=atm.sequence + 1,
        stage=Stage.ASKING,
        screen=WAIT,
        request=request,
        reply=None,
        tray={},
        receipt=None,
    )
    return asking, (Ask(request),)


def _loaded(atm: Atm, event: CassettesLoaded, _now: datetime) -> tuple[Atm, tuple[Order, ...]]:
    assert atm.stage is Stage.IDLE, "nobody opens a machine that serves a customer"
    return replace(atm, cassettes=event.notes, screen=WELCOME), ()


def _replied(atm: Atm, event: Replied, _now: datetime) -> tuple[Atm, tuple[Order, ...]]:
    reply = event.reply
    if atm.stage is not Stage.ASKING or not _is_current(atm, reply.origin):
        return atm, _undo_late(atm, reply)
    if not reply.approved:
        text = OUT_OF_SERVICE if reply.response_code in UNAVAILABLE else NOT_ACCEPTED
        text = CONFIRM_FIRST if reply.response_code == Response.CONFIRM_FIRST else text
        return replace(atm, stage=Stage.IDLE, screen=text, reply=reply), ()
    assert atm.request is not None, "who is asking has asked for something"
    bundle = fewest(atm.request.amount, atm.cassettes)
    assert bundle is not None, "the cassettes were checked before the switch was asked"
    return replace(atm, stage=Stage.PAYING, reply=reply), (Dispense(bundle),)


def _undo_late(atm: Atm, reply: WithdrawalReply) -> tuple[Order, ...]:
    """An approval for a customer who has gone. While one is paid, its repeat changes nothing."""
    if not reply.approved or _is_current(atm, reply.origin):
        return ()
    return (Advise(ReversalAdvice(origin=reply.origin, amount=0, reason=Reason.UNDELIVERABLE)),)


def _timed_out(atm: Atm, event: TimedOut, _now: datetime) -> tuple[Atm, tuple[Order, ...]]:
    if atm.stage is not Stage.ASKING or not _is_current(atm, event.origin):
        return atm, ()
    gone = replace(atm, stage=Stage.IDLE, screen=OUT_OF_SERVICE, request=None)
    advice = ReversalAdvice(origin=event.origin, amount=0, reason=Reason.TIMED_OUT)
    return gone, (Advise(advice),)


def _dispensed(atm: Atm, event: Dispensed, now: datetime) -> tuple[Atm, tuple[Order, ...]]:
    assert atm.stage is Stage.PAYING, "notes only go out when they were ordered"
    request, reply = atm.request, atm.reply
    assert request is not None and reply is not None, "who pays was asked and has been approved"
    paid = total(event.notes)
    done = replace(
        atm,
        stage=Stage.IDLE,
        screen=_paid_text(paid, request.amount),
        cassettes=less(atm.cassettes, event.notes),
        tray=event.notes,
        dispensed=atm.dispensed + paid,
        receipt=_receipt(atm, request, reply, paid, now) if paid else None,
    )
    return done, (Advise(_advice(request, paid)),)


def _advice(request: WithdrawalRequest, paid: int) -> Advice:
    if paid == request.amount:
        return CompletionAdvice(origin=request.origin, amount=paid)
    reason = Reason.PAID_IN_PART if paid else Reason.NOTHING_PAID
    return ReversalAdvice(origin=request.origin, amount=paid, reason=reason)


def _receipt(
    atm: Atm, request: WithdrawalRequest, reply: WithdrawalReply, paid: int, now: datetime
) -> Receipt:
    return Receipt(
        terminal_id=atm.terminal_id,
        place=atm.place,
        printed_at=now,
        phone=request.phone,
        asked=request.amount,
        paid=paid,
        rrn=reply.rrn,
        approval_code=reply.approval_code or "",
    )


def _is_current(atm: Atm, origin: Origin) -> bool:
    return atm.request is not None and atm.request.origin == origin


def _paid_text(paid: int, asked: int) -> str:
    if paid == asked:
        return TAKE_NOTES
    if paid == 0:
        return NOTHING_PAID
    return f"Foi pago só {escudos(paid)}. O resto volta à sua carteira."


def _offer(amount: int, cassettes: Notes) -> str:
    others = " ou ".join(escudos(each) for each in nearest(amount, cassettes))
    text = f"Esta máquina não pode pagar {escudos(amount)}."
    return f"{text} Pode pedir um código para {others}." if others else text


TABLE: Table = {
    CashAsked: _asked,
    CassettesLoaded: _loaded,
    Replied: _replied,
    TimedOut: _timed_out,
    Dispensed: _dispensed,
}
