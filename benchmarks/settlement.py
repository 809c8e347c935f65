"""A settlement file of a big day: taken in, matched with the books, and what differs found.

    python -m benchmarks.settlement [--json] [--items 100000]

So many withdrawals are played through the product's own commands, then a file is written by the
simulated switch's hand. Of each hundred operations one is left out of the file, one is claimed with
another amount, one is unknown here, and of one our books have heard no word. The time is that from
the file's first byte to the last break, read models included. Exits 1 when it takes too long, when
an outcome is not the planted one, or when the books do not hold afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import resource
import sys
import time
from collections.abc import Coroutine, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from uuid_utils.compat import uuid7

from benchmarks import town
from benchmarks.town import Customer
from commands.books.open_books import OpenBooks
from commands.spine import Limits, Spine
from commands.switch.enrol import EnrolSwitchKey, EnrolTerminal
from commands.switch.trace import TraceId
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.request_code import CodeCandidate, RequestCode
from ledger.books import COUNTRY
from ledger.database import ROLES, as_role, connect
from ledger.log import Log
from ledger.migrations import migrate
from ledger.money import Money
from queries.check.run import prove
from queries.projector import Projector, connector
from queries.reader import Pool, Reader
from queries.settlement_files import FileDetail
from server.console.settling import Direct
from server.settlement.taking_in import Bearer, Clearing
from simulator.link.settlement_file import written
from simulator.machines.business_day import DayFile, Item, Trace

ACQUIRER, KEY_ID, DATABASE, PASSWORD = "SISP", "key-1", "settlement", "benchmark"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
EACH, MORE = 2_000, 1_000  # escudos of a withdrawal, and what a wrong item claims beyond it
OF_A_CUSTOMER, AT_A_TERMINAL = 4, 100  # withdrawals
LONG = 86_400
CALLERS = 256
SECONDS_MAX = 30.0
LEFT_OUT, WRONG, UNKNOWN, UNHEARD = 0, 1, 2, 3  # which of each hundred


class Played(msgspec.Struct, frozen=True):
    """A withdrawal that was approved."""

    number: int
    trace: TraceId
    at: datetime


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; exit code 1 when it falls short."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--items", type=int, default=100_000, help="a multiple of 100")
    options = parser.parse_args(arguments)
    with town.cluster() as cluster:
        town.create_database(cluster, DATABASE)
        owner = cluster.owner_dsn(DATABASE)
        migrate(owner, dict.fromkeys(ROLES, PASSWORD))
        result = asyncio.run(_measure(owner, options.items))
        proof = prove(as_role(owner, "makeba_auditor", PASSWORD), full=False)
    result |= {"proven": proof.held, **town.where_and_when()}
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        for name, value in result.items():
            print(f"{name:>16}  {value}")
    return 0 if result["met"] and proof.held else 1


async def _measure(owner: str, count: int) -> dict[str, Any]:
    spine = Spine(
        Log(lambda: connect(as_role(owner, "makeba_commands", PASSWORD), "makeba benchmark")),
        Limits(queue_max=CALLERS * 4),
    )
    projector = Projector(connector(as_role(owner, "makeba_projector", PASSWORD)))
    reader = Reader(as_role(owner, "makeba_queries", PASSWORD), Pool(query_seconds=60))
    spine.start()
    try:
        began = time.perf_counter()
        day = datetime.now(COUNTRY).date()
        played = await _play(spine, count, day)
        played_s = time.perf_counter() - began
        await projector.catch_up()
        content = _file(played, day)
        clearing = Clearing(Direct(spine, projector), reader.for_everybody)
        bearer = Bearer(actor="system:benchmark", request_id="file")
        began = time.perf_counter()
        found = await clearing.take_in(io.BytesIO(content), bearer)
        seconds = time.perf_counter() - began
    finally:
        await spine.close()
        projector.disconnect()
        await reader.close()
    return {
        "items": found.records,
        "file_mb": round(len(content) / 1e6, 1),
        "play_s": round(played_s, 1),
        "reconcile_s": round(seconds, 1),
        "items_per_s": round(found.records / seconds),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "outcomes": found.outcomes,
        "breaks": {each.kind: each.count for each in found.breaks},
        "as_planted": _as_planted(found, count),
        "met": _as_planted(found, count) and seconds < SECONDS_MAX,
    }


def _as_planted(found: FileDetail, count: int) -> bool:
    part = count // 100
    breaks = {each.kind: each.count for each in found.breaks}
    return breaks == {"missing_there": part, "amount": part, "missing_here": part} and (
        found.outcomes["completed"] == part
    )


# -- the day -------------------------------------------------------------------------------------


async def _play(spine: Spine, count: int, day: date) -> list[Played]:
    """Withdrawals of many people at many machines."""
    await _do(spine, OpenBooks())
    raw = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    await _do(spine, EnrolSwitchKey(key_id=KEY_ID, acquirer_id=ACQUIRER, public_key=raw))
    for number in range(0, count, AT_A_TERMINAL):
        enrol = EnrolTerminal(terminal_id=_terminal(number), acquirer_id=ACQUIRER, place="Praia")
        await _do(spine, enrol)
    people = await _together(
        town.customers(spine, 1, Money.of(EACH * OF_A_CUSTOMER * 2))
        for _ in range(0, count, OF_A_CUSTOMER)
    )
    some = await _together(
        _withdrawals(spine, customer, range(count)[turn * OF_A_CUSTOMER :][:OF_A_CUSTOMER], day)
        for turn, (customer,) in enumerate(people)
    )
    return [each for played in some for each in played]


async def _withdrawals(spine: Spine, customer: Customer, numbers: range, day: date) -> list[Played]:
    return [await _withdrawal(spine, customer, number, day) for number in numbers]


async def _withdrawal(spine: Spine, customer: Customer, number: int, day: date) -> Played:
    code: UUID = uuid7()
    at = datetime.now(UTC)
    trace = TraceId(
        acquirer_id=ACQUIRER,
        terminal_id=_terminal(number),
        stan=f"{number:06}",
        rrn=f"{number + 1:012}",
        local_date=day,
    )
    await _do(
        spine,
        RequestCode(
            transaction_id=code,
            user_id=customer.user_id,
            session_id=None,
            amount=Money.of(EACH),
            candidates=(CodeCandidate(digest=code.bytes, seal=b"sealed"),),
            ttl_seconds=LONG,
        ),
    )
    await _do(
        spine,
        AuthoriseWithdrawal(
            trace=trace,
            nonce_hash=None,
            phone_index=customer.phone_index,
            code_digest=code.bytes,
            amount=Money.of(EACH),
            settlement_date=trace.local_date,
            doubt_seconds=LONG,
            cutoff=clock_time(23),
        ),
    )
    if number % 100 != UNHEARD:
        paid = CompleteWithdrawal(trace=trace, nonce_hash=None, amount=Money.of(EACH))
        await _do(spine, paid)
    return Played(number, trace, at)


async def _together(work: Iterator[Coroutine[Any, Any, Any]]) -> list[Any]:
    """So many at once that batches are full."""
    room = asyncio.Semaphore(CALLERS)

    async def one(coroutine: Coroutine[Any, Any, Any]) -> Any:
        async with room:
            return await coroutine

    return await asyncio.gather(*(one(each) for each in work))


async def _do(spine: Spine, command: Any) -> None:
    await spine.submit(command, actor="system:benchmark", request_id="play", deadline_seconds=60)


def _terminal(number: int) -> str:
    return f"ATM{number // AT_A_TERMINAL:05}"


# -- its file ------------------------------------------------------------------------------------


def _file(played: Sequence[Played], day: date) -> bytes:
    cut_off = datetime.now(UTC) + timedelta(seconds=1)
    items = sorted(_items(played), key=lambda item: (item.trace.rrn, item.trace.terminal_id))
    file = DayFile(settlement_date=day, cut_off_at=cut_off, items=tuple(items), number=1)
    return written(file, ACQUIRER, KEY_ID, KEY.sign)


def _items(played: Sequence[Played]) -> Iterator[Item]:
    for each in played:
        kind = each.number % 100
        if kind != LEFT_OUT:
            yield _item(each, EACH + MORE if kind == WRONG else EACH)
        if kind == UNKNOWN:
            trace = msgspec.structs.replace(each.trace, rrn=f"{each.number + 900_000_000_000}")
            yield _item(msgspec.structs.replace(each, trace=trace), EACH)


def _item(played: Played, paid: int) -> Item:
    trace = Trace(**{name: getattr(played.trace, name) for name in Trace.__struct_fields__})
    return Item(
        trace=trace,
        approval_code=None,
        requested=max(EACH, paid),
        paid=paid,
        authorised_at=played.at,
        ended_at=played.at,
    )


if __name__ == "__main__":
    sys.exit(main())
