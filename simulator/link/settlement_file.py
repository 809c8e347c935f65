"""The switch's daily file, byte by byte, in our simulated format (docs/settlement.md).

One day gives one file: whoever writes it again writes the same bytes, signature included, as an
Ed25519 signature is the same each time.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from simulator.machines.business_day import INTERCHANGE, DayFile, Ended, Item

CENTAVOS = 100
SIGNED_AS = b"makeba-settlement-1\n"
TAMPERED_BY = 1_000_00  # centavos

Sign = Callable[[bytes], bytes]


def written(
    file: DayFile, acquirer_id: str, key_id: str, sign: Sign, interchange: int = INTERCHANGE
) -> bytes:
    """The whole file, signed with the switch's key; each captured item costs so many escudos."""
    assert file.number is not None, "a file has its number before it is written"
    heading = _line(
        "HDR", "1", acquirer_id, file.settlement_date.isoformat(), file.number, "CVE",
        _moment(file.cut_off_at), key_id,
    )  # fmt: skip
    records = [
        _record(number, item, interchange) for number, item in enumerate(file.items, start=1)
    ]
    body = b"".join([heading, *(_line(*record) for record in records)])
    unsigned = _before_signature(body, records)
    signature = sign(SIGNED_AS + hashlib.sha256(body + unsigned).digest())
    return body + unsigned + base64.b64encode(signature) + b"\n"


def tampered(content: bytes) -> bytes:
    """The same file with more money in it, by somebody who knows the format and has no key: sums
    and digest are made to fit, and the signature is the old one."""
    lines = content.splitlines(keepends=True)
    records = [line.decode().rstrip("\n").split("\t") for line in lines[1:-1]]
    for record in records:
        if record[0] == Ended.CAPTURED:
            record[8] = str(int(record[8]) + TAMPERED_BY)
            break
    else:  # a day without cash: another day's date
        lines[0] = lines[0].replace(b"\tCVE\t", b"\tUSD\t")
    body = b"".join([lines[0], *(_line(*record) for record in records)])
    signature = lines[-1].rpartition(b"\t")[2]
    return body + _before_signature(body, records) + signature


def _record(number: int, item: Item, interchange: int) -> list[str]:
    fee = interchange if item.kind is Ended.CAPTURED else 0
    trace = item.trace
    return [
        item.kind.value,
        str(number),
        trace.local_date.isoformat(),
        trace.terminal_id,
        trace.rrn,
        trace.stan,
        item.approval_code or "",
        str(item.requested * CENTAVOS),
        str(item.amount * CENTAVOS),
        str(fee * CENTAVOS),
        _moment(item.authorised_at),
        _moment(item.ended_at),
    ]


def _before_signature(body: bytes, records: list[list[str]]) -> bytes:
    """The trailer as far as it is signed: counts, sums, and the digest of all lines before it."""
    captured = [record for record in records if record[0] == Ended.CAPTURED]
    back = [record for record in records if record[0] == Ended.TAKEN_BACK]
    claimed, given = _sum(captured, 8), _sum(back, 8)
    fields = (
        "TRL", len(records), len(captured), claimed, len(records) - len(captured) - len(back),
        len(back), given, _sum(captured, 9) - _sum(back, 9), claimed - given,
        hashlib.sha256(body).hexdigest(), "",
    )  # fmt: skip
    return _line(*fields).removesuffix(b"\n")


def _sum(records: Iterable[list[str]], field: int) -> int:
    return sum(int(record[field]) for record in records)


def _line(*fields: object) -> bytes:
    return "\t".join(str(field) for field in fields).encode("ascii") + b"\n"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
