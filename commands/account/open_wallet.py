"""Somebody becomes a customer: a person and an empty wallet come into being."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.risk.activity import Activity
from commands.tier import Tier
from ledger import chart
from ledger.books import Books
from ledger.errors import Conflict


class WalletOpened(Answer, frozen=True, kw_only=True):
    """The new customer and the wallet."""

    user_id: UUID
    wallet_id: UUID


class OpenWallet(Command[WalletOpened], frozen=True, kw_only=True):
    """Open a wallet. Ids are chosen by the caller; what identifies the person comes sealed."""

    user_id: UUID
    wallet_id: UUID
    phone_index: bytes
    phone_index_next: bytes | None = None  # while the key of the index changes
    profile_seal: bytes
    pin_hash: str
    totp_seal: bytes
    tier: Tier = Tier.BASIC

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_phone(self.phone_index), Person.by_id(self.user_id))

    def decide(self, books: Books) -> WalletOpened:
        if books.find(Person.by_phone(self.phone_index)) is not None:
            raise Conflict("There is already an account with this number.")
        # From here on nothing is refused.
        wallet = chart.opened(chart.WALLET, self.wallet_id, owner=self.user_id)
        # When it was opened counts: one day it may be dormant.
        activity = Activity.begun(wallet.id, books)
        books.put(msgspec.structs.replace(wallet, activity=activity.state))
        books.put(
            Person(
                id=self.user_id,
                role=Role.CUSTOMER,
                status="active",
                phone_index=self.phone_index,
                phone_index_next=self.phone_index_next,
                profile_seal=self.profile_seal,
                pin_hash=self.pin_hash,
                totp_seal=self.totp_seal,
                wallet_id=wallet.id,
                tier=self.tier,
            )
        )
        books.record(
            "wallet.opened",
            wallet.id,
            {
                "user": self.user_id,
                "code": wallet.code,
                "currency": wallet.currency,
                "tier": self.tier,
            },
        )
        return WalletOpened(user_id=self.user_id, wallet_id=wallet.id)
