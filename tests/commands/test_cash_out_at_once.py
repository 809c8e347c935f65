"""Cash out through the spine on a real database, with everybody at once."""

from __future__ import annotations

import asyncio
from datetime import time, timedelta
from typing import TypeVar

import psycopg
from uuid_utils.compat import uuid7

from commands.account.freeze import SetWalletStatus
from commands.account.reverse_entry import ReverseEntry
from commands.agent.confirm_cash_out import ConfirmCashOut
from commands.agent.enrol_agent import EnrolAgent
from commands.agent.request_cash_out import RequestCashOut
from commands.command import Answer, Command
from commands.identity.enrol_staff import EnrolStaff
from commands.identity.person import Role
from commands.spine import Spine
from commands.switch.enrol import EnrolTerminal
from commands.switch.trace import SwitchReply
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.expire import ExpireWithdrawal
from commands.withdrawal.request_code import CodeCandidate, CodeRequested, RequestCode
from commands.withdrawal.reverse import ReverseWithdrawal
from ledger.accounts import Status
from ledger.errors import Conflict, InsufficientFunds, Refusal
from ledger.money import Money
from tests.commands.moves import ACTOR, Customer, customer
from tests.commands.town import ACQUIRER, TERMINAL, deposit, trace
from tests.conftest import Database

A = TypeVar("A", bound=Answer)
CUSTOMERS = 40


async def do(spine: Spine, command: Command[A]) -> A:
    return (await spine.submit(command, actor=ACTOR, request_id="test")).fresh


async def tried(spine: Spine, command: Command[A]) -> A | Refusal:
    try:
        return await do(spine, command)
    except Refusal as refusal:
        return refusal


async def open_terminal(spine: Spine) -> None:
    await do(spine, EnrolTerminal(terminal_id=TERMINAL, acquirer_id=ACQUIRER, place="Praia"))


def code_of(number: int) -> bytes:
    return number.to_bytes(32, "big")


def asks(who: Customer, number: int, escudos: int = 2_000, ttl_seconds: int = 900) -> RequestCode:
    return RequestCode(
        transaction_id=uuid7(),
        user_id=who.user_id,
        session_id=None,
        amount=Money.of(escudos),
        candidates=(CodeCandidate(digest=code_of(number), seal=b"seal"),),
        ttl_seconds=ttl_seconds,
    )


def asked(who: Customer, code: int, number: int) -> AuthoriseWithdrawal:
    return AuthoriseWithdrawal(
        trace=trace(number),
        nonce_hash=uuid7().bytes,
        phone_index=who.phone_index,
        code_digest=code_of(code),
        amount=Money.of(2_000),
        settlement_date=None,
        doubt_seconds=60,
        cutoff=time(15),
    )


def completed(number: int, escudos: int = 2_000) -> CompleteWithdrawal:
    return CompleteWithdrawal(
        trace=trace(number), nonce_hash=uuid7().bytes, amount=Money.of(escudos)
    )


def reversed_(number: int, escudos: int = 0) -> ReverseWithdrawal:
    return ReverseWithdrawal(
        trace=trace(number), nonce_hash=uuid7().bytes, amount=Money.of(escudos), reason="450"
    )


def look(database: Database, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.owner) as connection:
        return connection.execute(statement).fetchall()


async def test_many_lives_at_once_leave_the_books_right(spine: Spine, database: Database) -> None:
    await open_terminal(spine)
    people = [await customer(spine, 1_000_000) for _ in range(CUSTOMERS)]

    async def live(who: Customer, number: int) -> None:
        """One withdrawal is completed, one is completed and then reversed, two are reversed."""
        for turn in range(4):
            operation = number * 10 + turn
            issued = await do(spine, asks(who, number))
            assert isinstance(issued, CodeRequested)
            reply = await do(spine, asked(who, number, operation))
            assert reply.response_code == "00"
            if turn % 2:
                await do(spine, completed(operation))
            if turn != 1:
                await do(spine, reversed_(operation))

    await asyncio.gather(*(live(who, number) for number, who in enumerate(people)))
    states = look(database, "SELECT state, count(*) FROM ledger.withdrawal GROUP BY 1 ORDER BY 1")
    assert states == [("completed", CUSTOMERS), ("reversed", 3 * CUSTOMERS)]
    balances = look(
        database,
        "SELECT code, -balance FROM ledger.account WHERE code IN ('2030', '2100', '4010')"
        " ORDER BY code",
    )
    assert balances == [
        ("2030", 0),
        ("2100", CUSTOMERS * 200_000),
        ("4010", CUSTOMERS * 2_500),
    ]
    assert look(database, "SELECT count(*) FROM ledger.cardless WHERE held <> 0") == [(0,)]


