"""Tiers: how well a customer is known, by which fees and limits differ."""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    """How far somebody's identity was checked: a number only, a document, or in person."""

    BASIC = "basic"
    STANDARD = "standard"
    FULL = "full"
