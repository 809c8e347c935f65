"""A cash machine and its line to the switch: sign-on, echo, and the advices that it keeps.

line up ──▶ sign-on (001) ──answered──▶ online: what is stored goes out at once
online ──▶ echo (301) every so often; no answer breaks the line, and it is dialled again
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from simulator.machines import store
from simulator.machines.messages import (
    Advice,
    Network,
    NetworkRequest,
    Origin,
    Reason,
    ReversalAdvice,
    following,
)
from simulator.machines.store import Advise, StoredAdvice
from simulator.machines.table import Table

if TYPE_CHECKING:
    from simulator.machines.atm import Atm

    Outcome = tuple[Atm, tuple[Any, ...]]

ANSWERED_MAX = 200  # origins that it remembers to have told the outcome of


class LineUp(msgspec.Struct, frozen=True):
    """There is a connection to the switch."""


class LineDown(msgspec.Struct, frozen=True):
    """There is none any more."""


class EchoDue(msgspec.Struct, frozen=True):
    """Nobody has asked for a while whether the switch is there."""


class NetworkHeard(msgspec.Struct, frozen=True):
    """0810 came."""

    request: NetworkRequest


class AdviceHeard(msgspec.Struct, frozen=True):
    """0230 or 0430 came: the switch has this advice."""

    advice: Advice


class AdviceUnheard(msgspec.Struct, frozen=True):
    """It may have it, or not."""

    advice: Advice


class StoreWoken(msgspec.Struct, frozen=True):
    """Some time has passed."""


Event = LineUp | LineDown | EchoDue | NetworkHeard | AdviceHeard | AdviceUnheard | StoreWoken


class Manage(msgspec.Struct, frozen=True):
    """Send this; without an answer the line is dead."""

    request: NetworkRequest


class WakeStore(msgspec.Struct, frozen=True):
    """Come back then."""

    due: datetime


Order = Manage | WakeStore | Advise


def kept(atm: Atm, orders: tuple[Any, ...]) -> Outcome:
    """With every new advice in the store, under a number of its own: before it goes out, and before
    the customer sees the screen that goes with it."""
    out: list[Any] = []
    for order in orders:
        if isinstance(order, Advise) and all(each.advice != order.advice for each in atm.store):
            atm = _with(atm, order.advice)
            out.append(replace(order, stan=atm.sequence))
        else:
            out.append(order)
    return atm, tuple(out)


def _with(atm: Atm, advice: Advice) -> Atm:
    stan = following(atm.sequence)
    answered = (*atm.answered[1 - ANSWERED_MAX :], advice.origin)
    return replace(
        atm,
        sequence=stan,
        store=(*atm.store, StoredAdvice(advice=advice, stan=stan)),
        answered=atm.answered if _may_still_come(advice) else answered,
    )


def _may_still_come(advice: Advice) -> bool:
    """Whether an approval may follow that has to be undone as well."""
    return isinstance(advice, ReversalAdvice) and advice.reason is Reason.TIMED_OUT


def is_answered(atm: Atm, origin: Origin) -> bool:
    """Whether the switch was told what came of it: a copy of its approval changes nothing."""
    return origin in atm.answered


def _line_up(atm: Atm, _event: LineUp, _now: datetime) -> Outcome:
    return _managed(atm, Network.SIGN_ON)


def _line_down(atm: Atm, _event: LineDown, _now: datetime) -> Outcome:
    return replace(atm, online=False), ()


def _echo_due(atm: Atm, _event: EchoDue, _now: datetime) -> Outcome:
    return _managed(atm, Network.ECHO) if atm.online else (atm, ())


def _managed(atm: Atm, function: Network) -> Outcome:
    stan = following(atm.sequence)
    request = NetworkRequest(atm.terminal_id, stan, function)
    return replace(atm, sequence=stan), (Manage(request),)


def _network_heard(atm: Atm, event: NetworkHeard, now: datetime) -> Outcome:
    if event.request.function is not Network.SIGN_ON:
        return atm, ()
    online = replace(atm, online=True, store=store.hurried(atm.store, now))
    return _store_woken(online, StoreWoken(), now)


def _advice_heard(atm: Atm, event: AdviceHeard, _now: datetime) -> Outcome:
    return replace(atm, store=store.heard(atm.store, event.advice)), ()


def _advice_unheard(atm: Atm, event: AdviceUnheard, now: datetime) -> Outcome:
    left, due = store.unheard(atm.store, event.advice, now)
    return replace(atm, store=left), () if due is None else (WakeStore(due),)


def _store_woken(atm: Atm, _event: StoreWoken, now: datetime) -> Outcome:
    """Send whatever is due, each for itself, as a repeat under its old number."""
    left, due = store.taken(atm.store, now)
    orders = tuple(Advise(each.advice, each.stan, each.tries - 1) for each in due)
    return replace(atm, store=left), orders


TABLE: Table = {
    LineUp: _line_up,
    LineDown: _line_down,
    EchoDue: _echo_due,
    NetworkHeard: _network_heard,
    AdviceHeard: _advice_heard,
    AdviceUnheard: _advice_unheard,
    StoreWoken: _store_woken,
}
