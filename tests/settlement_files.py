"""Files as a switch writes them, for tests: by the simulator's own hand, with a key of a test's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulator.link.settlement_file import written
from simulator.machines.business_day import INTERCHANGE, DayFile, Item, Trace

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY_ID, ACQUIRER, TERMINAL = "key-1", "SISP", "ATM00001"
DAY = date(2030, 5, 15)
CUT_OFF = datetime(2030, 5, 16, 0, 0, tzinfo=UTC)


def item(serial: int = 1, paid: int = 2_000, **changes: Any) -> Item:
    """An operation that ended within the day; unless said otherwise it paid what was asked."""
    trace = Trace(
        acquirer_id=changes.pop("acquirer_id", ACQUIRER),
        terminal_id=changes.pop("terminal_id", TERMINAL),
        stan=changes.pop("stan", f"{serial % 10**6:06}"),
        rrn=changes.pop("rrn", f"{serial:012}"),
        local_date=changes.pop("local_date", DAY),
    )
    ended_at = changes.pop("ended_at", CUT_OFF - timedelta(hours=3))
    fields = {
        "approval_code": "042137",
        "requested": max(paid, 200),
        "authorised_at": ended_at - timedelta(seconds=14),
    }
    return Item(trace=trace, paid=paid, ended_at=ended_at, **(fields | changes))


def file(
    *items: Item,
    number: int = 1,
    day: date = DAY,
    acquirer_id: str = ACQUIRER,
    key: Ed25519PrivateKey = KEY,
    key_id: str = KEY_ID,
    cut_off_at: datetime | None = None,
    fee: int = INTERCHANGE,
) -> bytes:
    """The file of a day."""
    made = DayFile(
        settlement_date=day,
        cut_off_at=cut_off_at or CUT_OFF + (day - DAY),
        items=items,
        number=number,
    )
    return written(made, acquirer_id, key_id, key.sign, fee)
