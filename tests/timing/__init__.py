"""Whether two kinds of answer take equally long: the rank test of Mann and Whitney.

Ours because a statistics package would be a hundred megabytes for one page of a textbook: the
normal approximation with mid-ranks, corrected for ties.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

ALPHA = 0.01


def p_value(one: Sequence[float], other: Sequence[float]) -> float:
    """How likely so large a difference of ranks is when there is none; two-sided."""
    n, m = len(one), len(other)
    ranks = _mid_ranks([*one, *other])
    u = sum(ranks[value] for value in one) - n * (n + 1) / 2
    ties = sum(count**3 - count for count in Counter([*one, *other]).values())
    total = n + m
    variance = n * m / 12 * ((total + 1) - ties / (total * (total - 1)))
    if variance == 0:
        return 1.0
    distance = max(0.0, abs(u - n * m / 2) - 0.5)
    return math.erfc(distance / math.sqrt(variance) / math.sqrt(2))


def indistinguishable(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether the test finds no difference."""
    return p_value(one, other) > ALPHA


def _mid_ranks(values: list[float]) -> dict[float, float]:
    ranks: dict[float, float] = {}
    before = 0
    for value, count in sorted(Counter(values).items()):
        ranks[value] = before + (count + 1) / 2
        before += count
    return ranks
