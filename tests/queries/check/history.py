"""Some days in the books, by the commands that exist: everything that can happen has happened."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date, time
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from commands.account.credit_from_bank import CreditFromBank
from commands.agent.cash_in import CashIn
from commands.agent.confirm_cash_out import ConfirmCashOut
from commands.agent.enrol_agent import EnrolAgent
from commands.agent.lapse import LapseCashOut
from commands.agent.refuse import RefuseCashOut
from commands.agent.request_cash_out import RequestCashOut
from commands.agent.work_a_till import CloseTill, EnrolTill, MoveTillCash, OpenTill
from commands.approval.approve import Approve
from commands.approval.change import Change
from commands.approval.propose import Propose
from commands.audit.seal_trail import Counted, SealTrail
from commands.books.open_books import OpenBooks
from commands.command import A, Command
from commands.idempotency import Once
from commands.identity.enrol_staff import EnrolStaff
from commands.identity.person import Role
from commands.risk.set_tier import SetTier
from commands.spine import Spine
from commands.switch.enrol import EnrolTerminal
from commands.switch.trace import TraceId
from commands.tier import Tier
from commands.treasury.settlement import SettleSwitch
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.cancel import CancelWithdrawal
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.doubt import DoubtWithdrawal
from commands.withdrawal.expire import ExpireWithdrawal
from commands.withdrawal.request_code import CodeCandidate, RequestCode
from commands.withdrawal.reverse import ReverseWithdrawal
from ledger import trail
from ledger.database import connect
from ledger.errors import Refusal
from ledger.log import Log
from ledger.money import Money
from queries.projector import Projector, connector
from tests.commands.moves import ACTOR, Customer, customer, key
from tests.conftest import Database

LONG = 900
PICKUP = b"123456"
OVER = date(2026, 11, 20)  # a settlement date that has ended


class History:
    """Things happen, each as a customer, a machine or an agent would have them."""

    def __init__(self, spine: Spine) -> None:
        self._spine = spine
        # Of traces and of the bank's references: no second history may meet the first one's.
        self._numbers = itertools.count(secrets.randbelow(900_000))
        self.agent_id = uuid7()
        # A machine of its own: at another's too many wrong codes may have been typed.
        self.terminal_id = f"ATM{next(self._numbers)}"

    async def do(self, command: Command[A], once: Once | None = None, actor: str = ACTOR) -> A:
        done = await self._spine.submit(command, actor=actor, request_id="test", once=once)
        return done.fresh

    async def begin(self) -> None:
        await self.do(OpenBooks())
        await self.do(
            EnrolTerminal(terminal_id=self.terminal_id, acquirer_id="SISP", place="Praia")
        )
        await self.do(EnrolAgent(agent_id=self.agent_id, float_id=uuid7()))
        await self.do(self.credit(100_000, agent_id=self.agent_id))

    async def operator(self) -> UUID:
        user_id = uuid7()
        await self.do(
            EnrolStaff(
                user_id=user_id,
                role=Role.OPERATOR,
                phone_index=user_id.bytes,
                profile_seal=b"-",
                pin_hash="-",
                totp_seal=b"-",
            )
        )
        return user_id

    async def changed_by_two(self, change: Change) -> None:
        maker, checker = await self.operator(), await self.operator()
        proposed = await self.do(
            Propose(proposal_id=uuid7(), maker_id=maker, change=change, ttl_seconds=LONG)
        )
        approve = Approve(
            proposal_id=proposed.proposal_id,
            checker_id=checker,
            content_hash=proposed.content_hash,
        )
        await self.do(approve, actor=str(checker))

    async def customer(self, escudos: int) -> Customer:
        made = await customer(self._spine, 0)
        await self.do(self.credit(escudos, phone_index=made.phone_index))
        return made

    def credit(self, escudos: int, **to: Any) -> CreditFromBank:
        return CreditFromBank(
            transaction_id=uuid7(),
            reference=f"R{next(self._numbers)}",
            amount=Money.of(escudos),
            value_date=date(2026, 11, 23),
            **to,
        )

    # -- at a machine --------------------------------------------------------------------------

    async def code(self, of: Customer, escudos: int = 2_000, ttl_seconds: int = LONG) -> UUID:
        id_ = uuid7()
        candidate = CodeCandidate(digest=id_.bytes, seal=b"sealed")
        await self.do(
            RequestCode(
                transaction_id=id_,
                user_id=of.user_id,
                session_id=None,
                amount=Money.of(escudos),
                candidates=(candidate,),
                ttl_seconds=ttl_seconds,
            )
        )
        return id_

    async def approved(
        self, of: Customer, escudos: int = 2_000, doubt_seconds: int = LONG
    ) -> tuple[UUID, TraceId]:
        id_ = await self.code(of, escudos)
        return id_, await self.tried(of, id_.bytes, escudos, doubt_seconds)

    async def tried(
        self, of: Customer, digest: bytes, escudos: int = 2_000, doubt_seconds: int = LONG
    ) -> TraceId:
        number = next(self._numbers)
        trace = TraceId(
            acquirer_id="SISP",
            terminal_id=self.terminal_id,
            stan=f"{number:06}",
            rrn=f"{number:012}",
            local_date=date(2026, 11, 23),
        )
        await self.do(
            AuthoriseWithdrawal(
                trace=trace,
                nonce_hash=None,
                phone_index=of.phone_index,
                code_digest=digest,
                amount=Money.of(escudos),
                settlement_date=None,
                doubt_seconds=doubt_seconds,
                cutoff=time(20),
            )
        )
        return trace

    async def paid(self, trace: TraceId, escudos: int, settlement_date: date | None = None) -> None:
        await self.do(
            CompleteWithdrawal(
                trace=trace,
                nonce_hash=None,
                amount=Money.of(escudos),
                settlement_date=settlement_date,
            )
        )

    async def reversed(self, trace: TraceId, escudos_paid: int = 0) -> None:
        await self.do(
            ReverseWithdrawal(
                trace=trace, nonce_hash=None, amount=Money.of(escudos_paid), reason="450"
            )
        )

    # -- at a counter --------------------------------------------------------------------------

    async def request(self, of: Customer, escudos: int = 3_000, ttl_seconds: int = LONG) -> UUID:
        id_ = uuid7()
        await self.do(
            RequestCashOut(
                transaction_id=id_,
                user_id=of.user_id,
                session_id=None,
                agent_id=self.agent_id,
                amount=Money.of(escudos),
                pickup_digest=PICKUP,
                pickup_seal=b"sealed",
                ttl_seconds=ttl_seconds,
            )
        )
        return id_

    async def confirmed(
        self, id_: UUID, pickup: bytes = PICKUP, operator_id: UUID | None = None
    ) -> None:
        await self.do(
            ConfirmCashOut(
                transaction_id=id_,
                agent_id=self.agent_id,
                pickup_digest=pickup,
                operator_id=operator_id,
            )
        )

    async def cash_in(self, of: Customer, escudos: int, operator_id: UUID | None = None) -> None:
        await self.do(
            CashIn(
                transaction_id=uuid7(),
                agent_id=self.agent_id,
                user_id=of.user_id,
                amount=Money.of(escudos),
                operator_id=operator_id,
            )
        )


@asynccontextmanager
async def at_work(database: Database) -> AsyncIterator[tuple[Spine, History]]:
    spine = Spine(Log(lambda: connect(database.commands, "makeba test")))
    spine.start()
    try:
        yield spine, History(spine)
    finally:
        await spine.close()


async def live(database: Database) -> None:
    """Every way a withdrawal and a request can go, transfers, replays and refusals."""
    async with at_work(database) as (_, history):
        await history.begin()
        one, other = await history.customer(200_000), await history.customer(50_000)
        await history.do(one.send(other, 1_000_00), key("sent"))
        with suppress(Refusal):
            await history.do(other.send(one, 90_000_00), key("too much"))
        await history.changed_by_two(SetTier(user_id=other.user_id, tier=Tier.STANDARD))
        await _at_machines(history, one)
        await _leave_a_trail(database, history)
        await _at_counters(history, other)
        await _at_a_till(history, other)
        await _settle(history)
        await _follow(database)
        await history.do(one.send(other, 2_000_00), key("after the models"))


async def _at_machines(history: History, one: Customer) -> None:
    _, whole = await history.approved(one)
    await history.paid(whole, 2_000)
    _, part = await history.approved(one, 4_000)
    await history.paid(part, 1_500, settlement_date=OVER)
    _, late = await history.approved(one, 5_000)
    await history.paid(late, 5_000)
    await history.reversed(late, 2_000)
    _, undone = await history.approved(one, 5_000)
    await history.paid(undone, 5_000)
    await history.reversed(undone)
    _, unpaid = await history.approved(one)
    await history.reversed(unpaid)
    doubtful, _ = await history.approved(one, doubt_seconds=0)
    await history.do(DoubtWithdrawal(transaction_id=doubtful))
    await history.approved(one)  # and no word yet
    cancelled = await history.code(one)
    await history.do(CancelWithdrawal(transaction_id=cancelled, user_id=one.user_id))
    overdue = await history.code(one, ttl_seconds=0)
    await history.do(ExpireWithdrawal(transaction_id=overdue))
    await history.code(one)
    for wrong in (b"1", b"2", b"3"):
        await history.tried(one, wrong)
    await history.code(one)  # lives


async def _at_counters(history: History, other: Customer) -> None:
    await history.cash_in(other, 5_000)
    await history.confirmed(await history.request(other))
    refused = await history.request(other)
    await history.do(
        RefuseCashOut(transaction_id=refused, agent_id=history.agent_id, reason="no cash")
    )
    lapsed = await history.request(other, ttl_seconds=0)
    await history.do(LapseCashOut(transaction_id=lapsed))
    cancelled = await history.request(other)
    await history.do(CancelWithdrawal(transaction_id=cancelled, user_id=other.user_id))
    pending = await history.request(other)
    with suppress(Refusal):
        await history.confirmed(pending, pickup=b"wrong")


async def _leave_a_trail(database: Database, history: History) -> None:
    """Three notes that the log takes up in two records, and one that it has not yet."""
    async with await connect(database.commands, "makeba test") as connection:
        for after, position in ((0, 2), (2, 3), (3, 4)):
            notes = [a_note(number) for number in range(after, position)]
            writing = trail.Writing(notes)
            await trail.write(connection, writing)
            assert writing.end is not None
            if position < 4:
                counts = tuple(Counted(trail.REFUSED, each.route, "NO", 2) for each in notes)
                end = SealTrail(
                    after=after, position=position, hash=writing.end.hash, counts=counts
                )
                await history.do(end, actor="job:trail")


def a_note(number: int) -> trail.Note:
    return trail.Note(
        what=trail.REFUSED,
        actor=trail.NOBODY,
        session=None,
        request_id=f"r-{number}",
        route=f"GET /{number}",
        asked=f"{UUID(int=number)} {number}",
        outcome="NO",
        times=2,
    )


async def _at_a_till(history: History, other: Customer) -> None:
    till, clerk = uuid7(), uuid7()
    here: dict[str, Any] = {"till_id": till, "agent_id": history.agent_id}
    await history.do(EnrolTill(**here, name="Caixa 1"))
    await history.do(OpenTill(**here, operator_id=clerk, counted=Money.of(10_000)))
    await history.cash_in(other, 5_000, clerk)
    await history.confirmed(await history.request(other), operator_id=clerk)
    await history.do(MoveTillCash(**here, operator_id=clerk, amount_minor=-2_000_00, reason="-"))
    await history.do(CloseTill(**here, closed_by=clerk, counted=Money.of(9_990)))
    await history.do(OpenTill(**here, operator_id=clerk, counted=Money.of(9_990)))


async def _settle(history: History) -> None:
    """The switch is paid for a day that is over, not all of it."""
    change = SettleSwitch(
        settlement_date=OVER, amount=Money.of(1_000), interchange=Money(0), reference="SISP 1"
    )
    await history.changed_by_two(change)


async def _follow(database: Database) -> None:
    projector = Projector(connector(database.projector))
    await projector.catch_up()
    projector.disconnect()
