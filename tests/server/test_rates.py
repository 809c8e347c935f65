"""Buckets: how they fill, how they empty, and that there are only so many of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import TooMany
from server import rates
from server.rates import Buckets, Rates, RouteClass
from server.settings import Settings


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_at_once_and_then_evenly() -> None:
    clock = Clock()
    buckets = Buckets(60, clock)
    assert [buckets.take("ana") for _ in range(60)] == [0.0] * 60
    assert buckets.take("ana") == pytest.approx(1.0)
    clock.now += 1.0
    assert buckets.take("ana") == 0.0
    assert buckets.take("ana") > 0
    clock.now += 3_600
    assert [buckets.take("ana") for _ in range(61)].count(0.0) == 60


def test_one_caller_does_not_empty_anothers() -> None:
    buckets = Buckets(2, Clock())
    assert [buckets.take("ana") for _ in range(3)][-1] > 0
    assert buckets.take("rui") == 0.0


def test_there_are_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "BUCKETS_MAX", 100)
    buckets = Buckets(2, Clock())
    for number in range(10_000):
        buckets.take(number)
    assert len(buckets) == 100


def test_looking_takes_nothing() -> None:
    buckets = Buckets(1, Clock())
    assert [buckets.lack("ana") for _ in range(5)] == [0.0] * 5
    assert buckets.take("ana") == 0.0
    assert buckets.lack("ana") > 0


def test_a_refusal_says_when_to_come_again(tmp_path: Path) -> None:
    limits = Rates(Settings(home=tmp_path, rate_writes_per_minute=2))
    for _ in range(2):
        limits.require(RouteClass.WRITE, "ana")
    with pytest.raises(TooMany) as refused:
        limits.require(RouteClass.WRITE, "ana")
    facts = {"routes": "write", "perMinute": 2, "retryAfterSeconds": 30}
    assert refused.value.facts == facts
    limits.require(RouteClass.READ, "ana")


def test_so_many_at_once_and_no_more(tmp_path: Path) -> None:
    limits = Rates(Settings(home=tmp_path, requests_each=2))
    leaves = [limits.enter("ana") for _ in range(2)]
    with pytest.raises(TooMany):
        limits.enter("ana")
    limits.enter("rui")
    leaves[0]()
    limits.enter("ana")
