"""Balances are taken over from other books, once, as the first entry of all.

Each line names a code of the chart, or whose wallet or float it is. What is held, dormant or
owed to us has a life that no balance tells: such money is taken over as its owner's. The trust has
to hold what it stands for from the first entry on.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.agent.row import Agent
from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.treasury.own_money import Said
from ledger import chart
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.chart import HEADINGS, ONE_PER_OWNER
from ledger.errors import Conflict, InsufficientFunds, InvalidRequest, NotFound, WalletNotOpen
from ledger.journal import Line, entry
from ledger.money import AMOUNT_MINOR_MAX, Money

LINES_MAX = 5_000
NEVER = (chart.HELD, chart.DORMANT, chart.AGENT_RECEIVABLE, chart.CUSTOMER_RECEIVABLE)
# What the trust holds and stands for; see queries/safeguarding.py.
OF_THE_TRUST = (
    chart.TRUST_BANK, chart.TRUST_IN_TRANSIT, chart.WALLET, chart.AGENT_FLOAT,
    chart.SWITCH_PAYABLE, chart.UNIDENTIFIED_CREDITS, chart.FEE_ATM, chart.FEE_AGENT,
    chart.FEE_TRANSFER, chart.FEE_OTHER, chart.TAXES_PAYABLE, chart.COMMISSION_CASH_IN,
    chart.COMMISSION_CASH_OUT, chart.SUSPENSE_BREAKS, chart.DUE_FROM_SWITCH,
)  # fmt: skip


class OpeningLine(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What stood on one account: on one side, above zero."""

    code: str
    user_id: UUID | None = None
    agent_id: UUID | None = None
    debit: Money = Money(0)
    credit: Money = Money(0)

    @property
    def minor(self) -> int:
        """Debit positive."""
        return self.debit.minor - self.credit.minor


class TakeOverBalances(Change, frozen=True, kw_only=True):
    """Take balances over, into books in which no money has moved; they stand in `document`."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT,)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT, Role.OPERATOR)

    document: Said
    lines: tuple[OpeningLine, ...]

    def touches(self, books: Books) -> Rounds:
        lines = self.lines[:LINES_MAX]
        fixed = [line.code for line in lines if line.code in HEADINGS]
        yield (
            *(Account.by_id(chart.the(code)) for code in fixed if code not in ONE_PER_OWNER),
            *(Person.by_id(line.user_id) for line in lines if line.user_id is not None),
            *(Agent.by_id(line.agent_id) for line in lines if line.agent_id is not None),
        )
        found = [self._find(books, line) for line in lines]
        yield tuple(Account.by_id(account) for account in found if account is not None)

    def require_possible(self, books: Books, maker: Person) -> None:
        if any(books.last_entries.values()):
            raise Conflict("Money has moved in these books.", state="in use")
        if not 2 <= len(self.lines) <= LINES_MAX:
            raise InvalidRequest(field="lines", reason=f"are 2 to {LINES_MAX}")
        seen: set[UUID] = set()
        for number, line in enumerate(self.lines, start=1):
            account = self._require_account(books, line, number)
            if account.id in seen:
                raise InvalidRequest(field="lines", line=number, reason="names an account again")
            seen.add(account.id)
            self._require_amount(line, account, number)
        if sum(line.minor for line in self.lines):
            raise InvalidRequest(field="lines", reason="have other debits than credits")
        if sum(line.minor for line in self.lines if line.code in OF_THE_TRUST):
            raise InvalidRequest(
                field="lines", reason="have a trust that does not hold what it is for"
            )

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        lines = [
            Line(self._require_account(books, line, number).id, line.minor)
            for number, line in enumerate(self.lines, start=1)
        ]
        number = books.record(
            "balances.taken_over",
            proposal_id,
            {"document": self.document, "lines": len(lines), "checker": checker.id},
            entry(*lines),
        )
        return {"entry": number}

    def _find(self, books: Books, line: OpeningLine) -> UUID | None:
        if line.user_id is not None:
            person = books.find(Person.by_id(line.user_id))
            return None if person is None else person.wallet_id
        if line.agent_id is not None:
            agent = books.find(Agent.by_id(line.agent_id))
            return None if agent is None else agent.float_id
        fixed = line.code in HEADINGS and line.code not in ONE_PER_OWNER
        return chart.the(line.code) if fixed else None

    def _require_account(self, books: Books, line: OpeningLine, number: int) -> Account:
        wanted = {chart.WALLET: (True, False), chart.AGENT_FLOAT: (False, True)}
        owners = (line.user_id is not None, line.agent_id is not None)
        if line.code not in HEADINGS or line.code in NEVER:
            raise InvalidRequest(field="code", line=number, reason="is not one to take over")
        if owners != wanted.get(line.code, (False, False)):
            raise InvalidRequest(field="userId", line=number, reason="or agentId fits its code")
        found = self._find(books, line)
        if found is None:
            raise NotFound("There is no such customer or agent.", line=number)
        account = books.account(found)
        if account.status is Status.CLOSED:
            raise WalletNotOpen(status=account.status, line=number)
        return account

    def _require_amount(self, line: OpeningLine, account: Account, number: int) -> None:
        sides = (line.debit.minor, line.credit.minor)
        if min(sides) < 0 or (sides[0] > 0) is (sides[1] > 0) or max(sides) > AMOUNT_MINOR_MAX:
            raise InvalidRequest(field="debit", line=number, reason="or credit is above zero")
        holds = line.minor if account.debit_normal else -line.minor
        if account.floor is not None and holds < account.floor:
            raise InsufficientFunds(line=number)
