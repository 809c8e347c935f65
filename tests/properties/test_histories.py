"""Random histories of all commands come to what a small independent model says.

Each example has its own customers in one database that they all share: what is true of the books
must be true of everybody's history together.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Coroutine, Iterator
from datetime import date, time
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from uuid_utils.compat import uuid7

from commands.account.credit_from_bank import CreditFromBank
from commands.agent.cash_in import CashIn
from commands.agent.confirm_cash_out import ConfirmCashOut
from commands.agent.enrol_agent import EnrolAgent
from commands.agent.refuse import RefuseCashOut
from commands.agent.request_cash_out import RequestCashOut
from commands.books.mark_demo import MarkDemo
from commands.books.open_books import OpenBooks
from commands.command import Command
from commands.idempotency import Once
from commands.spine import Limits, Spine
from commands.switch.enrol import EnrolTerminal
from commands.switch.trace import SwitchReply, TraceId
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.cancel import CancelWithdrawal
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.request_code import CodeCandidate, RequestCode
from commands.withdrawal.reverse import ReverseWithdrawal
from ledger import chart
from ledger.database import connect
from ledger.errors import Refusal
from ledger.log import Log
from ledger.money import Money
from queries.check.run import prove
from queries.projector import Projector, connector
from queries.rebuild import rebuild
from tests.commands.moves import ACTOR, customer
from tests.conftest import Database
from tests.properties.model import Model, Wallet

T = TypeVar("T")
BREAKS = chart.the(chart.SUSPENSE_BREAKS)
BALANCES = "SELECT id, balance FROM ledger.account WHERE id = ANY(%(ids)s)"
DAY = date(2026, 11, 23)
WALLETS = 3
wallets = st.integers(0, WALLETS - 1)
# Mostly what a machine can pay, sometimes what it cannot, or more than anybody may.
escudos = st.one_of(
    st.sampled_from([100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 20_100]),
    st.integers(1, 25_000),
)
parts = st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.0, 1.5])


class Town:
    """The product under test, with one event loop for all examples."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.runner = asyncio.Runner()
        self.names = itertools.count()
        self.eyes = psycopg.connect(database.owner, autocommit=True)
        self.run(self._start())

    async def _start(self) -> None:
        log = Log(lambda: connect(self.database.commands, "histories"))
        self.spine = Spine(log, Limits(deadline_seconds=30))
        self.spine.start()
        await self.spine.submit(OpenBooks(), actor=ACTOR, request_id="open")
        # A demo's rules are in dry run: the model knows the lives, not who guesses codes.
        await self.spine.submit(MarkDemo(), actor=ACTOR, request_id="mark")
        terminal = EnrolTerminal(terminal_id="ATM00001", acquirer_id="VINTI4", place="Praia")
        await self.spine.submit(terminal, actor=ACTOR, request_id="open")

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def close(self) -> None:
        self.run(self.spine.close())
        self.eyes.close()
        self.runner.close()


@pytest.fixture
def town(database: Database) -> Iterator[Town]:
    town = Town(database)
    yield town
    town.close()


