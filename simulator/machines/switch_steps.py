"""The switch's steps: each request at most once, each advice until it is heard, each day's file."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from simulator.machines.backoff import pause_seconds
from simulator.machines.business_day import Item, Trace, noted
from simulator.machines.messages import (
    Advice,
    Origin,
    Reason,
    Response,
    ReversalAdvice,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.machines.switch import (
    SERIAL_MAX,
    STAN_MAX,
    AdviceAnswered,
    AdviceRefused,
    AdviceSilent,
    Asked,
    AtmAdvised,
    AtmAsked,
    Authorise,
    Event,
    Forward,
    IssuerAnswered,
    IssuerSilent,
    Order,
    Outcome,
    ReplyToAtm,
    ResendPressed,
    Stored,
    Switch,
    WakeAt,
    Woken,
)
from simulator.machines.switch_filing import FILING, cut_off, look_again, send_due
from simulator.machines.table import Table

ASKED_MAX = 5_000  # operations that it remembers; the oldest are forgotten first
FORESTALLED_MAX = 500  # reversals whose request may still come
AUTHORISATION_TRIES_MAX = 3
ADVICE_TRIES_MAX = 12


def step(switch: Switch, event: Event, now: datetime) -> Outcome:
    """What becomes of the switch, and what it wants done. Whatever comes after the cut-off belongs
    to the next business day."""
    switch, filing = cut_off(switch, now) if switch.day.ends_at <= now else (switch, ())
    after, orders = TABLE[type(event)](switch, event, now)
    return after, (*filing, *orders)


def _atm_asked(switch: Switch, event: AtmAsked, now: datetime) -> Outcome:
    request = event.request
    if request.origin in switch.forestalled:
        return switch, (ReplyToAtm(WithdrawalReply(request.origin, Response.LATE, "")),)
    known = switch.asked.get(request.origin)
    if known is not None:
        return switch, _repeated(known, request)
    trace = Trace(
        acquirer_id=switch.acquirer_id,
        terminal_id=request.origin.terminal_id,
        stan=f"{switch.stan:06}",
        rrn=f"{now:%y}"[-1] + f"{now:%j%H}{switch.serial:06}",
        local_date=request.origin.local_date,
    )
    asked = Asked(trace=trace, amount=request.amount, at=now, request=request)
    after = replace(
        _with(switch, request.origin, asked),
        stan=(switch.stan + 1) % STAN_MAX,
        serial=(switch.serial + 1) % SERIAL_MAX,
        forwarded=switch.forwarded + 1,
    )
    return after, (Authorise(trace, request, switch.day.settlement_date),)


def _repeated(known: Asked, request: WithdrawalRequest) -> tuple[Order, ...]:
    """A repeat hears what was answered; while that is not known yet it will be heard anyway."""
    if known.amount != request.amount:
        duplicate = WithdrawalReply(
            origin=request.origin, response_code=Response.DUPLICATE, rrn=known.trace.rrn
        )
        return (ReplyToAtm(duplicate),)
    return () if known.reply is None else (ReplyToAtm(known.reply),)


def _answered(switch: Switch, event: IssuerAnswered, _now: datetime) -> Outcome:
    known = switch.asked.get(event.origin)
    if known is None or known.reply is not None:
        return switch, ()
    return _reply(switch, event.origin, known, event.response_code, event.approval_code)


def _silent(switch: Switch, event: IssuerSilent, now: datetime) -> Outcome:
    """Ask again with the same trace; at last tell the customer no, and take back what the issuer
    may have approved. The reversal is stored before the customer hears anything."""
    known = switch.asked.get(event.origin)
    if known is None or known.reply is not None:
        return switch, ()
    assert known.request is not None, "what is not answered is kept"
    if known.tries < AUTHORISATION_TRIES_MAX:
        again = replace(known, tries=known.tries + 1)
        after = replace(_with(switch, event.origin, again), forwarded=switch.forwarded + 1)
        return after, (Authorise(known.trace, known.request, switch.day.settlement_date),)
    declined, replies = _reply(switch, event.origin, known, Response.ISSUER_UNAVAILABLE)
    reversal = ReversalAdvice(origin=event.origin, amount=0, reason=Reason.TIMED_OUT)
    after, forwards = _store(declined, declined.asked[event.origin], reversal, now)
    return after, (*forwards, *replies)


def _atm_advised(switch: Switch, event: AtmAdvised, now: datetime) -> Outcome:
    """Always accepted. What concerns nothing that was approved has nothing to tell the issuer; a
    reversal beats a request that comes after it."""
    advice = event.advice
    known = switch.asked.get(advice.origin)
    if known is None:
        beaten = (*switch.forestalled[1 - FORESTALLED_MAX :], advice.origin)
        return replace(switch, forestalled=beaten), ()
    if known.reply is None:  # the machine gives up first: whatever the issuer says comes too late
        switch, _ = _reply(switch, advice.origin, known, Response.LATE)
        return _store(switch, switch.asked[advice.origin], advice, now)
    return _store(switch, known, advice, now) if known.reply.approved else (switch, ())


def _advice_answered(switch: Switch, event: AdviceAnswered, _now: datetime) -> Outcome:
    left = tuple(each for each in switch.stored if each.advice != event.advice)
    return replace(switch, stored=left), ()


def _advice_silent(switch: Switch, event: AdviceSilent, now: datetime) -> Outcome:
    known = next((each for each in switch.stored if each.advice == event.advice), None)
    if known is None:
        return switch, ()
    if known.tries >= ADVICE_TRIES_MAX:
        return _lay_aside(switch, known)
    waiting = replace(known, due=now + timedelta(seconds=pause_seconds(known.tries)))
    assert waiting.due is not None, "it was just set"
    return _put(switch, waiting), (WakeAt(waiting.due),)


def _advice_refused(switch: Switch, event: AdviceRefused, _now: datetime) -> Outcome:
    known = next((each for each in switch.stored if each.advice == event.advice), None)
    return (switch, ()) if known is None else _lay_aside(switch, known)


def _resend_pressed(switch: Switch, _event: ResendPressed, now: datetime) -> Outcome:
    again = tuple(replace(each, tries=0, due=now) for each in switch.laid_aside)
    switch = look_again(switch, now)
    return _woken(replace(switch, stored=(*switch.stored, *again), laid_aside=()), Woken(), now)


def _woken(switch: Switch, _event: Woken, now: datetime) -> Outcome:
    """Forward whatever is due, each for itself."""
    switch, filing = send_due(switch, now)
    orders: list[Order] = [*filing]
    for each in switch.stored:
        if each.due is not None and each.due <= now:
            switch = _put(switch, replace(each, tries=each.tries + 1, due=None))
            orders.append(Forward(each.trace, each.advice, each.settlement_date))
    forwarded = switch.forwarded + len(orders) - len(filing)
    return replace(switch, forwarded=forwarded), tuple(orders)


def _store(switch: Switch, known: Asked, advice: Advice, now: datetime) -> Outcome:
    """Keep it, then send it. The same advice again has been taken care of."""
    if advice in known.advised:
        return switch, ()
    advised = replace(known, advised=(*known.advised, advice))
    settlement_date = switch.day.settlement_date
    stored = Stored(trace=known.trace, advice=advice, settlement_date=settlement_date)
    after = replace(
        _with(switch, advice.origin, advised),
        stored=(*switch.stored, stored),
        forwarded=switch.forwarded + 1,
        day=noted(switch.day, _item(known, advice, now)),
    )
    return after, (Forward(known.trace, advice, settlement_date),)


def _item(known: Asked, advice: Advice, now: datetime) -> Item:
    """How the day's file will have it."""
    return Item(
        trace=known.trace,
        approval_code=None if known.reply is None else known.reply.approval_code,
        requested=known.amount,
        paid=advice.amount,
        authorised_at=known.at,
        ended_at=max(known.at, now),  # our clock may have been put back in between
    )


