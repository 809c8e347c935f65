"""Small commands for tests of the spine itself, and people with money."""

from __future__ import annotations

import secrets
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from commands.account.open_wallet import OpenWallet
from commands.account.transfer import Transfer
from commands.command import Answer, Command, Rounds
from commands.idempotency import Once
from commands.spine import Spine
from commands.tier import Tier
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import InsufficientFunds
from ledger.journal import move
from ledger.money import Money

TRUST = chart.the(chart.TRUST_BANK)
ACTOR = "system:test"


class Done(Answer, frozen=True, kw_only=True):
    """It was done; the wallet then held this."""

    balance: Money


class Pay(Command[Done], frozen=True, kw_only=True):
    """Money into a wallet (or out of it, when negative)."""

    wallet_id: UUID
    amount: int

    def touches(self, books: Books) -> Rounds:
        yield (Account.by_id(self.wallet_id), Account.by_id(TRUST))

    def decide(self, books: Books) -> Done:
        wallet = books.account(self.wallet_id)
        if self.amount < 0:
            books.require_covered(wallet, -self.amount)
            entry = move(Money(-self.amount), debit_to=wallet.id, credit_to=TRUST)
        else:
            entry = move(Money(self.amount), debit_to=TRUST, credit_to=wallet.id)
        books.record("test.paid", wallet.id, {"amount": self.amount}, entry)
        return Done(balance=books.account(wallet.id).holds)


class Stumble(Pay, frozen=True, kw_only=True):
    """A bug: it changes the books, and then fails."""

    def decide(self, books: Books) -> Done:
        super().decide(books)
        raise RuntimeError("a bug of ours")


class Overstate(Pay, frozen=True, kw_only=True):
    """A bug that only the database can see: a second account for the same owner and code."""

    def decide(self, books: Books) -> Done:
        wallet = books.account(self.wallet_id)
        books.put(chart.opened(chart.WALLET, uuid7(), owner=wallet.owner))
        books.put(chart.opened(chart.WALLET, uuid7(), owner=wallet.owner))
        books.record("test.overstated", wallet.id, {})
        return Done(balance=wallet.holds)


class LeaveTrace(Pay, frozen=True, kw_only=True):
    """A refusal that counts the try on purpose."""

    def decide(self, books: Books) -> Done:
        super().decide(books)

        def count_try(clean: Books) -> None:
            clean.record("test.tried", self.wallet_id, {})

        raise InsufficientFunds().leaving(count_try)


class Customer(msgspec.Struct, frozen=True):
    """Somebody with a wallet."""

    user_id: UUID
    wallet_id: UUID
    phone_index: bytes

    def send(self, other: Customer, amount: int) -> Transfer:
        """A transfer to somebody else."""
        return Transfer(
            transaction_id=uuid7(),
            user_id=self.user_id,
            to_phone=other.phone_index,
            amount=Money(amount),
        )


async def customer(spine: Spine, money: int, tier: Tier = Tier.FULL) -> Customer:
    """A new customer with so many centavos."""
    made = Customer(uuid7(), uuid7(), secrets.token_bytes(16))
    await spine.submit(
        OpenWallet(
            user_id=made.user_id,
            wallet_id=made.wallet_id,
            phone_index=made.phone_index,
            profile_seal=b"-",
            pin_hash="-",
            totp_seal=b"-",
            tier=tier,
        ),
        actor=ACTOR,
        request_id="open",
    )
    if money:
        await pay(spine, made, money)
    return made


async def pay(spine: Spine, to: Customer, amount: int) -> Done:
    """Move money and tell what the wallet holds."""
    command = Pay(wallet_id=to.wallet_id, amount=amount)
    return (await spine.submit(command, actor=ACTOR, request_id="pay")).fresh


def key(name: str, body: str = "same") -> Once:
    """An idempotency key of this name, with this body."""
    return Once(name.encode().ljust(16), body.encode().ljust(16))
