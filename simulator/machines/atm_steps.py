"""What becomes of a cash machine with each event, and what it then wants done."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from simulator.machines import atm as machine
from simulator.machines import atm_line, dialogue
from simulator.machines.atm import Atm, Stage
from simulator.machines.dialogue import Dialogue
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
    following,
)
from simulator.machines.notes import fewest, less, more, total
from simulator.machines.receipt import Receipt
from simulator.machines.store import Advise
from simulator.machines.table import Table
from simulator.words import COUNTRY, Text, money

KEY_SECONDS = 60.0  # for the customer to press the next key
TAKE_SECONDS = 30.0  # before notes that nobody takes are drawn in

Outcome = tuple[Atm, tuple[machine.Order, ...]]


def step(atm: Atm, event: machine.Event, now: datetime) -> Outcome:
    """What becomes of the machine, and what it wants done."""
    after, orders = TABLE[type(event)](atm, event, now)
    return atm_line.kept(after, orders)


def _key_pressed(atm: Atm, event: machine.KeyPressed, _now: datetime) -> Outcome:
    return _awaiting_key(atm, dialogue.digit(atm, event.key))


def _continue_pressed(atm: Atm, _event: machine.ContinuePressed, now: datetime) -> Outcome:
    if atm.stage is Stage.IDLE and atm.dialogue is Dialogue.CONFIRM:
        return _asked(atm, machine.CashAsked(atm.phone, atm.code, atm.amount), now)
    return _awaiting_key(atm, dialogue.go_on(atm))


def _correct_pressed(atm: Atm, _event: machine.CorrectPressed, _now: datetime) -> Outcome:
    return _awaiting_key(atm, dialogue.correct(atm))


def _cancel_pressed(atm: Atm, _event: machine.CancelPressed, _now: datetime) -> Outcome:
    return _awaiting_key(atm, dialogue.cancel(atm))


def _side_pressed(atm: Atm, event: machine.SidePressed, now: datetime) -> Outcome:
    """As a press of the key that it stands for. One without a label does nothing."""
    if atm.side_keys[event.number - 1] is None:
        return atm, ()
    if atm.dialogue is Dialogue.CONFIRM and event.number == dialogue.CONTINUE_KEY:
        return _continue_pressed(atm, machine.ContinuePressed(), now)
    return _awaiting_key(atm, dialogue.side(atm, event.number))


def _awaiting_key(before: Atm, after: Atm) -> Outcome:
    """While the machine works for a customer no key does anything."""
    if before.stage is not Stage.IDLE:
        return before, ()
    if after.dialogue is Dialogue.WELCOME:
        return after, ()
    waiting = replace(after, token=after.token + 1)
    return waiting, (machine.AwaitKey(KEY_SECONDS, waiting.token),)


def _language_chosen(atm: Atm, event: machine.LanguageChosen, _now: datetime) -> Outcome:
    return replace(atm, language=event.language), ()


def _asked(atm: Atm, event: machine.CashAsked, now: datetime) -> Outcome:
    if atm.stage is not Stage.IDLE:
        return atm, ()
    atm = replace(dialogue.free(atm), taken={}, receipt=None)
    if fewest(event.amount, atm.cassettes) is None:
        return replace(atm, screen=dialogue.offer(event.amount, atm.cassettes)), ()
    local = now.astimezone(COUNTRY)
    request = WithdrawalRequest(
        origin=Origin(atm.terminal_id, following(atm.sequence), local.date()),
        local_time=local,
        phone=event.phone,
        code=event.code,
        amount=event.amount,
    )
    asking = replace(
        atm,
        sequence=following(atm.sequence),
        stage=Stage.ASKING,
        screen=machine.WAIT,
        request=request,
        reply=None,
    )
    return asking, (machine.Ask(request),)


def _loaded(atm: Atm, event: machine.CassettesLoaded, _now: datetime) -> Outcome:
    if atm.stage is not Stage.IDLE:
        return atm, ()
    loaded = atm.loaded + total(event.notes) - total(atm.cassettes)
    return replace(dialogue.free(atm), cassettes=event.notes, loaded=loaded), ()


def _replied(atm: Atm, event: machine.Replied, _now: datetime) -> Outcome:
    reply = event.reply
    if atm.stage is not Stage.ASKING or not _is_current(atm, reply.origin):
        return atm, _undo_late(atm, reply)
    assert atm.request is not None, "who is asking has asked for something"
    heard = replace(atm, reply=reply, request=replace(atm.request, code=""))
    if not reply.approved:
        return replace(heard, stage=Stage.IDLE, screen=_declined(reply)), _undo_garbled(reply)
    bundle = fewest(atm.request.amount, atm.cassettes)
    assert bundle is not None, "the cassettes were checked before the switch was asked"
    return replace(heard, stage=Stage.PAYING), (machine.Dispense(bundle),)


def _declined(reply: WithdrawalReply) -> Text:
    if reply.response_code == Response.CONFIRM_FIRST:
        return machine.CONFIRM_FIRST
    unavailable = reply.response_code in UNAVAILABLE
    return machine.OUT_OF_SERVICE if unavailable else machine.NOT_ACCEPTED


def _undo_garbled(reply: WithdrawalReply) -> tuple[machine.Order, ...]:
    """The switch could not read the request, but may have had a copy of it that it could."""
    if reply.response_code != Response.FORMAT_ERROR:
        return ()
    return (Advise(ReversalAdvice(origin=reply.origin, amount=0, reason=Reason.TIMED_OUT)),)


def _undo_late(atm: Atm, reply: WithdrawalReply) -> tuple[machine.Order, ...]:
    """An approval for a customer who has gone, perhaps after another answer: a copy of the request
    was garbled. While one is paid, its repeat changes nothing."""
    pays = atm.stage is not Stage.IDLE and _is_current(atm, reply.origin)
    if not reply.approved or pays or atm_line.is_answered(atm, reply.origin):
        return ()
    return (Advise(ReversalAdvice(origin=reply.origin, amount=0, reason=Reason.UNDELIVERABLE)),)


def _timed_out(atm: Atm, event: machine.TimedOut, _now: datetime) -> Outcome:
    if atm.stage is not Stage.ASKING or not _is_current(atm, event.origin):
        return atm, ()
    gone = replace(atm, stage=Stage.IDLE, screen=machine.OUT_OF_SERVICE, request=None)
    advice = ReversalAdvice(origin=event.origin, amount=0, reason=Reason.TIMED_OUT)
    return gone, (Advise(advice),)


def _dispensed(atm: Atm, event: machine.Dispensed, _now: datetime) -> Outcome:
    assert atm.stage is Stage.PAYING, "notes only go out when they were ordered"
    if not total(event.notes):
        return _nothing_paid(replace(atm, screen=machine.NOTHING_PAID))
    presenting = replace(
        atm,
        stage=Stage.PRESENTING,
        screen=machine.TAKE_NOTES,
        cassettes=less(atm.cassettes, event.notes),
        tray=event.notes,
        token=atm.token + 1,
    )
    return presenting, (machine.AwaitTaking(TAKE_SECONDS, presenting.token),)


def _notes_taken(atm: Atm, _event: machine.NotesTaken, now: datetime) -> Outcome:
    if atm.stage is not Stage.PRESENTING:
        return atm, ()
    request, reply = atm.request, atm.reply
    assert request is not None and reply is not None, "who pays was asked and has been approved"
    paid = total(atm.tray)
    in_part = machine.PAID_IN_PART.filled(amount=money(paid))
    done = replace(
        atm,
        stage=Stage.IDLE,
        screen=machine.THANKS if paid == request.amount else in_part,
        tray={},
        taken=atm.tray,
        dispensed=atm.dispensed + paid,
        receipt=_receipt(atm, request, reply, paid, now),
    )
    return done, (Advise(_advice(request, paid)),)


def _waited_too_long(atm: Atm, event: machine.WaitedTooLong, _now: datetime) -> Outcome:
    """Notes that lie in the tray are drawn in, and the customer keeps the money."""
    if event.token != atm.token:
        return atm, ()
    if atm.stage is Stage.PRESENTING:
        bin_ = more(atm.retracted, atm.tray)
        return _nothing_paid(replace(atm, retracted=bin_, tray={}, screen=machine.DRAWN_IN))
    if atm.stage is Stage.IDLE and atm.dialogue is not Dialogue.WELCOME:
        return replace(dialogue.free(atm), screen=dialogue.NO_ANSWER), ()
    return atm, ()


def _nothing_paid(atm: Atm) -> Outcome:
    assert atm.request is not None, "who pays was asked"
    return replace(atm, stage=Stage.IDLE), (Advise(_advice(atm.request, 0)),)


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


TABLE: Table = {
    machine.KeyPressed: _key_pressed,
    machine.ContinuePressed: _continue_pressed,
    machine.CorrectPressed: _correct_pressed,
    machine.CancelPressed: _cancel_pressed,
    machine.SidePressed: _side_pressed,
    machine.LanguageChosen: _language_chosen,
    machine.CashAsked: _asked,
    machine.CassettesLoaded: _loaded,
    machine.Replied: _replied,
    machine.TimedOut: _timed_out,
    machine.Dispensed: _dispensed,
    machine.NotesTaken: _notes_taken,
    machine.WaitedTooLong: _waited_too_long,
    **atm_line.TABLE,
}
