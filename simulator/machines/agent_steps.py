"""What becomes of an agent's till with each event, and what it then wants done."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from simulator.machines import agent as counter
from simulator.machines import notices
from simulator.machines.agent import Till
from simulator.machines.table import Table
from simulator.words import COUNTRY, money

LOST_REPLIES_MAX = 3
Outcome = tuple[Till, tuple[counter.Order, ...]]


def step(till: Till, event: counter.Event, now: datetime) -> Outcome:
    """What becomes of the till, and what it wants done. Any answer says that there is a line."""
    if isinstance(event, ANSWERS) and not till.online:
        till = replace(till, online=True)
    return TABLE[type(event)](till, event, now)


def _pin_typed(till: Till, event: counter.PinTyped, _now: datetime) -> Outcome:
    return _begin(till), (counter.SignIn(till.phone, event.pin),)


def _signed_in(till: Till, _event: counter.SignedIn, now: datetime) -> Outcome:
    return replace(till, open=True, screen=counter.OPEN), (*_look(now), counter.Listen())


def _queue_wanted(till: Till, _event: counter.QueueWanted, _now: datetime) -> Outcome:
    return till, (counter.ReadQueue(),)


def _queue_came(till: Till, event: counter.QueueCame, _now: datetime) -> Outcome:
    return replace(till, queue=event.items), ()


def _float_came(till: Till, event: counter.FloatCame, _now: datetime) -> Outcome:
    return replace(till, float_holds=event.holds), ()


def _name_wanted(till: Till, event: counter.NameWanted, _now: datetime) -> Outcome:
    return replace(_begin(till), customer=None), (counter.ReadName(event.phone),)


def _name_came(till: Till, event: counter.NameCame, _now: datetime) -> Outcome:
    text = counter.IS_IT.filled(name=event.customer.name)
    return replace(till, customer=event.customer, screen=text), ()


def _cash_taken(till: Till, event: counter.CashTaken, _now: datetime) -> Outcome:
    return _begin(till), (counter.CashIn(till.agent_id, event.user_id, event.amount, event.key),)


def _cashed_in(till: Till, event: counter.CashedIn, now: datetime) -> Outcome:
    done = replace(
        till,
        drawer=till.drawer + event.amount,
        earned=till.earned + event.commission,
        newest=event.transaction_id,
        customer=None,
        screen=counter.CASHED_IN.filled(amount=money(event.amount)),
    )
    return done, (_read_float(now),)


def _code_said(till: Till, event: counter.CodeSaid, _now: datetime) -> Outcome:
    """Nothing is confirmed that the drawer cannot pay."""
    request = next((r for r in till.queue if r.transaction_id == event.transaction_id), None)
    if request is None:
        return replace(till, screen=counter.NOBODY), ()
    if request.amount > till.drawer:
        return replace(till, screen=counter.NO_CASH.filled(amount=money(till.drawer))), ()
    return _begin(till), (counter.Confirm(request, event.code, event.key),)


def _confirmed(till: Till, event: counter.Confirmed, now: datetime) -> Outcome:
    request = event.request
    done = replace(
        till,
        drawer=till.drawer - request.amount,
        earned=till.earned + request.commission,
        paid=request.amount,
        newest=request.transaction_id,
        screen=counter.HAND_OVER.filled(amount=money(request.amount)),
    )
    return done, _look(now)


def _refuse_pressed(till: Till, event: counter.RefusePressed, _now: datetime) -> Outcome:
    return _begin(till), (counter.Refuse(event.transaction_id, event.reason, event.key),)


def _request_refused(till: Till, _event: counter.RequestRefused, _now: datetime) -> Outcome:
    return replace(till, screen=counter.REFUSED), (counter.ReadQueue(),)


def _pushed(till: Till, event: counter.Pushed, now: datetime) -> Outcome:
    told = event.told
    return replace(till, notices=notices.told_to_agent(till.notices, told)), _look(now)


def _line_lost(till: Till, _event: counter.LineLost, _now: datetime) -> Outcome:
    return replace(till, online=False), ()


def _line_back(till: Till, _event: counter.LineBack, now: datetime) -> Outcome:
    return replace(till, online=True, lost=0), _look(now)


def _was_refused(till: Till, event: counter.WasRefused, _now: datetime) -> Outcome:
    """Who is not signed in any more has a closed till."""
    stays_open = till.open and event.code != "UNAUTHENTICATED"
    text = counter.TEXTS.get(event.code, counter.NOT_POSSIBLE)
    return replace(till, open=stays_open, refused=event.code, screen=text), ()


def _reply_lost(till: Till, event: counter.ReplyLost, _now: datetime) -> Outcome:
    """The same order again, under the same key."""
    away = replace(till, online=False)
    if not isinstance(event.order, counter.SignIn) and till.lost < LOST_REPLIES_MAX:
        return replace(away, lost=till.lost + 1), (event.order,)
    if isinstance(event.order, counter.ReadQueue | counter.ReadFloat):
        return away, ()
    return replace(away, screen=counter.NO_NETWORK, refused="NO_REPLY"), ()


def _begin(till: Till) -> Till:
    return replace(till, refused=None, lost=0, paid=Decimal(0), screen=counter.WAIT)


def _look(now: datetime) -> tuple[counter.Order, ...]:
    """Who waits, and how much float there is."""
    return (counter.ReadQueue(), _read_float(now))


def _read_float(now: datetime) -> counter.ReadFloat:
    return counter.ReadFloat(now.astimezone(COUNTRY).date())


ANSWERS = (
    counter.SignedIn,
    counter.QueueCame,
    counter.FloatCame,
    counter.NameCame,
    counter.CashedIn,
    counter.Confirmed,
    counter.RequestRefused,
    counter.Pushed,
    counter.WasRefused,
)
TABLE: Table = {
    counter.PinTyped: _pin_typed,
    counter.SignedIn: _signed_in,
    counter.QueueWanted: _queue_wanted,
    counter.QueueCame: _queue_came,
    counter.FloatCame: _float_came,
    counter.NameWanted: _name_wanted,
    counter.NameCame: _name_came,
    counter.CashTaken: _cash_taken,
    counter.CashedIn: _cashed_in,
    counter.CodeSaid: _code_said,
    counter.Confirmed: _confirmed,
    counter.RefusePressed: _refuse_pressed,
    counter.RequestRefused: _request_refused,
    counter.Pushed: _pushed,
    counter.LineLost: _line_lost,
    counter.LineBack: _line_back,
    counter.WasRefused: _was_refused,
    counter.ReplyLost: _reply_lost,
}