async def test_one_code_pays_once_however_many_machines_ask(spine: Spine) -> None:
    await open_terminal(spine)
    ana = await customer(spine, 1_000_000)
    await do(spine, asks(ana, 1))
    replies: list[SwitchReply] = await asyncio.gather(
        *(do(spine, asked(ana, 1, number)) for number in range(200))
    )
    codes = [reply.response_code.value for reply in replies]
    assert codes.count("00") == 1
    assert codes.count("55") == 3  # three wrong in a row: from then on the terminal is in step-up
    assert codes.count("1A") == 196


async def test_one_wallet_holds_no_more_than_it_has(spine: Spine, database: Database) -> None:
    ana = await customer(spine, 10 * 306_000)
    agent_id = uuid7()
    await do(spine, EnrolAgent(agent_id=agent_id, float_id=uuid7()))
    requests = [
        RequestCashOut(
            transaction_id=uuid7(),
            user_id=ana.user_id,
            session_id=None,
            agent_id=agent_id,
            amount=Money.of(3_000),
            pickup_digest=b"right",
            pickup_seal=b"seal",
            ttl_seconds=600,
        )
        for _ in range(100)
    ]
    results = await asyncio.gather(*(tried(spine, request) for request in requests))
    refused = [result for result in results if isinstance(result, InsufficientFunds)]
    assert len(refused) == 90
    confirms = [
        ConfirmCashOut(
            transaction_id=request.transaction_id, agent_id=agent_id, pickup_digest=b"right"
        )
        for request, result in zip(requests, results, strict=True)
        if not isinstance(result, Refusal)
    ]
    twice = await asyncio.gather(*(tried(spine, confirm) for confirm in confirms * 2))
    assert sum(isinstance(result, Conflict) for result in twice) == 10
    assert look(database, "SELECT -balance FROM ledger.account WHERE code = '2020'") == [
        (10 * 303_000,)
    ]


async def test_time_is_the_databases(spine: Spine) -> None:
    ana = await customer(spine, 1_000_000)
    issued = await do(spine, asks(ana, 1, ttl_seconds=1))
    expire = ExpireWithdrawal(transaction_id=issued.transaction_id)
    assert not (await do(spine, expire)).expired
    await asyncio.sleep(timedelta(seconds=1).total_seconds())
    results = await asyncio.gather(*(do(spine, expire) for _ in range(20)))
    assert sum(result.expired for result in results) == 1


async def test_an_entry_is_reversed_once_by_however_many(spine: Spine, database: Database) -> None:
    accountant = uuid7()
    await do(
        spine,
        EnrolStaff(
            user_id=accountant,
            role=Role.ACCOUNTANT,
            phone_index=b"clerk",
            profile_seal=b"-",
            pin_hash="-",
            totp_seal=b"-",
        ),
    )
    await do(spine, deposit(500))
    ((number,),) = look(database, "SELECT max(entry_number) FROM ledger.log")
    assert isinstance(number, int)
    results = await asyncio.gather(
        *(
            tried(
                spine,
                ReverseEntry(
                    transaction_id=uuid7(),
                    entry_number=number,
                    reason="twice",
                    user_id=accountant,
                ),
            )
            for _ in range(50)
        )
    )
    assert sum(isinstance(result, Conflict) for result in results) == 49


async def test_a_bank_reference_counts_once_however_often_it_comes(
    spine: Spine, database: Database
) -> None:
    results = await asyncio.gather(*(do(spine, deposit(500, reference="B-1")) for _ in range(50)))
    assert len({result.transaction_id for result in results}) == 1
    assert look(database, "SELECT -balance FROM ledger.account WHERE code = '2900'") == [(50_000,)]


async def test_a_wallet_may_be_emptied_and_closed_in_one_batch(spine: Spine) -> None:
    ana, rui = await customer(spine, 101_000), await customer(spine, 0)
    close = SetWalletStatus(user_id=ana.user_id, status=Status.CLOSED)
    results = await asyncio.gather(tried(spine, ana.send(rui, 100_000)), tried(spine, close))
    assert not any(isinstance(result, Refusal) for result in results)


async def test_money_that_comes_back_to_a_closed_wallet_freezes_it(
    spine: Spine, database: Database
) -> None:
    await open_terminal(spine)
    ana = await customer(spine, 202_500)
    await do(spine, asks(ana, 1))
    await do(spine, asked(ana, 1, 1))
    await do(spine, completed(1))
    await do(spine, SetWalletStatus(user_id=ana.user_id, status=Status.CLOSED))
    assert (await do(spine, reversed_(1))).response_code == "00"
    assert look(database, "SELECT status, -balance FROM ledger.account WHERE code = '2010'") == [
        ("frozen", 202_500)
    ]
