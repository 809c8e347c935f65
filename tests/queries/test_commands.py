"""The commands themselves, projected: what they record is what the models read."""

from __future__ import annotations

from datetime import time
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from commands.account.credit_from_bank import CreditFromBank
from commands.account.freeze import SetWalletStatus
from commands.account.open_wallet import OpenWallet
from commands.account.reverse_entry import ReverseEntry
from commands.account.transfer import Transfer
from commands.agent.cash_in import CashIn
from commands.agent.confirm_cash_out import ConfirmCashOut
from commands.agent.enrol_agent import EnrolAgent
from commands.agent.refuse import RefuseCashOut
from commands.agent.request_cash_out import RequestCashOut
from commands.books.mark_demo import MarkDemo
from commands.command import Command
from commands.identity.enrol_staff import EnrolStaff
from commands.identity.person import Role
from commands.spine import Spine
from commands.switch.enrol import EnrolTerminal
from commands.switch.trace import TraceId
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.request_code import CodeCandidate, RequestCode
from commands.withdrawal.reverse import ReverseWithdrawal
from ledger.accounts import Status
from ledger.money import Money
from queries import (
    agent_report,
    agent_requests,
    history,
    journal,
    rebuild,
    switch_lookup,
    wallet,
    withdrawal,
)
from queries.filters import Filters
from queries.projector import Projector
from queries.reader import Reader
from tests.conftest import Database
from tests.queries.days import today
from tests.queries.town import TODAY

ANA, RUI = uuid7(), uuid7()
AGENT, CLERK = uuid7(), uuid7()
CODE, WRONG = b"code".ljust(32), b"wrong".ljust(32)


class Counter:
    """Submits one command after the other."""

    def __init__(self, spine: Spine) -> None:
        self._spine = spine

    async def do(self, command: Command[Any]) -> Any:
        outcome = await self._spine.submit(command, actor="system:test", request_id="r")
        return outcome.fresh

    async def open(self, user: UUID, escudos: int) -> None:
        sealed = {"profile_seal": b"-", "pin_hash": "-", "totp_seal": b"-"}
        await self.do(
            OpenWallet(user_id=user, wallet_id=uuid7(), phone_index=user.bytes, **sealed)  # type: ignore[arg-type]
        )
        await self.credit(escudos, phone_index=user.bytes)

    async def credit(self, escudos: int, **whom: Any) -> None:
        await self.do(
            CreditFromBank(
                transaction_id=uuid7(),
                reference=str(uuid7()),
                amount=Money.of(escudos),
                value_date=TODAY,
                **{"phone_index": None, "agent_id": None} | whom,
            )
        )

    async def request(self, escudos: int) -> UUID:
        answer = await self.do(
            RequestCode(
                transaction_id=uuid7(),
                user_id=ANA,
                session_id=None,
                amount=Money.of(escudos),
                candidates=(CodeCandidate(digest=CODE, seal=b"-"),),
                ttl_seconds=900,
            )
        )
        found: UUID = answer.transaction_id
        return found

    async def authorise(self, number: int, escudos: int, code: bytes = CODE) -> str:
        answer = await self.do(
            AuthoriseWithdrawal(
                trace=trace(number),
                nonce_hash=uuid7().bytes,
                phone_index=ANA.bytes,
                code_digest=code,
                amount=Money.of(escudos),
                settlement_date=TODAY,
                doubt_seconds=600,
                cutoff=time(15),
            )
        )
        return str(answer.response_code)

    async def paid(self, number: int, escudos: int) -> None:
        await self.do(
            CompleteWithdrawal(
                trace=trace(number), nonce_hash=uuid7().bytes, amount=Money.of(escudos)
            )
        )

    async def not_paid(self, number: int) -> None:
        await self.do(
            ReverseWithdrawal(
                trace=trace(number), nonce_hash=uuid7().bytes, amount=Money(0), reason="450"
            )
        )

    async def ask_agent(self, escudos: int) -> UUID:
        answer = await self.do(
            RequestCashOut(
                transaction_id=uuid7(),
                user_id=ANA,
                session_id=None,
                agent_id=AGENT,
                amount=Money.of(escudos),
                pickup_digest=CODE,
                pickup_seal=b"-",
                ttl_seconds=600,
            )
        )
        found: UUID = answer.transaction_id
        return found


def trace(number: int) -> TraceId:
    return TraceId(
        acquirer_id="SISP",
        terminal_id="ATM00001",
        stan=f"{number:06}",
        rrn=f"{number:012}",
        local_date=TODAY,
    )


@pytest.fixture
async def counter(spine: Spine) -> Counter:
    """Ana has 50,000 escudos, Rui 1,000, and the agent 20,000 of float."""
    counter = Counter(spine)
    await counter.do(MarkDemo())  # no rule or watch stands between them and the books
    await counter.do(EnrolTerminal(terminal_id="ATM00001", acquirer_id="SISP", place="Praia"))
    await counter.do(EnrolAgent(agent_id=AGENT, float_id=uuid7()))
    await counter.credit(20_000, agent_id=AGENT)
    await counter.open(ANA, 50_000)
    await counter.open(RUI, 1_000)
    return counter


