"""A break ends: somebody bears it, as two people say."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.switch.dispute import BREAKS
from commands.switch.owed import RECEIVABLE_SWITCH, SETTLEMENT, Settlement, owe
from commands.treasury.breaks import UNCLAIMED, Break, Side
from commands.treasury.debts import OWED_BY_CUSTOMER, charge_or_owe, debt_key, owes
from commands.treasury.own_money import TREASURERS, Said
from commands.treasury.trust import OPERATING, TRUST, WRITE_OFFS, require_own_money
from commands.withdrawal.row import Withdrawal
from commands.withdrawal.take_back import refund_keys, resolve, take_back
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Conflict, InsufficientFunds, InvalidRequest, NotFound
from ledger.journal import credit, debit, entry, move
from ledger.money import Money


class BreakEnd(StrEnum):
    """How a break may end."""

    BORNE = "borne"  # by a customer, by ourselves, or by both in parts
    FOR_SWITCH = "for_switch"  # the switch owes us after all, or claims it after all
    FOR_CUSTOMER = "for_customer"  # no file names it: the customer has the money back


ENDS = {
    Side.IN_FILE_ONLY: (BreakEnd.BORNE, BreakEnd.FOR_SWITCH),
    Side.CLAIMED: (BreakEnd.BORNE, BreakEnd.FOR_SWITCH),
    Side.IN_BOOKS_ONLY: (BreakEnd.FOR_SWITCH, BreakEnd.FOR_CUSTOMER),
}


class ResolveBreak(Change, frozen=True, kw_only=True):
    """End all that is left of a break.

    One that is `borne` is charged to a customer's wallet, written off with the trust made whole
    from our own money, or both: the parts make up the whole. With `rest_owed`, what the wallet does
    not hold of its part its owner owes us.
    """

    MAKERS: ClassVar[tuple[Role, ...]] = TREASURERS
    CHECKERS: ClassVar[tuple[Role, ...]] = TREASURERS

    break_id: UUID
    end: BreakEnd
    evidence: Said
    charged: Money = Money(0)
    user_id: UUID | None = None
    written_off: Money = Money(0)
    rest_owed: bool = False

    def touches(self, books: Books) -> Rounds:
        accounts = (BREAKS, UNCLAIMED, SETTLEMENT, RECEIVABLE_SWITCH, TRUST, OPERATING, WRITE_OFFS)
        yield (
            Break.by_id(self.break_id),
            *(Account.by_id(account) for account in accounts),
            *((Person.by_id(self.user_id),) if self.user_id is not None else ()),
            *((debt_key(OWED_BY_CUSTOMER, self.user_id),) if self.user_id is not None else ()),
        )
        found = books.find(Break.by_id(self.break_id))
        if found is None:
            return
        person = None if self.user_id is None else books.find(Person.by_id(self.user_id))
        yield (
            Settlement.of(found.settlement_date),
            *((Withdrawal.by_id(found.withdrawal_id),) if found.withdrawal_id else ()),
            *((Account.by_id(person.wallet_id),) if person and person.wallet_id else ()),
        )
        withdrawal = self._withdrawal(books, found)
        if withdrawal is not None:
            yield refund_keys(withdrawal)

    def require_possible(self, books: Books, maker: Person) -> None:
        found = self._require_open(books)
        if self.end not in ENDS[found.side]:
            raise InvalidRequest(field="end", reason=f"is not for a break {found.side}")
        if self.end is BreakEnd.BORNE:
            self._require_borne(books, found)
        elif self.charged.minor or self.written_off.minor or self.user_id is not None:
            raise InvalidRequest(field="charged", reason="is for a break that somebody bears")
        if self.end is BreakEnd.FOR_CUSTOMER:
            withdrawal = self._withdrawal(books, found)
            assert withdrawal is not None, "what only our books know is a withdrawal's"
            if withdrawal.captured < found.remaining:
                raise Conflict("The switch has given some of it back.", state=withdrawal.state)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        found = self._require_open(books)
        if self.end is BreakEnd.BORNE:
            self._write_borne(books, found, checker)
        elif self.end is BreakEnd.FOR_CUSTOMER:
            withdrawal = self._withdrawal(books, found)
            assert withdrawal is not None, "what only our books know is a withdrawal's"
            paid = Money(withdrawal.captured - found.remaining)
            take_back(books, withdrawal, paid, "in no file")
        elif found.side is Side.IN_BOOKS_ONLY:
            self._write_claimed_after_all(books, found, checker)
        else:
            resolve(books, found, found.remaining, "for_switch")
        return {"break": found.id, "end": self.end}

    def _require_open(self, books: Books) -> Break:
        found = books.find(Break.by_id(self.break_id))
        if found is None:
            raise NotFound("There is no such break.")
        if not found.remaining:
            raise Conflict("This break was resolved.", state="resolved")
        return found

    def _withdrawal(self, books: Books, found: Break) -> Withdrawal | None:
        if found.withdrawal_id is None or self.end is not BreakEnd.FOR_CUSTOMER:
            return None
        return books.find(Withdrawal.by_id(found.withdrawal_id))

    def _require_borne(self, books: Books, found: Break) -> None:
        """A freeze does not stop two people of ours; an empty wallet does."""
        charged, written_off = self.charged.minor, self.written_off.minor
        if min(charged, written_off) < 0 or charged + written_off != found.remaining:
            whole = str(Money(found.remaining).decimal)
            raise InvalidRequest(field="charged", reason=f"and writtenOff must make up {whole}")
        if (self.user_id is not None) != (charged > 0):
            raise InvalidRequest(field="userId", reason="says who is charged")
        covered = not charged or self._wallet(books).free_minor >= charged
        if not covered and not self.rest_owed:
            raise InsufficientFunds
        require_own_money(books, self.written_off)

    def _wallet(self, books: Books) -> Account:
        person = None if self.user_id is None else books.find(Person.by_id(self.user_id))
        if person is None or person.wallet_id is None:
            raise NotFound("There is no such customer.")
        return books.account(person.wallet_id)

    def _write_borne(self, books: Books, found: Break, checker: Person) -> None:
        wallet = self._wallet(books) if self.charged.minor else None
        charged, owed = Money(0), Money(0)
        if wallet is not None:
            charged, owed = charge_or_owe(books, wallet.id, self.charged)
        own = () if wallet is None else (debit(wallet.id, charged),)
        borne = (*own, *owes(books, self.user_id, owed))
        books.put(found.less(found.remaining))
        books.record(
            "break.resolved",
            found.id,
            found.less(found.remaining).facts(
                how=self.end,
                resolved=found.remaining,
                user=self.user_id,
                wallet=None if wallet is None else wallet.id,
                charged=charged.minor,
                owed=owed.minor,
                writtenOff=self.written_off.minor,
                evidence=self.evidence,
                checker=checker.id,
            ),
            entry(
                *borne,
                debit(WRITE_OFFS, self.written_off),
                debit(TRUST, self.written_off),
                credit(BREAKS, self.charged),
                credit(BREAKS, self.written_off),
                credit(OPERATING, self.written_off),
            ),
        )

    def _write_claimed_after_all(self, books: Books, found: Break, checker: Person) -> None:
        """A later file names it: we owe the switch again."""
        remaining = Money(found.remaining)
        less = found.less(found.remaining)
        books.put(less)
        owe(books, found.settlement_date, remaining.minor)
        books.record(
            "break.resolved",
            found.id,
            less.facts(
                how=self.end,
                resolved=remaining.minor,
                evidence=self.evidence,
                checker=checker.id,
            ),
            move(
                remaining,
                debit_to=UNCLAIMED,
                credit_to=SETTLEMENT,
                value_date=found.settlement_date,
            ),
        )
