"""The trust bank reports a deposit: it becomes a customer's money or an agent's float."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from commands.agent.float_levels import watch_float
from commands.agent.row import Agent
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.step_up import require_confirmed, session_keys
from commands.treasury.debts import OWED_BY_AGENT, account_of_debt, debt_key, debt_of
from ledger import chart
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest
from ledger.journal import Line, credit, debit, entry
from ledger.money import Money
from ledger.rows import Key, Row

TRUST = chart.the(chart.TRUST_BANK)
UNIDENTIFIED = chart.the(chart.UNIDENTIFIED_CREDITS)


class Beneficiary(StrEnum):
    """Where the money of a bank credit went."""

    WALLET = "wallet"
    AGENT_FLOAT = "agent_float"
    UNIDENTIFIED = "unidentified"


class BankCredit(Row, frozen=True, kw_only=True):
    """A credit that was booked, under the bank's own reference."""

    reference: str
    transaction_id: UUID
    amount: int
    value_date: date
    account_id: UUID
    beneficiary: Beneficiary
    entry_number: int
    booked_at: datetime

    TABLE: ClassVar[str] = "bank_credit"
    INSERT_ONLY: ClassVar[bool] = True
    LOAD: ClassVar[dict[str, str]] = {
        "reference": """
            SELECT
                0 AS version, reference, transaction_id, amount, value_date, account_id,
                beneficiary, entry_number, booked_at
            FROM ledger.bank_credit
            WHERE reference = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.bank_credit (
                reference, transaction_id, amount, value_date, account_id, beneficiary,
                entry_number, booked_at
            )
            SELECT
                r.reference, r.transaction_id, r.amount, r.value_date, r.account_id, r.beneficiary,
                r.entry_number, r.booked_at
            FROM json_to_recordset(%(rows)s::json) AS r (
                reference text, transaction_id uuid, amount bigint, value_date date,
                account_id uuid, beneficiary text, entry_number bigint, booked_at timestamptz
            )
            RETURNING 1
        )
        SELECT ledger.saved_all('bank_credit', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_reference(reference: str) -> Key[BankCredit]:
        """The credit with this reference."""
        return (BankCredit, "reference", reference)

    def keys(self) -> tuple[Key[BankCredit], ...]:
        return ((BankCredit, "reference", self.reference),)


class BankCredited(Answer, frozen=True, kw_only=True):
    """The movement, and whose money it is now."""

    transaction_id: UUID
    beneficiary: Beneficiary
    timestamp: datetime


class CreditFromBank(Command[BankCredited], frozen=True, kw_only=True):
    """Book a credit once for each reference: for a phone number, an agent, or nobody known.

    The money is in the bank, so it is never turned away: what has no open home is unidentified.
    What an agent owes us is paid first.
    """

    transaction_id: UUID
    reference: str
    amount: Money
    value_date: date
    phone_index: bytes | None = None
    agent_id: UUID | None = None
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        named = (
            *((Person.by_phone(self.phone_index),) if self.phone_index is not None else ()),
            *((Agent.by_id(self.agent_id),) if self.agent_id is not None else ()),
        )
        fixed = (Account.by_id(TRUST), Account.by_id(UNIDENTIFIED))
        session = session_keys(self.session_id)
        yield (BankCredit.by_reference(self.reference), *fixed, *named, *session)
        account_id, beneficiary = self._named(books)
        yield (Account.by_id(account_id), *debt_keys(self.agent_id, beneficiary))

    def decide(self, books: Books) -> BankCredited:
        require_confirmed(books, self.session_id)
        if self.amount.minor <= 0:
            raise InvalidRequest(field="amount", reason="must be above zero")
        known = books.find(BankCredit.by_reference(self.reference))
        if known is not None:
            if known.amount != self.amount.minor:
                raise Conflict("This reference was booked with another amount.")
            return _credited(known)
        # From here on nothing is refused.
        account_id, beneficiary = self._home(books)
        agent_id = self.agent_id if beneficiary is Beneficiary.AGENT_FLOAT else None
        debt, lines = shared_out(books, self.amount, account_id, agent_id)
        entry_number = books.record(
            "bank.credited",
            self.transaction_id,
            {
                "reference": self.reference,
                "beneficiary": beneficiary,
                "account": account_id,
                "amount": self.amount.minor,
                **debt,
            },
            entry(debit(TRUST, self.amount), *lines, value_date=self.value_date),
        )
        assert entry_number is not None, "a credit is an entry"
        if agent_id is not None:
            watch_float(books, agent_id)
        booked = BankCredit(
            reference=self.reference,
            transaction_id=self.transaction_id,
            amount=self.amount.minor,
            value_date=self.value_date,
            account_id=account_id,
            beneficiary=beneficiary,
            entry_number=entry_number,
            booked_at=books.now,
        )
        books.put(booked)
        return _credited(booked)

    def _home(self, books: Books) -> tuple[UUID, Beneficiary]:
        """Whose it is; a frozen account takes money in, a closed one does not."""
        account_id, beneficiary = self._named(books)
        if books.account(account_id).status is Status.CLOSED:
            return UNIDENTIFIED, Beneficiary.UNIDENTIFIED
        return account_id, beneficiary

    def _named(self, books: Books) -> tuple[UUID, Beneficiary]:
        if self.phone_index is not None:
            person = books.find(Person.by_phone(self.phone_index))
            if person is not None and person.role is Role.CUSTOMER and person.active:
                return person.wallet, Beneficiary.WALLET
        elif self.agent_id is not None:
            agent = books.find(Agent.by_id(self.agent_id))
            if agent is not None and agent.open:
                return agent.float_id, Beneficiary.AGENT_FLOAT
        return UNIDENTIFIED, Beneficiary.UNIDENTIFIED


def debt_keys(agent_id: UUID | None, beneficiary: Beneficiary) -> tuple[Key[Account], ...]:
    """What `shared_out` touches, beside the account that is credited."""
    if agent_id is None or beneficiary is not Beneficiary.AGENT_FLOAT:
        return ()
    return (debt_key(OWED_BY_AGENT, agent_id),)


def shared_out(
    books: Books, amount: Money, account_id: UUID, agent_id: UUID | None
) -> tuple[dict[str, int], tuple[Line, ...]]:
    """Money that comes in for somebody: what an agent owes us is paid from it first. What the
    record tells of that, and the lines on the credit side; below the line."""
    paid = Money(0)
    if agent_id is not None:
        paid = Money(min(amount.minor, debt_of(books, OWED_BY_AGENT, agent_id)))
    if agent_id is None or not paid.minor:
        return {}, (credit(account_id, amount),)
    debt = account_of_debt(books, OWED_BY_AGENT, agent_id)
    return {"debtPaid": paid.minor}, (credit(debt, paid), credit(account_id, amount - paid))


def _credited(booked: BankCredit) -> BankCredited:
    return BankCredited(
        transaction_id=booked.transaction_id,
        beneficiary=booked.beneficiary,
        timestamp=booked.booked_at,
    )
