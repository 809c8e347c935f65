"""How fast an export is verified: a long one is made up, record by record, as the format has it.

    python -m tests.verifier.speed [--records 200000]

Prints one JSON line; exits 1 below a hundred thousand records a second.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger import checkpoint
from queries.export import signed_header
from verifier.verify import GENESIS, verify

TARGET = 100_000
RUNS = 5
ACCOUNTS = 10_000
YEAR = 2026
WITHOUT_ENTRY = 4  # one in so many moves no money: somebody signs in


def bodies(records: int) -> Iterator[bytes]:
    """Transfers with a fee, and sessions, of some size as they are in a real log."""
    dice = random.Random(1)
    accounts = [str(UUID(int=dice.getrandbits(128))) for _ in range(ACCOUNTS)]
    balances = dict.fromkeys(accounts, 0)
    number = YEAR * 10**12
    for position in range(1, records + 1):
        subject, session, request = (str(UUID(int=dice.getrandbits(128))) for _ in range(3))
        head = [position, "transfer.made", subject, accounts[position % ACCOUNTS], session, request]
        payload = {
            "amountMinor": 20_000,
            "feeMinor": 200,
            "receiverId": session,
            "walletId": subject,
        }
        if position % WITHOUT_ENTRY == 0:
            head[1] = "session.opened"
            rest: list[Any] = [None, None, None, None, []]
        else:
            number += 1
            lines = []
            for account, amount in zip(
                dice.sample(accounts, 3), (20_200, -20_000, -200), strict=True
            ):
                balances[account] += amount
                lines.append([account, amount, balances[account]])
            rest = [number, "2026-11-20", "2026-11-20", None, lines]
        at = 1_700_000_000_000_000 + position
        yield msgspec.json.encode([*head, "done", at, payload, [f"wallet:{subject}"], *rest])


def export(records: int, key: Ed25519PrivateKey) -> bytes:
    """A whole file, signed."""
    hash_, first, lines = GENESIS, "", []
    for body in bodies(records):
        hash_ = hashlib.sha256(hash_ + body).digest()
        first = first or hash_.hex()
        lines.append(hash_.hex().encode() + b" " + body + b"\n")
    entries = records - records // WITHOUT_ENTRY
    numbers = {"first": YEAR * 10**12 + 1, "last": YEAR * 10**12 + entries}
    header = {
        "format": "makeba log 1",
        "program": "made up",
        "exportedAt": datetime.now(UTC).isoformat(),
        "parameters": {"format": "log", "upTo": records},
        "records": {
            "count": records, "first": 1, "last": records, "firstHash": first,
            "lastHash": hash_.hex(),
        },
        "entries": {"count": entries, **numbers},
        "notes": {"count": 0, "hash": GENESIS.hex()},
        "checkpoints": {"count": 0, "hash": "0" * 64},
    }  # fmt: skip
    return signed_header(msgspec.json.encode(header, order="sorted"), key) + b"".join(lines)


def main() -> int:
    """Make one, and verify it several times."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--records", type=int, default=200_000)
    records = parser.parse_args().records
    key = Ed25519PrivateKey.generate()
    keys = {checkpoint.key_id(key.public_key()): key.public_key()}
    with tempfile.TemporaryDirectory() as where:
        file = Path(where) / "log"
        file.write_bytes(export(records, key))
        rates = []
        for _ in range(RUNS):
            with file.open("rb", buffering=1 << 20) as opened:
                began = time.process_time()
                verify(opened, keys)
                rates.append(round(records / (time.process_time() - began)))
        size = file.stat().st_size
    said = {"records": records, "bytesEach": size // records, "recordsPerCpuSecond": sorted(rates)}
    print(json.dumps(said))
    return 0 if max(rates) >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
