"""Figures as places on a drawing: charts are SVG, drawn on the server, without a script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from ledger.money import CVE, Money

WIDTH, HEIGHT = 640, 180
LEFT, RIGHT, TOP, BOTTOM = 78, 8, 10, 24  # room for what is written at the edges
LINES = 4  # across, with an amount each
STEPS = (1, 2, 5, 10)


class Mark(msgspec.Struct, frozen=True):
    """A line across, and the amount that it stands for."""

    y: float
    amount: Money


class Bar(msgspec.Struct, frozen=True):
    """A day's bar."""

    x: float
    y: float
    width: float
    height: float
    day: date
    amount: Money


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing: what stands at its left and below, and bars or the points of curves."""

    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    marks: tuple[Mark, ...]
    days: tuple[tuple[float, date], ...]
    bars: tuple[Bar, ...] = ()
    curves: tuple[str, ...] = ()


def bars(figures: Sequence[tuple[date, Money]]) -> Chart:
    """An amount a day, from nothing upwards."""
    top = _round_up(max((amount.minor for _, amount in figures), default=0))
    slot = (WIDTH - LEFT - RIGHT) / max(len(figures), 1)
    drawn = []
    for number, (day, amount) in enumerate(figures):
        y = _y(amount.minor, 0, top)
        x = LEFT + slot * (number + 0.15)
        height = HEIGHT - BOTTOM - y
        drawn.append(Bar(round(x, 1), y, round(slot * 0.7, 1), round(height, 1), day, amount))
    days = _days([(each.x + each.width / 2, each.day) for each in drawn])
    return Chart(marks=_marks(0, top), days=days, bars=tuple(drawn))


def curves(days: Sequence[date], *series: Sequence[Money]) -> Chart:
    """Amounts that stood at the end of each day, a curve for each series."""
    values = [amount.minor for each in series for amount in each]
    top, bottom = _round_up(max(values, default=0)), -_round_up(-min([*values, 0]))
    step = (WIDTH - LEFT - RIGHT) / max(len(days) - 1, 1)
    places = [round(LEFT + step * number, 1) for number in range(len(days))]
    drawn = tuple(
        " ".join(
            f"{x},{_y(amount.minor, bottom, top)}" for x, amount in zip(places, each, strict=True)
        )
        for each in series
    )
    ends = _days(list(zip(places, days, strict=True)))
    return Chart(marks=_marks(bottom, top), days=ends, curves=drawn)


def _y(minor: int, bottom: int, top: int) -> float:
    room = HEIGHT - TOP - BOTTOM
    return round(TOP + room * (1 - (minor - bottom) / max(top - bottom, 1)), 1)


def _marks(bottom: int, top: int) -> tuple[Mark, ...]:
    amounts = [bottom + (top - bottom) * number // LINES for number in range(LINES + 1)]
    return tuple(Mark(_y(each, bottom, top), Money(each, CVE)) for each in amounts)


def _days(places: Sequence[tuple[float, date]]) -> tuple[tuple[float, date], ...]:
    """The first, the last and some between, so that they can be read."""
    every = max(len(places) // 5, 1)
    kept = [place for number, place in enumerate(places) if number % every == every // 2]
    return tuple((round(x, 1), day) for x, day in kept)


def _round_up(minor: int) -> int:
    """The next amount of escudos that reads easily: 1, 2, 5 or 10 times a power of ten."""
    if minor <= 0:
        return 0
    power = CVE.minor_per_major
    while power * 10 < minor:
        power *= 10
    return next(power * step for step in STEPS if power * step >= minor)
