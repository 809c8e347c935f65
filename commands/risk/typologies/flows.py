"""Money that only passes through: in and out at once, in a circle, from many to one."""

from __future__ import annotations

from collections.abc import Mapping

from commands.risk.activity import number_of, short
from commands.risk.features import DAY, HOUR, Features
from commands.tariff import Operation

Thresholds = Mapping[str, int]
CASH_IN = number_of(Operation.AGENT_CASH_IN)
TRANSFER = number_of(Operation.TRANSFER)


def in_and_out(features: Features, of: Thresholds) -> bool:
    """Cash was paid in minutes ago, and nearly the same amount goes out as cash."""
    recent = features.within(of["seconds"])
    return any(
        operation == CASH_IN and inward and _near(amount, features.amount, of["percent"])
        for operation, inward, amount in zip(
            recent.operation, recent.inward, recent.amount, strict=True
        )
    )


def circular(features: Features, of: Thresholds) -> bool:
    """Nearly the same amount came from the receiver, or from whom the receiver had sent money."""
    receiver = features.receiver
    if receiver is None:
        return False
    margin = features.amount * of["percent"] // 100
    least, most = features.amount - margin, features.amount + margin
    day = features.within(DAY)
    near = [at for at, amount in enumerate(day.amount) if least <= amount <= most]
    if not near:
        return False
    other, inward, operation = day.other, day.inward, day.operation
    senders = {other[at] for at in near if inward[at] and operation[at] == TRANSFER}
    if not senders:
        return False
    if short(receiver.subject) in senders:
        return True
    theirs = features.within(DAY, of=receiver)
    if senders.isdisjoint(theirs.other):  # as a rule; then nobody needs to know the direction
        return False
    return not senders.isdisjoint(theirs.receivers)


def pass_through(features: Features, of: Thresholds) -> bool:
    """Within an hour money came from many, and nearly all of it leaves again: a mule."""
    hour = features.hour
    out = hour.out_minor + features.amount
    if out * 100 < hour.in_minor * of["percent"]:
        return False
    return len(hour.senders) >= of["senders"]


def float_drain(features: Features, of: Thresholds) -> bool:
    """An agent's float goes out within an hour, nearly all of it."""
    activity, left = features.agent_activity, features.float_minor
    if activity is None or left is None:
        return False
    gone = features.amount + features.within(HOUR, of=activity).out_minor
    had = left + gone - features.amount
    return gone >= of["least_minor"] and gone * 100 >= had * of["percent"]


def self_dealing(features: Features, of: Thresholds) -> bool:
    """One wallet is most of what an agent does: the agent serves itself."""
    activity = features.agent_activity
    others = () if activity is None else activity.recent.other
    if len(others) < of["least_count"]:
        return False
    mine = others.count(short(features.wallet.subject))
    return (mine + 1) * 100 >= (len(others) + 1) * of["percent"]


def _near(amount: int, other: int, percent: int) -> bool:
    return abs(amount - other) * 100 <= other * percent
