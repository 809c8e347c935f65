"""Who lives in the town, and the cash that is on its way to them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

OPEN = ("active", "authorised", "in_doubt", "pending")


class Wallet(msgspec.Struct, frozen=True):
    """A customer and their wallet."""

    user: UUID
    id: UUID


class Agent(msgspec.Struct, frozen=True):
    """An agent and their float."""

    id: UUID
    float: UUID


class Cash(msgspec.Struct):
    """A withdrawal or request, as it stands."""

    id: UUID
    wallet: Wallet
    state: str
    amount: int
    fee: int
    agent: Agent | None = None
    commission: int = 0
    captured: int = 0
    captured_fee: int = 0
    trace: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def held(self) -> int:
        return self.amount + self.fee