def _reply(
    switch: Switch,
    origin: Origin,
    known: Asked,
    response_code: str,
    approval_code: str | None = None,
) -> Outcome:
    reply = WithdrawalReply(
        origin=origin,
        response_code=response_code,
        rrn=known.trace.rrn,
        approval_code=approval_code,
    )
    answered = replace(known, reply=reply, request=None)
    return _with(switch, origin, answered), (ReplyToAtm(reply),)


def _with(switch: Switch, origin: Origin, asked: Asked) -> Switch:
    kept = dict(switch.asked)
    kept[origin] = asked
    while len(kept) > ASKED_MAX:
        del kept[next(iter(kept))]
    return replace(switch, asked=kept)


def _put(switch: Switch, stored: Stored) -> Switch:
    """Replace what is stored for an advice."""
    kept = (stored if each.advice == stored.advice else each for each in switch.stored)
    return replace(switch, stored=tuple(kept))


def _lay_aside(switch: Switch, stored: Stored) -> Outcome:
    left = tuple(each for each in switch.stored if each.advice != stored.advice)
    aside = replace(stored, due=None)
    return replace(switch, stored=left, laid_aside=(*switch.laid_aside, aside)), ()


TABLE: Table = {
    AtmAsked: _atm_asked,
    IssuerAnswered: _answered,
    IssuerSilent: _silent,
    AtmAdvised: _atm_advised,
    AdviceAnswered: _advice_answered,
    AdviceSilent: _advice_silent,
    AdviceRefused: _advice_refused,
    ResendPressed: _resend_pressed,
    **FILING,
    Woken: _woken,
}
