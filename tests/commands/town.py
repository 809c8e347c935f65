"""A small town without a database: commands are loaded, decided and accepted as the spine does it.

Every command gets only the rows that it named, so a forgotten key fails here too; and after each
one the books are proven.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from commands.account.credit_from_bank import CreditFromBank
from commands.account.open_wallet import OpenWallet
from commands.agent.enrol_agent import EnrolAgent
from commands.agent.lifecycle import RequestState
from commands.agent.row import AgentRequest
from commands.books.journal_entry import JournalEntry
from commands.books.open_books import OpenBooks
from commands.command import A, Command
from commands.identity.enrol_staff import EnrolStaff
from commands.identity.person import Role
from commands.risk.held_transfer import HeldState, HeldTransfer
from commands.switch.enrol import EnrolTerminal
from commands.switch.trace import TraceId
from commands.tier import Tier
from commands.withdrawal.cardless import Cardless
from commands.withdrawal.hold import HELD
from commands.withdrawal.lifecycle import State
from commands.withdrawal.row import Withdrawal
from ledger import chart
from ledger.accounts import Account
from ledger.books import COUNTRY, Books, Event
from ledger.errors import Refusal
from ledger.money import Money
from ledger.rows import Key, Row
from ledger.wire import plain

MORNING = datetime(2030, 5, 15, 9, 30, tzinfo=COUNTRY)
TODAY = MORNING.date()
ACQUIRER = "SISP"
TERMINAL = "ATM00001"
HOLDING = (
    State.ACTIVE,
    State.AUTHORISED,
    State.IN_DOUBT,
    RequestState.PENDING,
    HeldState.HELD,
)


class Customer(msgspec.Struct, frozen=True):
    """Somebody with a wallet and a phone."""

    user_id: UUID
    wallet_id: UUID
    phone_index: bytes


class Outlet(msgspec.Struct, frozen=True):
    """An agent with a float."""

    agent_id: UUID
    float_id: UUID


class Town:
    """What is committed, what has happened, and the time."""

    def __init__(self) -> None:
        self.now = MORNING
        self.rows: dict[Key[Any], Row] = {}
        self.events: list[Event] = []
        self.times: dict[int, datetime] = {}  # at which entries were recorded
        self.just: list[Event] = []  # what the last command has recorded
        self.last_entries: dict[int, int] = {}
        self.do(OpenBooks())
        self.do(EnrolTerminal(terminal_id=TERMINAL, acquirer_id=ACQUIRER, place="Praia"))

    # -- doing ---------------------------------------------------------------------------------

    def do(self, command: Command[A]) -> A:
        """Have a command decided and kept. A refusal keeps what it leaves, and is raised."""
        books = Books(self.now, dict(self.last_entries), {})
        self._load(books, command)
        self.just = []
        try:
            answer = command.decide(books)
        except Refusal as refusal:
            books.discard()
            if refusal.leaves is not None:
                refusal.leaves(books)
                self._accept(books)
            raise
        self._accept(books)
        return answer

    def refused(self, command: Command[Any]) -> Refusal:
        """The refusal of a command that must not be done."""
        try:
            answer = self.do(command)
        except Refusal as refusal:
            return refusal
        raise AssertionError(f"done: {answer}")

    def later(self, seconds: float) -> Self:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        return self

    # -- people --------------------------------------------------------------------------------

    def customer(self, name: str, escudos: int, tier: Tier = Tier.FULL) -> Customer:
        """A new customer with so much money."""
        made = Customer(uuid7(), uuid7(), name.encode())
        self.do(
            OpenWallet(
                user_id=made.user_id,
                wallet_id=made.wallet_id,
                phone_index=made.phone_index,
                profile_seal=b"-",
                pin_hash="-",
                totp_seal=b"-",
                tier=tier,
            )
        )
        if escudos:
            self.do(deposit(escudos, phone_index=made.phone_index))
        return made

    def outlet(self, escudos: int, **enrolment: Any) -> Outlet:
        """A new agent with so much float."""
        made = Outlet(uuid7(), uuid7())
        self.do(EnrolAgent(agent_id=made.agent_id, float_id=made.float_id, **enrolment))
        if escudos:
            self.do(deposit(escudos, agent_id=made.agent_id))
        return made

    def staff(self, role: Role, agent_id: UUID | None = None) -> UUID:
        """A new person who works here, or behind an agent's counter."""
        user_id = uuid7()
        self.do(
            EnrolStaff(
                user_id=user_id,
                role=role,
                phone_index=user_id.bytes,
                profile_seal=b"-",
                pin_hash="-",
                totp_seal=b"-",
                agent_id=agent_id,
            )
        )
        return user_id

    # -- looking -------------------------------------------------------------------------------

    def find(self, key: Key[Any]) -> Any:
        """A committed row, or None."""
        return self.rows.get(key)

    def holds(self, account_id: UUID) -> Decimal:
        """What an account holds on its normal side, in escudos."""
        account: Account = self.find(Account.by_id(account_id))
        return account.holds.decimal

    def code_holds(self, code: str) -> Decimal:
        """The same for the one account of a code."""
        return self.holds(chart.the(code))

    def owed_by(self, code: str, debtor: UUID) -> Decimal:
        """What somebody owes us, in escudos."""
        account = self.find(Account.by_id(chart.owed_by(code, debtor)))
        return Decimal(0) if account is None else account.holds.decimal

    def withdrawal(self, withdrawal_id: UUID) -> Withdrawal:
        """A withdrawal as it stands."""
        found: Withdrawal = self.find(Withdrawal.by_id(withdrawal_id))
        return found

    @property
    def kinds(self) -> list[str]:
        """The kinds of events that the last command recorded."""
        return [event.kind for event in self.just]

    @property
    def booked(self) -> list[str]:
        """The entries of the last command, each as "debits | credits": 2010 2025 | 2030 2025."""
        return [self._written(event) for event in self.just if event.entry_number is not None]

    @property
    def last(self) -> Event:
        """The last thing that has happened."""
        return self.events[-1]

    # -- inside --------------------------------------------------------------------------------

    def _load(self, books: Books, command: Command[Any]) -> None:
        for rounds, keys in enumerate(command.touches(books), start=1):
            assert rounds <= 5, "the spine allows six, and takes one for the idempotency key"
            for key in keys:
                row = self._entry(key) if key[0] is JournalEntry else self.rows.get(key)
                books.rows.setdefault(key, row)
                if row is not None:
                    for other in row.keys():
                        books.rows.setdefault(other, row)

    def _entry(self, key: Key[Any]) -> JournalEntry | None:
        """What the log says of an entry."""
        for event in self.events:
            number = event.entry_number
            if number is not None and number == key[2]:
                reversed_by = [each.entry_number for each in self.events if each.reverses == number]
                return JournalEntry(
                    number=number,
                    kind=event.kind,
                    subject=event.subject,
                    recorded_at=self.times[number],
                    payload=msgspec.to_builtins(event.payload, enc_hook=plain),
                    accounts=tuple(line.account for line in event.lines),
                    amounts=tuple(line.amount for line in event.lines),
                    reversed_by=reversed_by[0] if reversed_by else None,
                )
        return None

    def _accept(self, books: Books) -> None:
        self.just, _ = books.accept()
        self.events.extend(self.just)
        for event in self.just:
            if event.entry_number is not None:
                self.times[event.entry_number] = books.now
        self.last_entries = books.last_entries
        for key in books.put_rows | set(books.posted):
            before = self.rows.get(key)
            for old in before.keys() if before is not None else ():
                del self.rows[old]
            row = books.get(key)
            saved = msgspec.structs.replace(row, version=row.version + 1)
            for new in saved.keys():
                self.rows[new] = saved
        self._prove()

    def _prove(self) -> None:
        """What must hold after every command, whatever it was."""
        accounts = list(self._all(Account))
        assert sum(account.balance for account in accounts) == 0
        assert all(a.floor is None or a.holds_minor >= a.floor for a in accounts)
        open_ = [*self._all(Withdrawal), *self._all(AgentRequest), *self._all(HeldTransfer)]
        held = [one for one in open_ if one.state in HOLDING]
        assert sum(one.held.minor for one in held) == self.find(Account.by_id(HELD)).holds_minor
        for cardless in self._all(Cardless):
            mine = [one.held.minor for one in held if one.wallet_id == cardless.wallet_id]
            assert cardless.held == sum(mine)
        for withdrawal in self._all(Withdrawal):
            assert (withdrawal.code_digest is not None) == (withdrawal.state is State.ACTIVE)
            assert (withdrawal.code_seal is not None) == (withdrawal.state is State.ACTIVE)

    def _all(self, row_type: type[Row]) -> Iterable[Any]:
        return {id(row): row for row in self.rows.values() if isinstance(row, row_type)}.values()

    def _written(self, event: Event) -> str:
        sides: dict[bool, list[str]] = {True: [], False: []}
        for line in event.lines:
            code = self.find(Account.by_id(line.account)).code
            sides[line.amount > 0].append(f"{code} {Money(abs(line.amount)).decimal}")
        return f"{' + '.join(sides[True])} | {' + '.join(sides[False])}"


def deposit(
    escudos: int,
    *,
    phone_index: bytes | None = None,
    agent_id: UUID | None = None,
    reference: str | None = None,
) -> CreditFromBank:
    """The trust bank was credited."""
    return CreditFromBank(
        transaction_id=uuid7(),
        reference=reference or str(uuid7()),
        amount=Money.of(escudos),
        value_date=TODAY,
        phone_index=phone_index,
        agent_id=agent_id,
    )


def trace(number: int = 1, *, terminal: str = TERMINAL, local_date: date = TODAY) -> TraceId:
    """The trace of the switch's n-th operation."""
    return TraceId(
        acquirer_id=ACQUIRER,
        terminal_id=terminal,
        stan=f"{number:06}",
        rrn=f"{number:012}",
        local_date=local_date,
    )
