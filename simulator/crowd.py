"""A crowd: hundreds of customers at cash machines and counters while faults of all kinds strike.

In the end everything is healed, and cash is compared with the journal to the centavo: at cash
machines RRN by RRN, at counters movement by movement.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any, TextIO

import msgspec

from simulator import counter_truth
from simulator.cash_truth import Auditor, CashTruth
from simulator.counter_truth import CounterLog, CounterTruth
from simulator.machines import agent, phone, switch
from simulator.mischief import Mischief
from simulator.people import People
from simulator.town import Town
from simulator.townsfolk import Townsfolk

READS = "auditor"
SIGN_INS_AT_ONCE = 20  # a server that checks PINs slowly refuses more
SIGN_IN_SECONDS = 120.0
GOING_HOME_SECONDS = 120.0  # for those who stand at a machine when it is over
ASK_SECONDS = 8.0  # before a machine gives up
RESENDS_MAX = 5
QUIET_SECONDS = 60.0
SETTLED_SECONDS = 60.0


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What it came to. Amounts are escudos."""

    customers: int
    machines: int
    agents: int
    seed: int
    seconds: float
    withdrawals: int  # codes that were asked for
    cash_ins: int
    cash_outs: int
    transfers: int
    operations: int  # questions of machines to the switch
    paid: int
    owed: Decimal
    faults: int
    cash_difference: Decimal
    counter_difference: Decimal
    in_doubt: int
    unsent: int  # messages and files that the switch did not get rid of
    files: int  # that makeba has taken in
    breaks: int  # that it has found in them

    @property
    def held(self) -> bool:
        """Whether cash and journal agree and nothing is open."""
        return not any((self.cash_difference, self.counter_difference, self.in_doubt, self.unsent))


async def crowd(
    url: str,
    people: People,
    customers: int,
    seconds: float,
    seed: int,
    out: TextIO | None = None,
) -> Tally:
    """Let so many customers live for so long, and compare. The last line is the tally as JSON.

    Uses as many of demo.json's customers as there are. Raises ApiError.
    """
    town = quick_town(url, some_of(people, customers))
    try:
        auditor = Auditor(await town.reader(READS), town)
        try:
            tally, wrong = await _compared(town, auditor, seconds, seed)
        finally:
            await auditor.close()
    finally:
        await town.close()
    for sentence in wrong:
        print(f"✗ {sentence}", file=out)
    print(msgspec.json.Encoder(decimal_format="number").encode(tally).decode(), file=out)
    return tally


def quick_town(url: str, people: People) -> Town:
    """A town of hurried people, whose phones do not listen: nobody looks at them.

    No seed: what names a wish or a message must be new each time, or makeba would answer as before.
    """
    return Town(url, people, listens=False, ask_seconds=ASK_SECONDS)


def some_of(people: People, customers: int) -> People:
    """The same town with fewer customers."""
    chosen = people.of("customer")[:customers]
    users = tuple(each for each in people.users if each.role != "customer" or each in chosen)
    return msgspec.structs.replace(people, users=users)


async def _compared(
    town: Town, auditor: Auditor, seconds: float, seed: int
) -> tuple[Tally, Sequence[str]]:
    counters = CounterLog(town)
    await sign_everybody_in(town)
    await auditor.begin()
    lived = await day(town, seconds, seed)
    town.switch.happen(switch.CutOffPressed())
    await town.work.quiet(QUIET_SECONDS)
    await _send_all(town)
    cash = await auditor.settled(SETTLED_SECONDS)
    counted = counter_truth.compare(counters.cash, await auditor.entries())
    return _tally(town, seed, seconds, lived, cash, counted), (*cash.wrong, *counted.wrong)


async def sign_everybody_in(town: Town) -> None:
    """Customers and agents, some at a time."""
    pins = {each.phone: each.pin for each in town.people.users}
    waiting: list[tuple[Any, Any]] = [
        *((each, phone.PinTyped(pins[each.state.number])) for each in town.phones),
        *((each, agent.PinTyped(pins[each.state.phone])) for each in town.tills),
    ]
    while waiting:
        now, waiting = waiting[:SIGN_INS_AT_ONCE], waiting[SIGN_INS_AT_ONCE:]
        for machine, event in now:
            machine.happen(event)
        await town.work.quiet(SIGN_IN_SECONDS)


async def day(town: Town, seconds: float, seed: int) -> Counter[str]:
    """People and faults for so long, then everything heals and what was held up comes through.

    What was done how often; `faults` too.
    """
    folk, mischief = Townsfolk(town, _dice(seed)), Mischief(town, _dice(seed + 1))
    striking = asyncio.create_task(mischief.go_on())
    async with asyncio.timeout(seconds + GOING_HOME_SECONDS), asyncio.TaskGroup() as people:
        for customer in folk.customers:
            people.create_task(folk.live(customer))
        await asyncio.sleep(seconds)
        folk.over = True
        striking.cancel()
        await asyncio.gather(striking, return_exceptions=True)
        town.heal()
    await folk.ask_again()
    await town.work.quiet(QUIET_SECONDS)
    await _send_all(town)
    return folk.did + Counter(faults=mischief.begun.total())


async def _send_all(town: Town) -> None:
    """The last try may have been lost just before it healed."""
    for _ in range(RESENDS_MAX):
        if not town.switch.state.waits_for_somebody:
            return
        town.switch.happen(switch.ResendPressed())
        await town.work.quiet(QUIET_SECONDS)


def _tally(
    town: Town,
    seed: int,
    seconds: float,
    lived: Counter[str],
    cash: CashTruth,
    counted: CounterTruth,
) -> Tally:
    left = town.switch.state
    return Tally(
        customers=len(town.phones),
        machines=len(town.atms),
        agents=len(town.tills),
        seed=seed,
        seconds=seconds,
        withdrawals=lived["withdrawals"],
        cash_ins=lived["cash_ins"],
        cash_outs=lived["cash_outs"],
        transfers=lived["transfers"],
        operations=cash.operations,
        paid=cash.paid,
        owed=cash.owed,
        faults=lived["faults"],
        cash_difference=cash.difference,
        counter_difference=counted.difference,
        in_doubt=cash.in_doubt,
        unsent=len(left.stored) + len(left.laid_aside) + len(left.outgoing.files),
        files=left.outgoing.taken_in,
        breaks=left.outgoing.breaks,
    )


def _dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - a seed repeats a run; nothing is kept secret with it
