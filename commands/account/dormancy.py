"""A wallet that nobody has used for long falls asleep: its money is set apart until its owner
comes for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, require_customer
from commands.risk.activity import activity_of_wallet
from commands.withdrawal.cardless import Cardless
from ledger import chart
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.errors import Conflict, NotFound
from ledger.journal import move
from ledger.money import Money
from ledger.rows import Key, Row

ASLEEP = chart.the(chart.DORMANT)


class Dormancy(Row, frozen=True, kw_only=True):
    """What of one wallet's money lies on the dormant account, in minor units; nothing once it was
    woken. `since` is when it fell asleep, or was woken."""

    wallet_id: UUID
    amount: int
    since: datetime

    TABLE: ClassVar[str] = "dormancy"
    IDS: ClassVar[tuple[str, ...]] = ("wallet_id",)
    LOAD: ClassVar[dict[str, str]] = {
        "wallet_id": """
            SELECT version, wallet_id, amount, since
            FROM ledger.dormancy
            WHERE wallet_id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.dormancy AS d (wallet_id, amount, since, version)
            SELECT r.wallet_id, r.amount, r.since, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                wallet_id uuid, amount bigint, since timestamptz, version bigint
            )
            ON CONFLICT (wallet_id) DO UPDATE SET
                amount = excluded.amount, since = excluded.since, version = excluded.version
            WHERE d.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('dormancy', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(wallet_id: UUID) -> Key[Dormancy]:
        """That of a wallet."""
        return (Dormancy, "wallet_id", wallet_id.int)

    def keys(self) -> tuple[Key[Dormancy], ...]:
        return ((Dormancy, "wallet_id", self.wallet_id.int),)


class Slept(Answer, frozen=True, kw_only=True):
    """Whether the wallet fell asleep now."""

    slept: bool


class Woken(Answer, frozen=True, kw_only=True):
    """The wallet moves again, and this is what came back into it."""

    transaction_id: UUID
    amount: Money
    status: Status
    timestamp: datetime


class SleepWallet(Command[Slept], frozen=True, kw_only=True):
    """Set the money of a wallet apart that its owner has not moved for so long; leave any other."""

    transaction_id: UUID
    wallet_id: UUID
    after_seconds: int

    def touches(self, books: Books) -> Rounds:
        yield (*_keys(self.wallet_id), Cardless.of(self.wallet_id))

    def decide(self, books: Books) -> Slept:
        wallet = books.find(Account.by_id(self.wallet_id))
        if wallet is None or wallet.owner is None or wallet.code != chart.WALLET:
            raise NotFound
        # From here on nothing is refused.
        if not self._has_rested(books, wallet):
            return Slept(slept=False)
        amount = wallet.holds_minor
        before = books.find(Dormancy.of(wallet.id))
        books.put(
            Dormancy(
                wallet_id=wallet.id,
                amount=amount,
                since=books.now,
                version=0 if before is None else before.version,
            )
        )
        set_status(books, wallet, Status.DORMANT, reason="not used for long")
        books.record(
            "wallet.slept",
            self.transaction_id,
            _facts(wallet, amount),
            move(Money(amount), debit_to=wallet.id, credit_to=ASLEEP),
        )
        return Slept(slept=True)

    def _has_rested(self, books: Books, wallet: Account) -> bool:
        """Whether it is open, has money, nothing under way, no lien, and was not used for long."""
        cardless = books.find(Cardless.of(wallet.id))
        held = cardless is not None and cardless.held
        if wallet.status is not Status.OPEN or wallet.floor or not wallet.balance or held:
            return False
        if not wallet.activity:
            return False
        rests_since = activity_of_wallet(books, wallet).rests_since
        woken = books.find(Dormancy.of(wallet.id))
        if woken is not None:
            rests_since = max(rests_since, woken.since)
        return books.passed(rests_since + timedelta(seconds=self.after_seconds))


class WakeWallet(Command[Woken], frozen=True, kw_only=True):
    """The owner is back: all that was set apart is in the wallet again."""

    transaction_id: UUID
    user_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id),)
        person = books.find(Person.by_id(self.user_id))
        if person is not None and person.wallet_id is not None:
            yield _keys(person.wallet_id)

    def decide(self, books: Books) -> Woken:
        wallet = books.account(require_customer(books, self.user_id).wallet)
        if wallet.status is not Status.DORMANT:
            raise Conflict("This wallet is not dormant.", state=wallet.status)
        dormancy = books.get(Dormancy.of(wallet.id))
        # From here on nothing is refused.
        # It does not count as use: fraud rules look at who wakes a wallet and takes cash.
        books.put(msgspec.structs.replace(dormancy, amount=0, since=books.now))
        set_status(books, wallet, Status.OPEN, reason="woken by its owner")
        books.record(
            "wallet.woken",
            self.transaction_id,
            _facts(wallet, dormancy.amount),
            move(Money(dormancy.amount), debit_to=ASLEEP, credit_to=wallet.id),
        )
        return Woken(
            transaction_id=self.transaction_id,
            amount=Money(dormancy.amount),
            status=Status.OPEN,
            timestamp=books.now,
        )


def asleep(books: Books, wallet_id: UUID) -> bool:
    """Whether money of this wallet lies on the dormant account; touches `Dormancy.of`."""
    dormancy = books.find(Dormancy.of(wallet_id))
    return dormancy is not None and dormancy.amount > 0


def set_status(books: Books, wallet: Account, status: Status, *, reason: str) -> None:
    """Put a wallet with another status, and say why."""
    books.put(msgspec.structs.replace(wallet, status=status))
    books.record(
        "wallet.status_changed",
        wallet.id,
        {"user": wallet.owner, "wallet": wallet.id, "status": status, "reason": reason},
    )


def _keys(wallet_id: UUID) -> tuple[Key[Any], ...]:
    return (Account.by_id(wallet_id), Account.by_id(ASLEEP), Dormancy.of(wallet_id))


def _facts(wallet: Account, amount: int) -> dict[str, Any]:
    return {"user": wallet.owner, "wallet": wallet.id, "amount": amount}