class History(RuleBasedStateMachine):
    """What customers, machines, agents and the switch may do, in any order."""

    town: Town

    @initialize()
    def begin(self) -> None:
        self.people = [self.town.run(customer(self.town.spine, 0)) for _ in range(WALLETS)]
        self.agent_id, self.float_id = uuid7(), uuid7()
        self.model = Model([Wallet() for _ in range(WALLETS)])
        self.ids: dict[str, UUID] = {}
        self.codes: dict[str, bytes] = {}
        self.traces: dict[str, TraceId] = {}
        self.told: list[tuple[Command[Any], Once, bytes | str]] = []
        self.submit(EnrolAgent(agent_id=self.agent_id, float_id=self.float_id))
        [self.disputed_before] = self.balances(BREAKS)
        for wallet in range(WALLETS):
            self.bank_credit(wallet, 30_000)
        self.bank_credit(None, 50_000)

    # -- money in and about --------------------------------------------------------------------

    @rule(wallet=st.one_of(wallets, st.none()), amount=escudos)
    def bank_credit(self, wallet: int | None, amount: int) -> None:
        self.submit(
            CreditFromBank(
                transaction_id=uuid7(),
                reference=secrets.token_hex(8),
                amount=Money(amount * 100),
                value_date=DAY,
                phone_index=None if wallet is None else self.people[wallet].phone_index,
                agent_id=self.agent_id if wallet is None else None,
            )
        )
        if wallet is None:
            self.model.float_ += amount * 100
        else:
            self.model.wallets[wallet].money += amount * 100

    @rule(sender=wallets, receiver=wallets, amount=escudos)
    def transfer(self, sender: int, receiver: int, amount: int) -> None:
        expected = self.model.transfer(sender, receiver, amount * 100)
        sends = self.people[sender].send(self.people[receiver], amount * 100)
        assert self.refusal(sends) == expected

    @rule(wallet=wallets, amount=escudos)
    def cash_in(self, wallet: int, amount: int) -> None:
        expected = self.model.cash_in(wallet, amount * 100)
        command = CashIn(
            transaction_id=uuid7(),
            agent_id=self.agent_id,
            user_id=self.people[wallet].user_id,
            amount=Money(amount * 100),
        )
        assert self.refusal(command) == expected

    # -- at the machine ------------------------------------------------------------------------

    @rule(wallet=wallets, amount=escudos)
    def request_code(self, wallet: int, amount: int) -> None:
        name = self.new_name()
        expected = self.model.request_code(name, wallet, amount * 100)
        command = RequestCode(
            transaction_id=self.ids[name],
            user_id=self.people[wallet].user_id,
            session_id=None,
            amount=Money(amount * 100),
            candidates=(CodeCandidate(digest=self.codes[name], seal=b"sealed"),),
            ttl_seconds=900,
        )
        assert self.refusal(command) == expected

    @rule(
        wallet=wallets, right_code=st.booleans(), right_amount=st.sampled_from([True, True, False])
    )
    def authorise(self, wallet: int, right_code: bool, right_amount: bool) -> None:
        live = self.model.wallets[wallet].live
        approved = self.model.outs[live].amount if live else 2_000_00
        amount = approved if right_amount else approved + 100_00
        expected = self.model.authorise(wallet, right_code=right_code, amount=amount)
        trace = self.new_trace()
        command = AuthoriseWithdrawal(
            trace=trace,
            nonce_hash=secrets.token_bytes(16),
            phone_index=self.people[wallet].phone_index,
            code_digest=self.codes[live] if live and right_code else b"wrong",
            amount=Money(amount),
            settlement_date=None,
            doubt_seconds=180,
            cutoff=time(20, 0),
        )
        assert self.response(command) == expected
        if expected == "00":
            assert live is not None
            self.traces[live] = trace

    @rule(data=st.data(), part=parts)
    def complete(self, data: st.DataObject, part: float) -> None:
        name = self.any_of(data, self.traces)
        if name is not None:
            paid = self.part_of(name, part)
            self.model.complete(name, paid)
            self.response(
                CompleteWithdrawal(
                    trace=self.traces[name], nonce_hash=secrets.token_bytes(16), amount=Money(paid)
                )
            )

    @rule(data=st.data(), part=st.sampled_from([0.0, 0.0, 0.5]))
    def reverse(self, data: st.DataObject, part: float) -> None:
        name = self.any_of(data, self.traces)
        if name is not None:
            paid = self.part_of(name, part)
            self.model.reverse(name, paid)
            command = ReverseWithdrawal(
                trace=self.traces[name],
                nonce_hash=secrets.token_bytes(16),
                amount=Money(paid),
                reason="test",
            )
            assert self.response(command) == "00"

    # -- at the agent --------------------------------------------------------------------------

    @rule(wallet=wallets, amount=escudos)
    def request_cash_out(self, wallet: int, amount: int) -> None:
        name = self.new_name()
        expected = self.model.request_cash_out(name, wallet, amount * 100)
        command = RequestCashOut(
            transaction_id=self.ids[name],
            user_id=self.people[wallet].user_id,
            session_id=None,
            agent_id=self.agent_id,
            amount=Money(amount * 100),
            pickup_digest=self.codes[name],
            pickup_seal=b"sealed",
            ttl_seconds=600,
        )
        assert self.refusal(command) == expected

    @rule(data=st.data(), right_code=st.sampled_from([True, False]))
    def confirm(self, data: st.DataObject, right_code: bool) -> None:
        name = self.any_of(data, self.at_agents())
        if name is not None:
            expected = self.model.confirm(name, right_code=right_code)
            command = ConfirmCashOut(
                transaction_id=self.ids[name],
                agent_id=self.agent_id,
                pickup_digest=self.codes[name] if right_code else b"wrong",
            )
            assert self.refusal(command) == expected

    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        name = self.any_of(data, self.at_agents())
        if name is not None:
            expected = self.model.cancel(name, to="refused")
            command = RefuseCashOut(
                transaction_id=self.ids[name], agent_id=self.agent_id, reason="no cash"
            )
            assert self.refusal(command) == expected

    # -- anywhere ------------------------------------------------------------------------------

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        name = self.any_of(data, self.model.outs)
        if name is not None:
            expected = self.model.cancel(name)
            owner = self.people[self.model.outs[name].wallet]
            command = CancelWithdrawal(transaction_id=self.ids[name], user_id=owner.user_id)
            assert self.refusal(command) == expected

    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        command, once, told = data.draw(st.sampled_from(self.told))
        assert self.submit(command, once) == told

    @invariant()
    def every_wallet_holds_what_the_model_says(self) -> None:
        if hasattr(self, "model"):
            people = [person.wallet_id for person in self.people]
            *money, float_, breaks = self.balances(*people, self.float_id, BREAKS)
            assert money == [-wallet.money for wallet in self.model.wallets]
            assert float_ == -self.model.float_
            disputed = sum(out.disputed for out in self.model.outs.values())
            assert breaks - self.disputed_before == disputed

    # -- how -----------------------------------------------------------------------------------

    def submit(self, command: Command[Any], once: Once | None = None) -> bytes | str:
        """The body of the answer, or the code of the refusal."""
        key = once or Once(secrets.token_bytes(16), b"body")
        try:
            work = self.town.spine.submit(command, actor=ACTOR, request_id="r", once=key)
            told: bytes | str = self.town.run(work).body
        except Refusal as refusal:
            told = refusal.code
        if once is None:
            self.told.append((command, key, told))
        return told

    def refusal(self, command: Command[Any]) -> str | None:
        told = self.submit(command)
        return told if isinstance(told, str) else None

    def response(self, command: Command[SwitchReply]) -> str:
        work = self.town.spine.submit(command, actor="switch:VINTI4", request_id="r")
        return self.town.run(work).fresh.response_code.value

    def balances(self, *accounts: UUID) -> list[int]:
        """What the ledger says, debit positive, in the order asked for."""
        rows = self.town.eyes.execute(BALANCES, {"ids": list(accounts)}).fetchall()
        found: dict[UUID, int] = dict(rows)
        return [found[account] for account in accounts]

    def any_of(self, data: st.DataObject, names: Any) -> str | None:
        return data.draw(st.sampled_from(sorted(names))) if names else None

    def at_agents(self) -> list[str]:
        return [name for name, out in self.model.outs.items() if out.channel == "agent"]

    def part_of(self, name: str, part: float) -> int:
        return int(self.model.outs[name].amount // 100_00 * part) * 100_00

    def new_name(self) -> str:
        name = f"{next(self.town.names):06}"
        self.ids[name], self.codes[name] = uuid7(), secrets.token_bytes(32)
        return name

    def new_trace(self) -> TraceId:
        number = next(self.town.names)
        return TraceId(
            acquirer_id="VINTI4",
            terminal_id="ATM00001",
            stan=f"{number:06}",
            rrn=f"{number:012}",
            local_date=DAY,
        )


async def _project_and_rebuild(database: Database) -> int:
    projector = Projector(connector(database.projector))
    await projector.catch_up()
    projector.disconnect()
    report = await rebuild(database.owner, check=True)
    return len(report.differences)


def test_random_histories_come_to_what_the_model_says(town: Town) -> None:
    class HistoryHere(History):
        pass

    HistoryHere.town = town
    run_state_machine_as_test(
        HistoryHere,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    differences = town.run(_project_and_rebuild(town.database))
    assert differences == 0
    proof = prove(town.database.auditor, full=True)
    assert [finding.first_bad for finding in proof.findings if not finding.held] == []
