"""Random histories: however the log is cut into batches, the models say what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.money import Money
from queries import history, rebuild, statement, trial_balance, wallet, withdrawal
from queries.projector import Pace, Projector, connector
from queries.reader import Reader
from tests.conftest import Database
from tests.queries.days import today
from tests.queries.people import Cash, Wallet
from tests.queries.town import Town

ESCUDO = 100
DICE = st.tuples(st.integers(0, 11), st.integers(0, 3), st.integers(0, 3), st.integers(1, 50))


class Life:
    """What may happen next in a small town. What makes no sense now does not happen."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._stan = 0
        self._happenings: tuple[Callable[[int, int, int], Awaitable[object]], ...] = (
            self.credit,
            self.transfer,
            self.ask,
            self.ask_agent,
            self.cash_in,
            self.authorise,
            self.complete,
            self.give_back,
            self.confirm,
            self.doubt_or_try,
            self.freeze,
            self.dispute_or_decline,
        )

    async def begin(self) -> None:
        for money in (100_000, 20_000, 0):
            await self.town.wallet(money * ESCUDO)
        await self.town.agent(100_000 * ESCUDO)

    async def goes_on(self, what: int, who: int, whom: int, much: int) -> None:
        await self._happenings[what](who, whom, much * ESCUDO)

    def _wallet(self, who: int) -> Wallet:
        return self.town.wallets[who % len(self.town.wallets)]

    def _cash(self, who: int, agents: bool, *states: str) -> Cash | None:
        found = [
            cash
            for cash in self.town.cash
            if cash.state in states and (cash.agent is not None) is agents
        ]
        return found[who % len(found)] if found else None

    async def credit(self, who: int, _: int, amount: int) -> None:
        await self.town.credit(self._wallet(who).id, amount)

    async def transfer(self, who: int, whom: int, amount: int) -> None:
        payer, payee = self._wallet(who), self._wallet(whom)
        if payer != payee and self.town.holds(payer.id) >= amount + ESCUDO:
            await self.town.transfer(payer, payee, amount, ESCUDO if whom else 0)

    async def ask(self, who: int, _: int, amount: int) -> None:
        live = [cash for cash in self.town.cash if cash.state == "active"]
        asker = self._wallet(who)
        if self.town.holds(asker.id) >= 2 * amount and asker not in [x.wallet for x in live]:
            await self.town.ask(asker, amount, amount // 2)

    async def ask_agent(self, who: int, _: int, amount: int) -> None:
        if self.town.holds(self._wallet(who).id) >= 2 * amount:
            agent = self.town.agents[0]
            await self.town.ask_agent(self._wallet(who), agent, amount, ESCUDO // 2, 25)

    async def cash_in(self, who: int, _: int, amount: int) -> None:
        await self.town.cash_in(self.town.agents[0], self._wallet(who), amount, 25)

    async def authorise(self, who: int, _: int, amount: int) -> None:
        cash = self._cash(who, False, "active")
        if cash is not None:
            self._stan += 1
            await self.town.authorise(cash, f"{amount:03}{self._stan:03}"[-6:])

    async def complete(self, who: int, whom: int, _: int) -> None:
        cash = self._cash(who, False, "authorised", "in_doubt", "completed")
        if cash is None:
            return
        if cash.state == "completed":
            await self.town.refund(cash)
        elif whom:
            await self.town.complete(cash, cash.amount, cash.fee)
        else:
            await self.town.complete(cash, cash.amount // 2, cash.fee // 2)

    async def give_back(self, who: int, whom: int, _: int) -> None:
        for agents, states, ends in (
            (False, ("active",), ("expired", "cancelled", "locked")),
            (False, ("authorised", "in_doubt"), ("reversed", "released")),
            (True, ("pending",), ("refused", "lapsed", "cancelled")),
        )[whom % 3 :]:
            cash = self._cash(who, agents, *states)
            if cash is not None:
                await self.town.give_back(cash, ends[who % len(ends)], "as it is")
                return

    async def confirm(self, who: int, _: int, __: int) -> None:
        cash = self._cash(who, True, "pending")
        if cash is not None:
            await self.town.confirm(cash)

    async def doubt_or_try(self, who: int, whom: int, _: int) -> None:
        cash = self._cash(who, False, "active", "authorised")
        if cash is None:
            return
        if cash.state == "active":
            await self.town.try_code(cash, whom)
        else:
            await self.town.doubt(cash)

    async def freeze(self, who: int, whom: int, _: int) -> None:
        await self.town.set_status(self._wallet(who), "frozen" if whom % 2 else "open")

    async def dispute_or_decline(self, who: int, whom: int, amount: int) -> None:
        stan = f"9{who}{whom:04}"
        cash = self._cash(who, False, "completed", "reversed")
        if whom == 0:
            await self.town.note_reversal(stan)
        elif whom == 1 or cash is None:
            await self.town.decline(stan, "55")
        else:
            trace = await self.town.dispute(stan, amount, cash)
            if whom == 3 and self.town.holds(cash.wallet.id) >= amount:
                await self.town.charge(trace, stan, amount, cash)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    dice=st.lists(DICE, min_size=10, max_size=60),
    records_max=st.integers(1, 12),
    looks=st.sets(st.integers(0, 60), max_size=10),
)
async def test_any_history_in_any_batches_reads_as_it_happened(
    town: Town,
    reader: Reader,
    database: Database,
    dice: list[tuple[int, int, int, int]],
    records_max: int,
    looks: set[int],
) -> None:
    life = Life(Town(town._spine))
    projector = Projector(connector(database.projector), Pace(records_max=records_max))
    await life.begin()
    for turn, throw in enumerate(dice):
        await life.goes_on(*throw)
        if turn in looks:
            await projector.catch_up()
    await projector.catch_up()
    projector.disconnect()
    await asyncio.gather(*(as_it_happened(life.town, reader, each) for each in life.town.wallets))
    await as_statements_say(life.town, reader, database)
    report = await rebuild.rebuild(database.owner, check=True)
    assert report.differences == ()


async def as_it_happened(town: Town, reader: Reader, whose: Wallet) -> None:
    found = await wallet.of(reader, whose.user)
    assert (found.balance, found.held, found.status) == (
        Money(town.holds(whose.id)),
        Money(town.held(whose)),
        town.statuses[whose.id],
    )
    for cash in town.cash:
        if cash.wallet == whose:
            stands = await withdrawal.status(reader, whose.user, cash.id)
            item = await history.one(reader, whose.user, cash.id)
            paid = cash.captured if cash.state == "completed" else cash.amount
            assert stands.status == item.status == cash.state
            assert stands.amount == item.amount == Money(paid)
            assert stands.fee == item.fee


async def as_statements_say(town: Town, reader: Reader, database: Database) -> None:
    now = today(database)
    (totals,) = (await trial_balance.as_of(reader, now)).totals
    assert totals.debits == totals.credits
    assert totals.closing_debits == totals.closing_credits
    for whose in town.wallets:
        found = await statement.of(reader, whose.user, now, now)
        assert found.opening + found.credits - found.debits == found.closing
        assert found.closing == Money(town.holds(whose.id))
