"""A town in which things happen without their commands: events are forged as the log has them.

Amounts are centavos. What each forged event claims is also written down here, so that a test can
compare what the read models say with what was meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from commands.spine import Spine
from ledger import chart
from ledger.accounts import Account
from ledger.journal import Entry, Line, entry, reversal
from tests.queries.forge import Forge, Happened
from tests.queries.people import OPEN, Agent, Cash, Wallet

TRUST = chart.the(chart.TRUST_BANK)
HELD = chart.the(chart.HELD)
SWITCH = chart.the(chart.SWITCH_PAYABLE)
BREAKS = chart.the(chart.SUSPENSE_BREAKS)
FEE_ATM = chart.the(chart.FEE_ATM)
FEE_AGENT = chart.the(chart.FEE_AGENT)
FEE_TRANSFER = chart.the(chart.FEE_TRANSFER)
PAID_IN = chart.the(chart.COMMISSION_CASH_IN)
PAID_OUT = chart.the(chart.COMMISSION_CASH_OUT)
LATER = datetime(2100, 1, 1, tzinfo=UTC)
TODAY = date(2030, 5, 17)  # for dates that the switch chooses


class Town:
    """The forger, and what it knows of the town."""

    def __init__(self, spine: Spine) -> None:
        self._spine = spine
        self.position = 0
        self.balances: dict[UUID, int] = defaultdict(int)  # debit positive
        self.wallets: list[Wallet] = []
        self.agents: list[Agent] = []
        self.cash: list[Cash] = []
        self.statuses: dict[UUID, str] = {}

    async def forge(
        self, *happened: Happened, opens: Sequence[Account] = ()
    ) -> tuple[int | None, ...]:
        """Write these events in one batch; returns the numbers of their entries."""
        outcome = await self._spine.submit(
            Forge(happened=happened, opens=tuple(opens)), actor="system:test", request_id="forged"
        )
        self.position = outcome.position
        for each in happened:
            for line in each.entry.lines if each.entry else ():
                self.balances[line.account] += line.amount
        return outcome.fresh.entry_numbers

    def holds(self, account: UUID) -> int:
        """What a wallet or float holds."""
        return -self.balances[account]

    def held(self, wallet: Wallet) -> int:
        """What is set aside of a wallet."""
        return sum(each.held for each in self.cash if each.wallet == wallet and each.state in OPEN)

    # -- people --------------------------------------------------------------------------------

    async def wallet(self, money: int = 0) -> Wallet:
        made = Wallet(uuid7(), uuid7())
        await self.forge(
            Happened(
                "wallet.opened", made.id, {"user": made.user, "code": "2010", "currency": "CVE"}
            ),
            opens=[chart.opened("2010", made.id, owner=made.user)],
        )
        self.wallets.append(made)
        self.statuses[made.id] = "open"
        if money:
            await self.credit(made.id, money)
        return made

    async def agent(self, money: int = 0) -> Agent:
        made = Agent(uuid7(), uuid7())
        await self.forge(
            Happened(
                "agent.enrolled",
                made.id,
                {"float": made.float, "code": "2020", "currency": "CVE"},
            ),
            opens=[chart.opened("2020", made.float, owner=made.id)],
        )
        self.agents.append(made)
        if money:
            await self.credit(made.float, money, "agent_float")
        return made

    async def set_status(self, wallet: Wallet, status: str) -> None:
        self.statuses[wallet.id] = status
        await self.forge(
            Happened("wallet.status_changed", wallet.id, {"user": wallet.user, "status": status})
        )

    # -- money ---------------------------------------------------------------------------------

    async def credit(self, account: UUID, amount: int, beneficiary: str = "wallet") -> UUID:
        id_ = uuid7()
        await self.forge(
            Happened(
                "bank.credited",
                id_,
                {
                    "reference": str(id_),
                    "beneficiary": beneficiary,
                    "account": account,
                    "amount": amount,
                },
                entry(Line(TRUST, amount), Line(account, -amount)),
            )
        )
        return id_

    async def transfer(self, from_: Wallet, to: Wallet, amount: int, fee: int) -> tuple[UUID, int]:
        """Returns the transaction and the number of its entry."""
        id_ = uuid7()
        (number,) = await self.forge(
            Happened(
                "transfer.made",
                id_,
                {
                    "from": from_.id,
                    "to": to.id,
                    "amount": amount,
                    "fee": fee,
                    "tariffEdition": 1,
                },
                entry(Line(from_.id, amount + fee), Line(to.id, -amount), Line(FEE_TRANSFER, -fee)),
            )
        )
        assert number is not None
        return id_, number

    async def take_back(self, number: int, lines: Sequence[Line]) -> UUID:
        id_ = uuid7()
        await self.forge(
            Happened(
                "entry.reversed",
                id_,
                {"reverses": number, "reason": "wrong"},
                reversal(number, tuple(lines)),
            )
        )
        return id_

    async def cash_in(self, agent: Agent, wallet: Wallet, amount: int, commission: int) -> UUID:
        id_ = uuid7()
        await self.forge(
            Happened(
                "cash_in.made",
                id_,
                {
                    "agent": agent.id,
                    "wallet": wallet.id,
                    "amount": amount,
                    "commission": commission,
                    "tariffEdition": 1,
                },
                entry(
                    Line(agent.float, amount),
                    Line(PAID_IN, commission),
                    Line(wallet.id, -amount),
                    Line(agent.float, -commission),
                ),
            )
        )
        return id_

    # -- cash out ------------------------------------------------------------------------------

    async def ask(self, wallet: Wallet, amount: int, fee: int) -> Cash:
        """A code for an ATM."""
        made = Cash(uuid7(), wallet, "active", amount, fee)
        await self.forge(
            self.of(
                made,
                "withdrawal.requested",
                entry(Line(wallet.id, made.held), Line(HELD, -made.held)),
                tariffEdition=1,
                expiresAt=LATER,
                session=None,
            )
        )
        self.cash.append(made)
        return made

    async def ask_agent(
        self, wallet: Wallet, agent: Agent, amount: int, fee: int, commission: int
    ) -> Cash:
        """A request at a counter."""
        made = Cash(uuid7(), wallet, "pending", amount, fee, agent, commission)
        await self.forge(
            self.of(
                made,
                "cash_out.requested",
                entry(Line(wallet.id, made.held), Line(HELD, -made.held)),
                tariffEdition=1,
                expiresAt=LATER,
            )
        )
        self.cash.append(made)
        return made

    async def authorise(self, cash: Cash, stan: str = "000001") -> None:
        cash.state = "authorised"
        cash.trace = trace(stan)
        await self.forge(self.authorised(cash))

    def authorised(self, cash: Cash) -> Happened:
        return self.of(
            cash,
            "withdrawal.authorised",
            **cash.trace,
            approvalCode="123456",
            settlementDate=TODAY,
            doubtAt=LATER,
        )

    async def try_code(self, cash: Cash, tries: int) -> None:
        kind = "cash_out.code_tried" if cash.agent else "withdrawal.code_tried"
        await self.forge(self.of(cash, kind, tries=tries))

    async def doubt(self, cash: Cash) -> None:
        cash.state = "in_doubt"
        await self.forge(self.of(cash, "withdrawal.in_doubt"))

    async def complete(self, cash: Cash, paid: int, fee: int) -> None:
        cash.state, cash.captured, cash.captured_fee = "completed", paid, fee
        await self.forge(self.completed(cash))

    def completed(self, cash: Cash) -> Happened:
        paid, fee = cash.captured, cash.captured_fee
        return self.of(
            cash,
            "withdrawal.completed",
            entry(
                Line(HELD, cash.held),
                Line(SWITCH, -paid),
                Line(FEE_ATM, -fee),
                Line(cash.wallet.id, paid + fee - cash.held),
                value_date=TODAY,
            ),
            settlementDate=TODAY,
        )

    async def refund(self, cash: Cash) -> None:
        """A late reversal of all that was captured."""
        less, less_fee = cash.captured, cash.captured_fee
        cash.state, cash.captured, cash.captured_fee = "reversed", 0, 0
        await self.forge(
            self.of(
                cash,
                "withdrawal.reversed",
                entry(
                    Line(SWITCH, less),
                    Line(FEE_ATM, less_fee),
                    Line(cash.wallet.id, -less - less_fee),
                ),
                reason="no notes",
            )
        )

    async def give_back(self, cash: Cash, state: str, reason: str | None = None) -> None:
        """An end without cash."""
        cash.state = state
        await self.forge(self.given_back(cash, reason))

    def given_back(self, cash: Cash, reason: str | None = None) -> Happened:
        channel = "cash_out" if cash.agent else "withdrawal"
        return self.of(
            cash,
            f"{channel}.{cash.state}",
            entry(Line(HELD, cash.held), Line(cash.wallet.id, -cash.held)),
            reason=reason,
        )

    async def confirm(self, cash: Cash) -> None:
        """The agent has paid."""
        assert cash.agent is not None
        cash.state = "confirmed"
        await self.forge(
            self.of(
                cash,
                "cash_out.confirmed",
                entry(
                    Line(HELD, cash.held),
                    Line(PAID_OUT, cash.commission),
                    Line(cash.agent.float, -cash.amount - cash.commission),
                    Line(FEE_AGENT, -cash.fee),
                ),
            )
        )

    async def decline(self, stan: str, code: str, cash: Cash | None = None) -> None:
        await self.forge(
            Happened(
                "switch.declined",
                uuid7(),
                {
                    **trace(stan),
                    "responseCode": code,
                    "amount": 200_00,
                    "withdrawal": cash.id if cash else None,
                },
            )
        )

    async def note_reversal(self, stan: str) -> None:
        await self.forge(
            Happened("switch.reversal_noted", uuid7(), {**trace(stan), "reason": "late"})
        )

    async def dispute(self, stan: str, amount: int, cash: Cash | None = None) -> UUID:
        """The switch says more was paid than we hold. Returns the trace's id."""
        id_ = uuid7()
        await self.forge(
            Happened(
                "dispute.opened",
                id_,
                disputed(stan, amount, "open", cash),
                entry(Line(BREAKS, amount), Line(SWITCH, -amount)),
            )
        )
        return id_

    async def charge(self, id_: UUID, stan: str, amount: int, cash: Cash) -> None:
        """The dispute ends: the customer had the cash."""
        await self.forge(
            Happened(
                "dispute.resolved",
                id_,
                disputed(stan, amount, "closed", cash),
                entry(Line(cash.wallet.id, amount), Line(BREAKS, -amount)),
            )
        )

    def of(self, cash: Cash, kind: str, moved: Entry | None = None, **more: Any) -> Happened:
        """An event in the life of a withdrawal or request."""
        payload: dict[str, Any] = {
            "user": cash.wallet.user,
            "wallet": cash.wallet.id,
            "state": cash.state,
            "amount": cash.amount,
            "fee": cash.fee,
        }
        if cash.agent:
            payload |= {"agent": cash.agent.id, "commission": cash.commission}
        else:
            payload |= {"captured": cash.captured, "capturedFee": cash.captured_fee}
        return Happened(kind, cash.id, payload | more, moved)


def trace(stan: str) -> dict[str, Any]:
    """What names an operation of the switch."""
    return {
        "acquirerId": "600001",
        "terminalId": "ATM00001",
        "stan": stan,
        "rrn": stan.rjust(12, "0"),
        "localDate": TODAY,
    }


def disputed(stan: str, amount: int, state: str, cash: Cash | None) -> dict[str, Any]:
    return {
        **trace(stan),
        "withdrawal": cash.id if cash else None,
        "amount": amount,
        "settlementDate": TODAY + timedelta(days=1),
        "state": state,
    }
