"""The Vinti4 switch as we imagine it: what it knows, what it hears and what it orders.

Every request of an ATM becomes one trace (STAN, RRN), whatever is repeated on either side. Advices
are stored and forwarded until the issuer has answered each; one that is stuck does not hold up the
others, and one that cannot be delivered is laid aside early, where somebody sees it. The day's
operations go out in one file at the cut-off.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from random import Random

import msgspec

from simulator.machines import business_day
from simulator.machines.business_day import Day, DayFile, Trace
from simulator.machines.messages import Advice, Origin, WithdrawalReply, WithdrawalRequest

STAN_MAX = 10**6
SERIAL_MAX = 10**6


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request of an ATM. The request itself, with the code in it, goes once it is answered."""

    trace: Trace
    amount: int
    at: datetime
    tries: int = 1
    request: WithdrawalRequest | None
    reply: WithdrawalReply | None = None
    advised: tuple[Advice, ...] = ()


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An advice that the issuer has not answered yet. `due` is None while it is on its way."""

    trace: Trace
    advice: Advice
    settlement_date: date
    tries: int = 1
    due: datetime | None = None


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """Files of days that are over, oldest first: one after the other, as their numbers say. `due`
    is None while one is on its way, and while the first is stuck."""

    files: tuple[DayFile, ...] = ()
    tries: int = 0  # of the first, without an answer
    refusals: int = 0  # of the first
    due: datetime | None = None
    stuck: bool = False  # makeba will not have it: somebody has to look
    taken_in: int = 0
    breaks: int = 0  # that makeba has found in all of those


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
    day: Day
    outgoing: Outgoing = Outgoing()

    @property
    def waits_for_somebody(self) -> bool:
        """Whether something lies there until somebody looks at it: ResendPressed."""
        return bool(self.laid_aside) or self.outgoing.stuck


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


class CutOffPressed(msgspec.Struct, frozen=True):
    """Somebody wants a file of the business day now."""


class NewestCame(msgspec.Struct, frozen=True):
    """The number of the last file that makeba has of us; 0 when there is none."""

    number: int


class NewestSilent(msgspec.Struct, frozen=True):
    """Nobody said."""


class FileTaken(msgspec.Struct, frozen=True, kw_only=True):
    """makeba has matched the whole file; so many breaks it has found."""

    number: int
    breaks: int = 0


class FileSilent(msgspec.Struct, frozen=True):
    """It may have it, or not."""

    number: int


class FileRefused(msgspec.Struct, frozen=True):
    """It was found wrong: nothing of it was posted."""

    number: int
    why: str


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
    | CutOffPressed
    | NewestCame
    | NewestSilent
    | FileTaken
    | FileSilent
    | FileRefused
    | Woken
)


class Authorise(msgspec.Struct, frozen=True):
    """Ask the issuer."""

    trace: Trace
    request: WithdrawalRequest
    settlement_date: date


class ReplyToAtm(msgspec.Struct, frozen=True):
    """0210 to the terminal that asked."""

    reply: WithdrawalReply


class Forward(msgspec.Struct, frozen=True):
    """Send an advice to the issuer."""

    trace: Trace
    advice: Advice
    settlement_date: date


class AskNewest(msgspec.Struct, frozen=True):
    """Which file of ours does makeba have last?"""


class SendFile(msgspec.Struct, frozen=True):
    """Bring it a file."""

    file: DayFile


class WakeAt(msgspec.Struct, frozen=True):
    """Come back then."""

    due: datetime


Order = Authorise | ReplyToAtm | Forward | AskNewest | SendFile | WakeAt
Outcome = tuple[Switch, tuple[Order, ...]]


def opened(acquirer_id: str, dice: Random, now: datetime) -> Switch:
    """A switch that goes on counting somewhere: after a restart no trace may come twice."""
    return Switch(
        acquirer_id=acquirer_id,
        stan=dice.randrange(STAN_MAX),
        serial=dice.randrange(SERIAL_MAX),
        day=business_day.opened(now),
    )
