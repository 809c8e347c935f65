"""A customer asks for a code: the money is set aside, and one code of six digits begins to live."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, require_customer
from commands.risk.gate import gate_keys, require_passed
from commands.risk.movement import Movement
from commands.tariff import Operation, Tariff
from commands.withdrawal.cardless import Cardless
from commands.withdrawal.ending import expire_if_overdue
from commands.withdrawal.guessing import require_cardless_enabled
from commands.withdrawal.hold import hold_keys, set_aside
from commands.withdrawal.lifecycle import Happening, State, require_move
from commands.withdrawal.notes import require_payable
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.errors import Overloaded, WithdrawalPending
from ledger.money import Money


class CodeCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A code that was drawn at the edge: its keyed hash, and itself sealed.

    `older` is its hash under keys that were active before: as long as codes of those live, this one
    must not be one of them.
    """

    digest: bytes
    seal: bytes
    older: tuple[bytes, ...] = ()

    @property
    def digests(self) -> tuple[bytes, ...]:
        """Its hashes under every key."""
        return (self.digest, *self.older)


class CodeRequested(Answer, frozen=True, kw_only=True, dict=True):
    """Until when which withdrawal waits.

    `seal` holds the code that was taken. It is no field: what is stored with the idempotency key
    and what is answered to a replay must not contain it.
    """

    transaction_id: UUID
    expiry_time: datetime

    @property
    def seal(self) -> bytes:
        """The sealed code; only on the answer of the decision itself."""
        seal: bytes = self.__dict__["seal"]
        return seal

    @classmethod
    def of(cls, withdrawal: Withdrawal) -> CodeRequested:
        """The answer for a withdrawal whose code has just begun to live."""
        answer = cls(transaction_id=withdrawal.id, expiry_time=withdrawal.expires_at)
        answer.__dict__["seal"] = withdrawal.code_seal
        return answer


class RequestCode(Command[CodeRequested], frozen=True, kw_only=True):
    """Set an amount and its fee aside, under the first candidate that is not alive elsewhere."""

    transaction_id: UUID
    user_id: UUID
    session_id: UUID | None
    amount: Money
    candidates: tuple[CodeCandidate, ...]
    ttl_seconds: int

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Tariff.of(Operation.ATM_WITHDRAWAL),
            *(Withdrawal.by_code(each) for one in self.candidates for each in one.digests),
        )
        person = books.find(Person.by_id(self.user_id))
        if person is None or person.wallet_id is None:
            return
        gate = gate_keys(person.wallet_id, session_id=self.session_id)
        yield (*hold_keys(person.wallet_id), *gate)
        cardless = books.find(Cardless.of(person.wallet_id))
        if cardless is not None and cardless.withdrawal_id is not None:
            yield (Withdrawal.by_id(cardless.withdrawal_id),)

    def decide(self, books: Books) -> CodeRequested:
        person = require_customer(books, self.user_id)
        wallet_id = person.wallet
        books.require_open(books.account(wallet_id))
        require_cardless_enabled(books.find(Cardless.of(wallet_id)))
        require_payable(self.amount)
        edition = books.get(Tariff.of(Operation.ATM_WITHDRAWAL)).now(books)
        fee = Money(edition.band(self.amount, person.tier).fee)
        _require_none_live(books, wallet_id)
        books.require_covered(books.account(wallet_id), (self.amount + fee).minor)
        candidate = self._first_free(books)
        passed = require_passed(books, self._movement(books, person, fee))
        # From here on nothing is refused.
        withdrawal = Withdrawal(
            id=self.transaction_id,
            user_id=self.user_id,
            wallet_id=wallet_id,
            session_id=self.session_id,
            state=require_move(None, Happening.REQUESTED),
            amount=self.amount.minor,
            fee=fee.minor,
            tariff_edition=edition.number,
            tier=person.tier,
            code_digest=candidate.digest,
            code_seal=candidate.seal,
            requested_at=books.now,
            expires_at=books.now + timedelta(seconds=self.ttl_seconds),
        )
        books.put(withdrawal)
        books.record(
            "withdrawal.requested",
            withdrawal.id,
            withdrawal.facts(
                tariffEdition=edition.number,
                expiresAt=withdrawal.expires_at,
                session=self.session_id,
                **passed.note(books, withdrawal.id),
            ),
            set_aside(books, wallet_id, withdrawal.held, withdrawal.id),
        )
        return CodeRequested.of(withdrawal)

    def _movement(self, books: Books, person: Person, fee: Money) -> Movement:
        return Movement(
            operation=Operation.ATM_WITHDRAWAL,
            amount=self.amount.minor,
            fee=fee.minor,
            person=person,
            wallet=books.account(person.wallet),
            session_id=self.session_id,
        )

    def _first_free(self, books: Books) -> CodeCandidate:
        for candidate in self.candidates:
            if all(books.find(Withdrawal.by_code(each)) is None for each in candidate.digests):
                return candidate
        raise Overloaded


def _require_none_live(books: Books, wallet_id: UUID) -> None:
    """Raises WithdrawalPending while a code lives. One that outlived its time ends here first."""
    cardless = books.find(Cardless.of(wallet_id))
    if cardless is None or cardless.withdrawal_id is None:
        return
    newest = expire_if_overdue(books, books.get(Withdrawal.by_id(cardless.withdrawal_id)))
    if newest.state is State.ACTIVE:
        raise WithdrawalPending(transactionId=str(newest.id))
