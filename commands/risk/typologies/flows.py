"""Money that only passes through: in and out at once, in a circle, from many to one."""

from __future__ import annotations

from collections.abc import Mapping

from commands.risk.activity import short
from commands.risk.features import DAY, HOUR, Features
from commands.tariff import Operation

Thresholds = Mapping[str, int]


def in_and_out(features: Features, of: Thresholds) -> bool:
    """Cash was paid in minutes ago, and nearly the same amount goes out as cash."""
    return any(
        past.inward
        and past.operation == Operation.AGENT_CASH_IN
        and _near(past.amount, features.amount, of["percent"])
        for past in features.within(of["seconds"])
    )


def circular(features: Features, of: Thresholds) -> bool:
    """Nearly the same amount came from the receiver, or from whom the receiver had sent money."""
    receiver = features.receiver
    if receiver is None or not features.wallet.recent:
        return False
    amount, since = features.amount, features.now - DAY
    margin = amount * of["percent"] // 100
    least, most = amount - margin, amount + margin
    senders = {
        past.other
        for past in features.wallet.recent
        if past.inward and least <= past.amount <= most
        if past.at >= since and past.operation == Operation.TRANSFER
    }
    if not senders:
        return False
    if short(receiver.subject) in senders:
        return True
    return any(
        not past.inward and past.other in senders for past in features.within(DAY, of=receiver)
    )


def pass_through(features: Features, of: Thresholds) -> bool:
    """Within an hour money came from many, and nearly all of it leaves again: a mule."""
    hour = features.hour
    if hour.senders < of["senders"]:
        return False
    out = hour.out_minor + features.amount
    return out * 100 >= hour.in_minor * of["percent"]


def float_drain(features: Features, of: Thresholds) -> bool:
    """An agent's float goes out within an hour, nearly all of it."""
    activity, left = features.agent_activity, features.float_minor
    if activity is None or left is None:
        return False
    gone = features.amount + sum(
        past.amount for past in features.within(HOUR, of=activity) if not past.inward
    )
    had = left + gone - features.amount
    return gone >= of["least_minor"] and gone * 100 >= had * of["percent"]


def self_dealing(features: Features, of: Thresholds) -> bool:
    """One wallet is most of what an agent does: the agent serves itself."""
    activity = features.agent_activity
    if activity is None or len(activity.recent) < of["least_count"]:
        return False
    me = short(features.wallet.subject)
    mine = sum(past.other == me for past in activity.recent)
    return (mine + 1) * 100 >= (len(activity.recent) + 1) * of["percent"]


def _near(amount: int, other: int, percent: int) -> bool:
    return abs(amount - other) * 100 <= other * percent
