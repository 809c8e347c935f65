"""Too much, too often, with too many: velocity, split amounts, amounts just under a limit."""

from __future__ import annotations

from collections.abc import Mapping

from commands.risk.activity import number_of, short
from commands.risk.features import DAY, Features

Thresholds = Mapping[str, int]


def wallet_velocity(features: Features, of: Thresholds) -> bool:
    """More movements or more money in an hour, a day or a month than people make."""
    used = features.used
    if used.day_count >= of["day_count"] or used.month_count >= of["month_count"]:
        return True
    hour = features.hour
    return hour.out_count >= of["hour_count"] or hour.out_minor + features.amount > of["hour_minor"]


def many_counterparties(features: Features, of: Thresholds) -> bool:
    """Money goes to many different wallets within a day."""
    if features.recent.out_count < of["counterparties"]:
        return False
    others = features.within(DAY).receivers
    if features.receiver is not None:
        others.add(short(features.receiver.subject))
    return len(others) > of["counterparties"]


def agent_velocity(features: Features, of: Thresholds) -> bool:
    """An agent serves customers faster than hands can count notes."""
    activity = features.agent_activity
    if activity is None:
        return False
    if activity.using(features.movement.operation).day_count >= of["day_count"]:
        return True
    return len(features.within(of["burst_seconds"], of=activity)) >= of["burst_count"]


def just_within_band(of: Thresholds) -> tuple[int, int]:
    """The amounts that `split_around_band` looks at."""
    top = of["band_minor"]
    return top * of["least_percent"] // 100, top


def split_around_band(features: Features, of: Thresholds) -> bool:
    """Several movements in an hour, each just within a band, that would be above it in one."""
    least, most = just_within_band(of)
    operation, hour = number_of(features.movement.operation), features.hour
    alike = sum(
        past == operation and least <= amount <= most
        for past, amount in zip(hour.operation, hour.amount, strict=True)
    )
    return alike + 1 >= of["count"]


def just_under_limit(of: Thresholds) -> tuple[int, int]:
    """The amounts that `structuring` looks at."""
    top = of["limit_minor"]
    return top - top * of["percent"] // 100, top - 1


def structuring(features: Features, of: Thresholds) -> bool:
    """Again and again an amount that stays just under the limit above which somebody looks."""
    least, most = just_under_limit(of)
    near = sum(least <= amount <= most for amount in features.within(of["seconds"]).amount)
    return near + 1 >= of["count"]


def counter_of_wrong_codes(features: Features, of: Thresholds) -> bool:
    """Pick-up codes are guessed at this agent's counter."""
    return features.wrong_at_counter >= of["wrong_count"]
