"""A transfer that waits: its money is set aside until an operator has looked at its case."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.risk import gate
from commands.risk.movement import Movement
from commands.tariff import TAXES, Operation, Tariff
from commands.withdrawal.hold import HELD, end_hold, give_back, hold_keys, set_aside
from ledger import chart
from ledger.accounts import Account
from ledger.books import COUNTRY, Books
from ledger.journal import credit, debit, entry
from ledger.money import Money
from ledger.rows import Key, Row

FEES = chart.the(chart.FEE_TRANSFER)


class HeldState(StrEnum):
    """Where a held transfer stands."""

    HELD = "held"
    RELEASED = "released"  # 2030 → the receiver, the fee is earned
    REFUSED = "refused"  # 2030 → the sender, the fee too


class HeldTransfer(Row, frozen=True, kw_only=True):
    """Who wants to send how much to whom. Its amount and fee lie on the held account."""

    id: UUID
    user_id: UUID
    wallet_id: UUID
    to_wallet_id: UUID
    state: HeldState
    amount: int
    fee: int
    tariff_edition: int
    held_at: datetime

    TABLE: ClassVar[str] = "held_transfer"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, user_id, wallet_id, to_wallet_id, state, amount, fee, tariff_edition,
                held_at
            FROM ledger.held_transfer
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.held_transfer AS h (
                id, user_id, wallet_id, to_wallet_id, state, amount, fee, tariff_edition, held_at,
                version
            )
            SELECT
                r.id, r.user_id, r.wallet_id, r.to_wallet_id, r.state, r.amount, r.fee,
                r.tariff_edition, r.held_at, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, user_id uuid, wallet_id uuid, to_wallet_id uuid, state text, amount bigint,
                fee bigint, tariff_edition integer, held_at timestamptz, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET state = excluded.state, version = excluded.version
            WHERE h.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('held_transfer', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(transfer_id: UUID) -> Key[HeldTransfer]:
        """The held transfer with this id."""
        return (HeldTransfer, "id", transfer_id.int)

    def keys(self) -> tuple[Key[HeldTransfer], ...]:
        return ((HeldTransfer, "id", self.id.int),)

    @property
    def held(self) -> Money:
        """What is set aside for it: the amount and its fee."""
        return Money(self.amount + self.fee)

    @property
    def held_on(self) -> date:
        """The day on which it was counted towards the sender's limits."""
        return self.held_at.astimezone(COUNTRY).date()

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of its life tells."""
        return {
            "user": self.user_id,
            "wallet": self.wallet_id,
            "from": self.wallet_id,
            "to": self.to_wallet_id,
            "state": self.state,
            "amount": self.amount,
            "fee": self.fee,
            "tariffEdition": self.tariff_edition,
            **more,
        }


def ending_keys(transfer: HeldTransfer) -> tuple[Key[Any], ...]:
    """What `release` and `refuse` touch."""
    return (
        *hold_keys(transfer.wallet_id),
        Account.by_id(transfer.to_wallet_id),
        Account.by_id(FEES),
        Account.by_id(TAXES),
        Tariff.of(Operation.TRANSFER),
    )


def hold_transfer(
    books: Books, transfer_id: UUID, movement: Movement, edition: int, **facts: Any
) -> None:
    """Set a transfer's money aside instead of sending it. Touches `hold_keys` of the sender."""
    assert movement.to_wallet is not None, "a transfer has a receiver"
    transfer = HeldTransfer(
        id=transfer_id,
        user_id=movement.person.id,
        wallet_id=movement.wallet.id,
        to_wallet_id=movement.to_wallet.id,
        state=HeldState.HELD,
        amount=movement.amount,
        fee=movement.fee,
        tariff_edition=edition,
        held_at=books.now,
    )
    books.put(transfer)
    books.record(
        "transfer.held",
        transfer.id,
        transfer.facts(**facts),
        set_aside(books, transfer.wallet_id, transfer.held),
    )


def release(books: Books, transfer: HeldTransfer, **facts: Any) -> None:
    """It was all right: the receiver gets the money, by the tariff under which it was sent."""
    released = msgspec.structs.replace(transfer, state=HeldState.RELEASED)
    books.put(released)
    end_hold(books, transfer.wallet_id, transfer.held)
    edition = books.get(Tariff.of(Operation.TRANSFER)).edition(transfer.tariff_edition)
    books.record(
        "transfer.released",
        transfer.id,
        released.facts(**facts),
        entry(
            debit(HELD, transfer.held),
            credit(transfer.to_wallet_id, Money(transfer.amount)),
            *edition.earned(FEES, Money(transfer.fee)),
        ),
    )


def refuse(books: Books, transfer: HeldTransfer, **facts: Any) -> None:
    """It was not: all of it goes back, and so does what it used of the sender's limits."""
    refused = msgspec.structs.replace(transfer, state=HeldState.REFUSED)
    books.put(refused)
    gate.give_back(books, Operation.TRANSFER, transfer.wallet_id, transfer.amount, transfer.held_on)
    books.record(
        "transfer.refused",
        transfer.id,
        refused.facts(**facts),
        give_back(books, transfer.wallet_id, transfer.held),
    )
