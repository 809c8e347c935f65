"""The Vinti4 switch as we imagine it: routes an ATM's requests to the issuer, each at most once.

Every request of an ATM becomes one trace (STAN, RRN), whatever is repeated on either side. Advices
are stored and forwarded until the issuer has answered each; one that is stuck does not hold up the
others, and one that cannot be delivered is laid aside early, where somebody sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from random import Random

import msgspec
from msgspec.structs import replace

from simulator.machines.messages import (
    Advice,
    Origin,
    Reason,
    Response,
    ReversalAdvice,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.machines.table import Table

ASKED_MAX = 5_000  # operations that it remembers; the oldest are forgotten first
FORESTALLED_MAX = 500  # reversals whose request may still come
AUTHORISATION_TRIES_MAX = 3
ADVICE_TRIES_MAX = 12
BACKOFF_FIRST_SECONDS = 0.2
BACKOFF_MAX_SECONDS = 30.0
STAN_MAX = 10**6
SERIAL_MAX = 10**6


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """What names one authorisation towards the issuer, in every message about it."""

    acquirer_id: str
    terminal_id: str
    stan: str
    rrn: str
    local_date: date


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request of an ATM. The request itself, with the code in it, goes once it is answered."""

    trace: Trace
    amount: int
    tries: int = 1
    request: WithdrawalRequest | None
    reply: WithdrawalReply | None = None
    advised: tuple[Advice, ...] = ()


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An advice that the issuer has not answered yet. `due` is None while it is on its way."""

    trace: Trace
    advice: Advice
    tries: int = 1
    due: datetime | None = None


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """What the switch knows: in earnest all of it on disk before a message leaves."""

    acquirer_id: str
    stan: int
    serial: int
    asked: Mapping[Origin, Asked] = {}
    forestalled: tuple[Origin, ...] = ()  # reversed before they were asked
    stored: tuple[Stored, ...] = ()
    laid_aside: tuple[Stored, ...] = ()
    forwarded: int = 0  # messages that went to the issuer, repeats too


class AtmAsked(msgspec.Struct, frozen=True):
    """0200 came in, perhaps not for the first time."""

    request: WithdrawalRequest


class IssuerAnswered(msgspec.Struct, frozen=True):
    """The issuer has decided about this request."""

    origin: Origin
    response_code: str
    approval_code: str | None = None


class IssuerSilent(msgspec.Struct, frozen=True):
    """No answer to this request that can be believed."""

    origin: Origin


class AtmAdvised(msgspec.Struct, frozen=True):
    """0220 or 0420 came in, perhaps not for the first time."""

    advice: Advice


class AdviceAnswered(msgspec.Struct, frozen=True):
    """The issuer has this advice."""

    advice: Advice


class AdviceSilent(msgspec.Struct, frozen=True):
    """It may have it, or not."""

    advice: Advice


class AdviceRefused(msgspec.Struct, frozen=True):
    """It will never take it as it is: repeating would not help."""

    advice: Advice


class ResendPressed(msgspec.Struct, frozen=True):
    """Somebody has looked at what was laid aside, and sends it again."""


class Woken(msgspec.Struct, frozen=True):
    """Some time has passed."""


Event = (
    AtmAsked
    | IssuerAnswered
    | IssuerSilent
    | AtmAdvised
    | AdviceAnswered
    | AdviceSilent
    | AdviceRefused
    | ResendPressed
    | Woken
)


class Authorise(msgspec.Struct, frozen=True):
    """Ask the issuer."""

    trace: Trace
    request: WithdrawalRequest


class ReplyToAtm(msgspec.Struct, frozen=True):
    """0210 to the terminal that asked."""

    reply: WithdrawalReply


class Forward(msgspec.Struct, frozen=True):
    """Send an advice to the issuer."""

    trace: Trace
    advice: Advice


class WakeAt(msgspec.Struct, frozen=True):
    """Come back then."""

    due: datetime


Order = Authorise | ReplyToAtm | Forward | WakeAt
Outcome = tuple[Switch, tuple[Order, ...]]


def opened(acquirer_id: str, dice: Random) -> Switch:
    """A switch that goes on counting somewhere: after a restart no trace may come twice."""
    return Switch(
        acquirer_id=acquirer_id, stan=dice.randrange(STAN_MAX), serial=dice.randrange(SERIAL_MAX)
    )


def step(switch: Switch, event: Event, now: datetime) -> Outcome:
    """What becomes of the switch, and what it wants done."""
    return TABLE[type(event)](switch, event, now)


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
    asked = Asked(trace=trace, amount=request.amount, request=request)
    after = replace(
        _with(switch, request.origin, asked),
        stan=(switch.stan + 1) % STAN_MAX,
        serial=(switch.serial + 1) % SERIAL_MAX,
        forwarded=switch.forwarded + 1,
    )
    return after, (Authorise(trace, request),)


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


def _silent(switch: Switch, event: IssuerSilent, _now: datetime) -> Outcome:
    """Ask again with the same trace; at last tell the customer no, and take back what the issuer
    may have approved. The reversal is stored before the customer hears anything."""
    known = switch.asked.get(event.origin)
    if known is None or known.reply is not None:
        return switch, ()
    assert known.request is not None, "what is not answered is kept"
    if known.tries < AUTHORISATION_TRIES_MAX:
        again = replace(known, tries=known.tries + 1)
        after = replace(_with(switch, event.origin, again), forwarded=switch.forwarded + 1)
        return after, (Authorise(known.trace, known.request),)
    declined, replies = _reply(switch, event.origin, known, Response.ISSUER_UNAVAILABLE)
    reversal = ReversalAdvice(origin=event.origin, amount=0, reason=Reason.TIMED_OUT)
    after, forwards = _store(declined, declined.asked[event.origin], reversal)
    return after, (*forwards, *replies)


def _atm_advised(switch: Switch, event: AtmAdvised, _now: datetime) -> Outcome:
    """Always accepted. What concerns nothing that was approved has nothing to tell the issuer; a
    reversal beats a request that comes after it."""
    advice = event.advice
    known = switch.asked.get(advice.origin)
    if known is None:
        beaten = (*switch.forestalled[1 - FORESTALLED_MAX :], advice.origin)
        return replace(switch, forestalled=beaten), ()
    if known.reply is None:  # the machine gives up first: whatever the issuer says comes too late
        switch, _ = _reply(switch, advice.origin, known, Response.LATE)
        return _store(switch, switch.asked[advice.origin], advice)
    return _store(switch, known, advice) if known.reply.approved else (switch, ())


def _advice_answered(switch: Switch, event: AdviceAnswered, _now: datetime) -> Outcome:
    left = tuple(each for each in switch.stored if each.advice != event.advice)
    return replace(switch, stored=left), ()


def _advice_silent(switch: Switch, event: AdviceSilent, now: datetime) -> Outcome:
    known = next((each for each in switch.stored if each.advice == event.advice), None)
    if known is None:
        return switch, ()
    if known.tries >= ADVICE_TRIES_MAX:
        return _lay_aside(switch, known)
    pause = min(BACKOFF_FIRST_SECONDS * 2 ** (known.tries - 1), BACKOFF_MAX_SECONDS)
    waiting = replace(known, due=now + timedelta(seconds=pause))
    assert waiting.due is not None, "it was just set"
    return _put(switch, waiting), (WakeAt(waiting.due),)


def _advice_refused(switch: Switch, event: AdviceRefused, _now: datetime) -> Outcome:
    known = next((each for each in switch.stored if each.advice == event.advice), None)
    return (switch, ()) if known is None else _lay_aside(switch, known)


def _resend_pressed(switch: Switch, _event: ResendPressed, now: datetime) -> Outcome:
    again = tuple(replace(each, tries=0, due=now) for each in switch.laid_aside)
    return _woken(replace(switch, stored=(*switch.stored, *again), laid_aside=()), Woken(), now)


def _woken(switch: Switch, _event: Woken, now: datetime) -> Outcome:
    """Forward whatever is due, each for itself."""
    orders: list[Order] = []
    for each in switch.stored:
        if each.due is not None and each.due <= now:
            switch = _put(switch, replace(each, tries=each.tries + 1, due=None))
            orders.append(Forward(each.trace, each.advice))
    return replace(switch, forwarded=switch.forwarded + len(orders)), tuple(orders)


def _store(switch: Switch, known: Asked, advice: Advice) -> Outcome:
    """Keep it, then send it. The same advice again has been taken care of."""
    if advice in known.advised:
        return switch, ()
    advised = replace(known, advised=(*known.advised, advice))
    after = replace(
        _with(switch, advice.origin, advised),
        stored=(*switch.stored, Stored(trace=known.trace, advice=advice)),
        forwarded=switch.forwarded + 1,
    )
    return after, (Forward(known.trace, advice),)


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
    Woken: _woken,
}
