"""Who asks is not who it was: new devices, wallets that wake, places too far apart, known names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from commands.risk.activity import number_of
from commands.risk.features import DAY, HOUR, Features
from commands.tariff import Operation

Thresholds = Mapping[str, int]
AMOUNT_MAX = 2**63 - 1


def blacklisted(features: Features, _of: Thresholds) -> bool:
    """An operator has put this wallet on the list."""
    return features.profile is not None and features.profile.blacklisted is not None


def large(of: Thresholds) -> tuple[int, int]:
    """The amounts that `new_device` and `dormant_wakes` look at."""
    return of["least_minor"], AMOUNT_MAX


def new_device(features: Features, of: Thresholds) -> bool:
    """A device that came lately, and is not the customer's first, asks for money."""
    since = features.device_since
    return since is not None and features.now - int(since.timestamp()) < of["hours"] * HOUR


def shared_device(features: Features, of: Thresholds) -> bool:
    """More people move money by this device than share a telephone at home."""
    return features.device_people >= of["people"]


def near_limit(of: Thresholds) -> tuple[int, int]:
    """The amounts that `first_atm_near_limit` looks at."""
    return -(-of["limit_minor"] * of["percent"] // 100), AMOUNT_MAX


def first_atm_near_limit(features: Features, _of: Thresholds) -> bool:
    """The first withdrawal at a machine is nearly as much as may be withdrawn."""
    atm = Operation.ATM_WITHDRAWAL
    if features.used.month_count:
        return False
    return number_of(atm) not in features.recent.operation


def dormant_wakes(features: Features, of: Thresholds) -> bool:
    """A wallet that nobody has used for long pays out a large amount."""
    return features.now - int(features.wallet.rests_since.timestamp()) >= of["days"] * DAY


def impossible_travel(features: Features, of: Thresholds) -> bool:
    """Cash on one island, and sooner than anybody can travel on another."""
    profile, agent = features.profile, features.agent
    if profile is None or profile.island_at is None or agent is None:
        return False
    if agent.island is None or agent.island == profile.island:
        return False
    apart = timedelta(seconds=features.now - int(profile.island_at.timestamp()))
    return apart < timedelta(minutes=of["minutes"])


def repeated_claims(features: Features, of: Thresholds) -> bool:
    """Its owner has said again and again that a machine paid nothing."""
    profile = features.profile
    if profile is None or not profile.claims_at:
        return False
    since = features.now - of["days"] * DAY
    claims = sum(int(at.timestamp()) >= since for at in profile.claims_at)
    return claims >= of["claims"]