async def test_withdrawals_at_machines_read_as_they_were_decided(
    counter: Counter, projector: Projector, reader: Reader, database: Database
) -> None:
    in_part = await counter.request(6_000)
    await counter.authorise(1, 6_000)
    await counter.paid(1, 2_000)
    locked = await counter.request(2_000)
    declined = [await counter.authorise(number, 2_000, WRONG) for number in (2, 3, 4)]
    refunded = await counter.request(2_000)
    await counter.authorise(5, 2_000)
    await counter.paid(5, 2_000)
    await counter.not_paid(5)
    await counter.not_paid(6)
    await counter.paid(7, 500)
    live = await counter.request(1_000)
    await projector.catch_up()
    states = {
        id_: (await withdrawal.status(reader, ANA, id_)).status
        for id_ in (in_part, locked, refunded, live)
    }
    assert list(states.values()) == ["completed", "locked", "reversed", "active"]
    found = await wallet.of(reader, ANA)
    assert found.held == Money(1_025_00)
    assert found.balance == Money(50_000_00 - 2_025_00 - 1_025_00)
    page = await history.page(reader, ANA)
    assert [item.transaction_id for item in page.items[:-1]] == [live, refunded, locked, in_part]
    assert page.items[3].amount == Money(2_000_00)
    assert declined[-1] == "75"
    lookups = [
        (await switch_lookup.by_rrn(reader, "SISP", trace(number).rrn, TODAY)).items[0].state
        for number in (1, 2, 5, 6, 7)
    ]
    assert lookups == ["completed", "declined", "reversed", "reversed", "disputed"]
    assert (await rebuild.rebuild(database.owner, check=True)).same


async def test_an_agents_day_reads_as_it_was_decided(
    counter: Counter, projector: Projector, reader: Reader, database: Database
) -> None:
    paid, refused, waiting = [await counter.ask_agent(escudos) for escudos in (3_000, 2_000, 100)]
    await counter.do(ConfirmCashOut(transaction_id=paid, agent_id=AGENT, pickup_digest=CODE))
    await counter.do(RefuseCashOut(transaction_id=refused, agent_id=AGENT, reason="no cash"))
    cash_in = CashIn(transaction_id=uuid7(), agent_id=AGENT, user_id=RUI, amount=Money.of(5_000))
    await counter.do(cash_in)
    await projector.catch_up()
    queue = await agent_requests.queue(reader, AGENT)
    assert [request.transaction_id for request in queue.items] == [waiting]
    assert (await withdrawal.status(reader, ANA, refused)).reason == "no cash"
    report = await agent_report.of(reader, AGENT, today(database))
    assert (report.cash_in.amount, report.cash_in.commission) == (Money(5_000_00), Money(25_00))
    assert (report.cash_out.amount, report.cash_out.commission) == (Money(3_000_00), Money(30_00))
    assert report.float_closing == Money((20_000 - 5_000 + 25 + 3_000 + 30) * 100)
    assert (await history.one(reader, RUI, cash_in.transaction_id)).counterparty == str(AGENT)
    assert (await rebuild.rebuild(database.owner, check=True)).same


async def test_corrections_and_freezes_read_as_they_were_decided(
    counter: Counter, projector: Projector, reader: Reader, database: Database
) -> None:
    await counter.do(
        EnrolStaff(
            user_id=CLERK,
            role=Role.OPERATOR,
            phone_index=CLERK.bytes,
            profile_seal=b"-",
            pin_hash="-",
            totp_seal=b"-",
        )
    )
    sent = Transfer(transaction_id=uuid7(), user_id=ANA, to_phone=RUI.bytes, amount=Money.of(1_000))
    await counter.do(sent)
    await projector.catch_up()
    (entry,) = await journal.entries_of(reader, sent.transaction_id)
    await counter.do(
        ReverseEntry(
            transaction_id=uuid7(), entry_number=entry.number, reason="wrong", user_id=CLERK
        )
    )
    await counter.do(SetWalletStatus(user_id=RUI, status=Status.FROZEN))
    await projector.catch_up()
    assert (await history.one(reader, ANA, sent.transaction_id)).status == "reversed"
    newest = (await journal.page(reader, Filters(), limit=1)).items[0]
    assert (newest.kind, newest.reverses) == ("entry.reversed", entry.number)
    found = await wallet.of(reader, RUI)
    assert (found.balance, found.status) == (Money(1_000_00), "frozen")
    assert (await wallet.of(reader, ANA)).balance == Money(50_000_00)
    assert (await rebuild.rebuild(database.owner, check=True)).same
