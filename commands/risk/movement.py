"""A movement of a customer's money, as limits and fraud rules see it before it is decided."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.identity.person import Person
from commands.tariff import Operation
from ledger.accounts import Account


class Movement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """So much for one wallet: out of it, or into it for a cash-in. `amount` is without the fee."""

    operation: Operation
    amount: int
    fee: int
    person: Person
    wallet: Account
    session_id: UUID | None = None  # that asked for it
    to_person: Person | None = None  # who receives a transfer
    to_wallet: Account | None = None
    agent_id: UUID | None = None  # who pays out or takes in
    till_id: UUID | None = None
    terminal_id: str | None = None
