"""What a settlement file says: its heading, and one item for each operation."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from commands.switch.trace import TraceId


class ItemKind(StrEnum):
    """What became of an operation, as the switch has it."""

    CAPTURED = "CAP"  # cash is out: the switch claims the amount
    REVERSED = "REV"  # nothing was paid in the end, and nothing is claimed
    TAKEN_BACK = "TBK"  # an earlier file claimed it; so much of that the switch gives back


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """Whose file it is, of which of the switch's days, and its running number."""

    acquirer_id: str
    settlement_date: date
    number: int
    cut_off_at: datetime
    key_id: str

    @property
    def file_id(self) -> UUID:
        """The same for the same number of an acquirer."""
        return uuid5(NAMESPACE_OID, f"makeba settlement file {self.acquirer_id}/{self.number}")


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and sums of a file, in minor units; its trailer says the same."""

    records: int = 0
    captured: int = 0
    captured_amount: int = 0
    reversed: int = 0
    taken_back: int = 0
    taken_back_amount: int = 0
    fees: int = 0

    @property
    def net(self) -> int:
        """What the switch claims in all, without its fees."""
        return self.captured_amount - self.taken_back_amount

    def facts(self) -> dict[str, int]:
        """As events tell them."""
        return {
            "records": self.records,
            "captured": self.captured,
            "capturedAmount": self.captured_amount,
            "reversed": self.reversed,
            "takenBack": self.taken_back,
            "takenBackAmount": self.taken_back_amount,
            "fees": self.fees,
            "net": self.net,
        }


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One operation. `number` counts from one; amounts and fees are minor units.

    `amount` is what is claimed, or given back; `fee` the interchange that goes with it.
    """

    number: int
    kind: ItemKind
    local_date: date
    terminal_id: str
    rrn: str
    stan: str
    approval_code: str | None
    requested: int
    amount: int
    fee: int
    authorised_at: datetime
    ended_at: datetime

    def trace_of(self, acquirer_id: str) -> TraceId:
        """What names the operation in every message about it."""
        return TraceId(
            acquirer_id=acquirer_id,
            terminal_id=self.terminal_id,
            stan=self.stan,
            rrn=self.rrn,
            local_date=self.local_date,
        )

    def written(self) -> list[Any]:
        """All of it as events tell it, in the order of the file's fields."""
        return [
            self.number,
            self.kind,
            self.local_date,
            self.terminal_id,
            self.rrn,
            self.stan,
            self.approval_code,
            self.requested,
            self.amount,
            self.fee,
            self.authorised_at,
            self.ended_at,
        ]
