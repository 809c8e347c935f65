"""A bank credit that nobody could place is given to the customer or agent whose it is."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from commands.account.credit_from_bank import (
    UNIDENTIFIED,
    BankCredit,
    Beneficiary,
    debt_keys,
    shared_out,
)
from commands.agent.float_levels import watch_float
from commands.agent.row import Agent
from commands.books.journal_entry import JournalEntry
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from commands.identity.step_up import require_confirmed, session_keys
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.errors import Conflict, NotFound, WalletNotOpen
from ledger.journal import debit, entry
from ledger.money import Money
from ledger.rows import Key, Row

MAY_ASSIGN = (Role.OPERATOR,)


class Assignment(Row, frozen=True, kw_only=True):
    """Whose an unidentified credit was found to be. There is one for each reference at most."""

    reference: str
    credit_entry: int  # that booked it as unidentified
    account_id: UUID
    beneficiary: Beneficiary
    user_id: UUID  # who found it out
    entry_number: int
    assigned_at: datetime

    TABLE: ClassVar[str] = "assignment"
    INSERT_ONLY: ClassVar[bool] = True
    LOAD: ClassVar[dict[str, str]] = {
        "reference": """
            SELECT
                0 AS version, reference, credit_entry, account_id, beneficiary, user_id,
                entry_number, assigned_at
            FROM ledger.assignment
            WHERE reference = ANY(%(values)s)
        """,
        "credit_entry": """
            SELECT
                0 AS version, reference, credit_entry, account_id, beneficiary, user_id,
                entry_number, assigned_at
            FROM ledger.assignment
            WHERE credit_entry = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.assignment (
                reference, credit_entry, account_id, beneficiary, user_id, entry_number,
                assigned_at
            )
            SELECT
                r.reference, r.credit_entry, r.account_id, r.beneficiary, r.user_id,
                r.entry_number, r.assigned_at
            FROM json_to_recordset(%(rows)s::json) AS r (
                reference text, credit_entry bigint, account_id uuid, beneficiary text,
                user_id uuid, entry_number bigint, assigned_at timestamptz
            )
            RETURNING 1
        )
        SELECT ledger.saved_all('assignment', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(reference: str) -> Key[Assignment]:
        """That of the credit with this reference."""
        return (Assignment, "reference", reference)

    @staticmethod
    def of_entry(number: int) -> Key[Assignment]:
        """That of the credit which this entry has booked."""
        return (Assignment, "credit_entry", number)

    def keys(self) -> tuple[Key[Assignment], ...]:
        return (
            (Assignment, "reference", self.reference),
            (Assignment, "credit_entry", self.credit_entry),
        )


class CreditAssigned(Answer, frozen=True, kw_only=True):
    """The movement, and whose money it is now."""

    transaction_id: UUID
    reference: str
    beneficiary: Beneficiary
    amount: Money
    timestamp: datetime


class AssignCredit(Command[CreditAssigned], frozen=True, kw_only=True):
    """Move an unidentified credit, whole, to a customer's wallet or an agent's float."""

    transaction_id: UUID
    reference: str
    user_id: UUID
    phone_index: bytes | None = None
    agent_id: UUID | None = None
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            BankCredit.by_reference(self.reference),
            Assignment.of(self.reference),
            Account.by_id(UNIDENTIFIED),
            *session_keys(self.session_id),
            *((Person.by_phone(self.phone_index),) if self.phone_index is not None else ()),
            *((Agent.by_id(self.agent_id),) if self.agent_id is not None else ()),
        )
        found = books.find(BankCredit.by_reference(self.reference))
        home = self._home(books)
        yield (
            *((JournalEntry.by_number(found.entry_number),) if found is not None else ()),
            *((Account.by_id(home[0]), *debt_keys(self.agent_id, home[1])) if home else ()),
        )

    def decide(self, books: Books) -> CreditAssigned:
        require_staff(books, self.user_id, *MAY_ASSIGN)
        require_confirmed(books, self.session_id)
        found = self._require_unidentified(books)
        account, beneficiary = self._require_home(books)
        # From here on nothing is refused.
        agent_id = self.agent_id if beneficiary is Beneficiary.AGENT_FLOAT else None
        amount = Money(found.amount)
        debt, lines = shared_out(books, amount, account.id, agent_id)
        number = books.record(
            "bank.credit_assigned",
            self.transaction_id,
            {
                "reference": found.reference,
                "credit": found.transaction_id,
                "beneficiary": beneficiary,
                "account": account.id,
                "amount": found.amount,
                **_whose(account, beneficiary),
                **debt,
            },
            entry(debit(UNIDENTIFIED, amount), *lines),
        )
        assert number is not None, "an assignment is an entry"
        if agent_id is not None:
            watch_float(books, agent_id)
        books.put(
            Assignment(
                reference=found.reference,
                credit_entry=found.entry_number,
                account_id=account.id,
                beneficiary=beneficiary,
                user_id=self.user_id,
                entry_number=number,
                assigned_at=books.now,
            )
        )
        return CreditAssigned(
            transaction_id=self.transaction_id,
            reference=found.reference,
            beneficiary=beneficiary,
            amount=amount,
            timestamp=books.now,
        )

    def _require_unidentified(self, books: Books) -> BankCredit:
        found = books.find(BankCredit.by_reference(self.reference))
        if found is None:
            raise NotFound("There is no bank credit with this reference.")
        if found.beneficiary is not Beneficiary.UNIDENTIFIED:
            raise Conflict("This credit found its owner when it came.", state=found.beneficiary)
        if books.find(Assignment.of(self.reference)) is not None:
            raise Conflict("This credit was assigned before.", state="assigned")
        if books.get(JournalEntry.by_number(found.entry_number)).reversed_by is not None:
            raise Conflict("This credit was taken back.", state="reversed")
        return found

    def _require_home(self, books: Books) -> tuple[Account, Beneficiary]:
        home = self._home(books)
        if home is None:
            raise NotFound("There is no such customer or agent.")
        account = books.account(home[0])
        if account.status is Status.CLOSED:
            raise WalletNotOpen(status=account.status)
        return account, home[1]

    def _home(self, books: Books) -> tuple[UUID, Beneficiary] | None:
        if self.phone_index is not None:
            person = books.find(Person.by_phone(self.phone_index))
            if person is not None and person.role is Role.CUSTOMER and person.active:
                return person.wallet, Beneficiary.WALLET
        elif self.agent_id is not None:
            agent = books.find(Agent.by_id(self.agent_id))
            if agent is not None and agent.open:
                return agent.float_id, Beneficiary.AGENT_FLOAT
        return None


def _whose(account: Account, beneficiary: Beneficiary) -> dict[str, UUID | None]:
    """The owner, under the name by which events find them."""
    return {"user" if beneficiary is Beneficiary.WALLET else "agent": account.owner}
