"""Accounts: who holds what, which side is their normal one, and how low they may go."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from ledger.money import CURRENCIES, Money
from ledger.rows import Key, Row


class Kind(StrEnum):
    """The five kinds of account; assets and expenses are debit by nature, the others credit."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


class Status(StrEnum):
    """Whether an account may move."""

    OPEN = "open"
    DEBITS_FROZEN = "debits_frozen"  # money may come in, none goes out
    FROZEN = "frozen"  # neither, but for what can never be turned away
    DORMANT = "dormant"  # its money lies on the dormant account until its owner wakes it
    CLOSED = "closed"


class Account(Row, frozen=True, kw_only=True):
    """One account. `balance` is signed, debit positive, in minor units, as lines are.

    `floor` is the least that the account may hold on its normal side, or None for no floor: a
    wallet's is zero or its minimum balance. `version` counts postings; opening an account or
    changing its status or floor leaves it as it is. `activity` is what decisions keep of its
    owner's doings, bytes to the ledger.
    """

    id: UUID
    code: str
    owner: UUID | None
    currency: str
    kind: Kind
    floor: int | None
    status: Status
    balance: int = 0
    version: int = 0
    activity: bytes = b""

    TABLE: ClassVar[str] = "account"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, code, owner, currency, kind, floor, status, balance, activity
            FROM ledger.account
            WHERE id = ANY(%(values)s)
        """,
    }
    # Not an upsert: as long as it is not known to exist, a row would be held to its floor with
    # nothing in it.
    SAVE: ClassVar[str] = """
        WITH given AS (
            SELECT
                r.id, r.code, r.owner, r.currency, r.kind, r.floor, r.status,
                decode(r.activity, 'base64') AS activity
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, code text, owner uuid, currency text, kind text, floor bigint, status text,
                activity text
            )
        ),
        changed AS (
            UPDATE ledger.account AS a
            SET floor = g.floor, status = g.status, activity = g.activity
            FROM given AS g
            WHERE a.id = g.id
            RETURNING a.id
        ),
        opened AS (
            INSERT INTO ledger.account (id, code, owner, currency, kind, floor, status, activity)
            SELECT g.id, g.code, g.owner, g.currency, g.kind, g.floor, g.status, g.activity
            FROM given AS g
            WHERE NOT EXISTS (SELECT FROM changed AS c WHERE c.id = g.id)
            RETURNING 1
        )
        SELECT ledger.saved_all(
            'account', (SELECT count(*) FROM changed) + (SELECT count(*) FROM opened), %(count)s
        )
    """

    @staticmethod
    def by_id(account_id: UUID) -> Key[Account]:
        """The account with this id."""
        return (Account, "id", account_id.int)

    def keys(self) -> tuple[Key[Account], ...]:
        return ((Account, "id", self.id.int),)

    @property
    def debit_normal(self) -> bool:
        """True where a debit makes the account hold more."""
        return self.kind in DEBIT_NORMAL

    @property
    def holds_minor(self) -> int:
        """What the account holds on its normal side; for a wallet, the customer's money."""
        return self.balance if self.kind in DEBIT_NORMAL else -self.balance

    @property
    def holds(self) -> Money:
        """The same as Money."""
        return Money(self.holds_minor, CURRENCIES[self.currency])

    @property
    def free_minor(self) -> int:
        """How much may leave before the floor is reached. Only for accounts that have one."""
        assert self.floor is not None, f"account {self.id} has no floor"
        return self.holds_minor - self.floor


DEBIT_NORMAL = (Kind.ASSET, Kind.EXPENSE)
