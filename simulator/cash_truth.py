"""Cash truth: what machines have really paid against what the journal owes the switch, by RRN.

One side is the simulator's own log: what customers took out of each machine, and under which RRN
the switch asked for it. The other side is published: what makeba says of each RRN, and all entries
of the journal since the log began. Nothing may be left over on either side, to the centavo.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec

from simulator.api import Api
from simulator.bookkeeping import SWITCH_PAYABLE
from simulator.contract import Entry, JournalPage, SwitchOperation
from simulator.hands.looking_up import SwitchDesk
from simulator.machines.business_day import Trace
from simulator.machines.messages import Origin
from simulator.machines.switch import AtmAsked
from simulator.running import Happened
from simulator.town import Town

AWAITED = ("authorised", "in_doubt")  # a word about the cash has not come
PAGE = 200
AT_ONCE = 8
LOOK_AGAIN_SECONDS = 0.5


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One question of a machine, and the escudos that a customer took because of it."""

    rrn: str
    terminal_id: str
    local_date: date
    paid: int


class CashTruth(msgspec.Struct, frozen=True, kw_only=True):
    """How the two sides compare. `wrong` says each difference in a sentence."""

    operations: int
    paid: int
    owed: Decimal
    difference: Decimal
    in_doubt: int
    wrong: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether it is the truth, and nothing is open."""
        return self.difference == 0 and self.in_doubt == 0


class CashLog:
    """Writes down what machines and switches do, from now on."""

    def __init__(self, *towns: Town) -> None:
        self._traces: dict[Origin, Trace] = {}
        self._paid: Counter[Origin] = Counter()
        for town in towns:
            town.switch.watch(self._at_switch)
            for machine in town.atms:
                machine.watch(self._at_machine)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All so far. What never got to the switch has no RRN, and can have been paid by nobody."""
        untraced = [origin for origin in self._paid if origin not in self._traces]
        assert not untraced, f"cash came out that nobody asked the switch for: {untraced}"
        return tuple(
            Operation(
                rrn=trace.rrn,
                terminal_id=trace.terminal_id,
                local_date=trace.local_date,
                paid=self._paid[origin],
            )
            for origin, trace in self._traces.items()
        )

    def clear(self) -> None:
        """Begin anew: whatever was is settled."""
        self._traces.clear()
        self._paid.clear()

    def _at_switch(self, happened: Happened) -> None:
        if isinstance(happened.event, AtmAsked):
            origin = happened.event.request.origin
            if (asked := happened.after.asked.get(origin)) is not None:
                self._traces[origin] = asked.trace

    def _at_machine(self, happened: Happened) -> None:
        paid = happened.after.dispensed - happened.before.dispensed
        if paid:
            assert happened.before.request is not None, "who pays was asked"
            self._paid[happened.before.request.origin] += paid


def compare(
    operations: Iterable[Operation],
    known: Mapping[str, Sequence[SwitchOperation]],
    entries: Iterable[Entry],
) -> CashTruth:
    """Both sides, RRN by RRN. `known` is what makeba says of each."""
    owed = _owed(entries)
    paid: Counter[UUID] = Counter()
    rrns: defaultdict[UUID, list[str]] = defaultdict(list)
    wrong: list[str] = []
    total, difference, in_doubt, count = 0, Decimal(0), 0, 0
    for operation in operations:
        count, total = count + 1, total + operation.paid
        told = _of(operation, known)
        in_doubt += told is not None and told.state in AWAITED
        subject = None if told is None else told.transaction_id
        if subject is None:
            if operation.paid:
                difference += operation.paid
                wrong.append(f"RRN {operation.rrn}: {operation.paid} paid, the books know of none")
            continue
        paid[subject] += operation.paid
        rrns[subject].append(operation.rrn)
    for subject in paid.keys() | owed.keys():
        off = paid[subject] - owed.get(subject, Decimal(0))
        if off:
            difference += abs(off)
            name = ", ".join(rrns[subject]) or f"no RRN of ours ({subject})"
            wrong.append(f"RRN {name}: {paid[subject]} paid, {paid[subject] - off} owed")
    return CashTruth(
        operations=count,
        paid=total,
        owed=sum(owed.values(), Decimal(0)),
        difference=difference,
        in_doubt=in_doubt,
        wrong=tuple(wrong),
    )


def _of(
    operation: Operation, known: Mapping[str, Sequence[SwitchOperation]]
) -> SwitchOperation | None:
    """What makeba says of this machine's operation with that RRN."""
    for each in known.get(operation.rrn, ()):
        if each.terminal_id == operation.terminal_id:
            return each
    return None


def _owed(entries: Iterable[Entry]) -> dict[UUID, Decimal]:
    """By how much the entries of each movement raise what is owed to the switch."""
    owed: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for entry in entries:
        for line in entry.lines:
            if line.code == SWITCH_PAYABLE:
                sign = 1 if line.direction == "credit" else -1
                owed[entry.transaction_id] += sign * line.amount
    return {subject: amount for subject, amount in owed.items() if amount}


class Auditor:
    """Compares the log with what is published. `begin` before anything happens. Nobody else may
    take cash from machines meanwhile: towns on one server are audited together."""

    def __init__(self, reader: Api, town: Town, *others: Town) -> None:
        self.log = CashLog(town, *others)
        self._reader = reader
        self._desk = SwitchDesk(town.url, town.people)
        self._began_at = 0

    async def begin(self) -> None:
        """What has been by now is settled, and of no concern."""
        self.log.clear()
        self._began_at = await newest_entry(self._reader)

    async def truth(self) -> CashTruth:
        """How both sides compare now. Raises ApiError."""
        operations = self.log.operations
        gate = asyncio.Semaphore(AT_ONCE)

        async def told(operation: Operation) -> tuple[str, Sequence[SwitchOperation]]:
            async with gate:
                found = await self._desk.operations(operation.rrn, operation.local_date)
                return operation.rrn, found

        known = dict(await asyncio.gather(*(told(each) for each in operations)))
        return compare(operations, known, await self.entries())

    async def entries(self) -> tuple[Entry, ...]:
        """All entries since it began. Raises ApiError."""
        return await entries_since(self._reader, self._began_at)

    async def settled(self, wait_max_seconds: float) -> CashTruth:
        """The same as soon as it is exact, or after so long."""
        deadline = time.monotonic() + wait_max_seconds
        while True:
            truth = await self.truth()
            if truth.exact or time.monotonic() > deadline:
                return truth
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def close(self) -> None:
        """Hang up."""
        await self._desk.close()


async def newest_entry(reader: Api) -> int:
    """The number of the newest entry, 0 when there is none."""
    page = await reader.get("journal", JournalPage, limit=1)
    return page.items[0].number if page.items else 0


async def entries_since(reader: Api, number: int) -> tuple[Entry, ...]:
    """All entries after this one, newest first."""
    found: list[Entry] = []
    query: dict[str, str] = {}
    while True:
        page = await reader.get("journal", JournalPage, limit=PAGE, **query)
        new = [entry for entry in page.items if entry.number > number]
        found += new
        if len(new) < len(page.items) or page.next_cursor is None:
            return tuple(found)
        query = {"cursor": page.next_cursor}
