"""The customers' trust and our own money: how much of what is whose has crossed over so far.

Fees are earned in the trust bank and swept to our own; commission is paid in e-money, which we fund
from our own. No more is ever swept than was earned: trust money never pays a cost of ours.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import InsufficientFunds, InvalidRequest, LimitExceeded
from ledger.money import Money
from ledger.rows import Key, Row

TRUST = chart.the(chart.TRUST_BANK)
OPERATING = chart.the(chart.OPERATING_BANK)
CAPITAL = chart.the(chart.CAPITAL)
TAXES = chart.the(chart.TAXES_PAYABLE)
WRITE_OFFS = chart.the(chart.WRITE_OFFS)
INTERCHANGE = chart.the(chart.INTERCHANGE)

EARNED = (
    chart.the(chart.FEE_ATM),
    chart.the(chart.FEE_AGENT),
    chart.the(chart.FEE_TRANSFER),
    chart.the(chart.FEE_OTHER),
)
PAID_TO_AGENTS = (chart.the(chart.COMMISSION_CASH_IN), chart.the(chart.COMMISSION_CASH_OUT))


class TrustBook(Row, frozen=True, kw_only=True):
    """What has crossed so far, in minor units. There is one such row.

    `fees_closed` and `commission_closed` are of years whose result was carried over: they stand on
    the accounts of income and expense no more.
    """

    kind: str = "trust"
    fees_swept: int = 0
    commission_funded: int = 0
    tax_paid: int = 0
    fees_closed: int = 0
    commission_closed: int = 0

    TABLE: ClassVar[str] = "trust_book"
    LOAD: ClassVar[dict[str, str]] = {
        "kind": """
            SELECT
                version, kind, fees_swept, commission_funded, tax_paid, fees_closed,
                commission_closed
            FROM ledger.trust_book
            WHERE kind = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.trust_book AS t (
                kind, fees_swept, commission_funded, tax_paid, fees_closed, commission_closed,
                version
            )
            SELECT
                r.kind, r.fees_swept, r.commission_funded, r.tax_paid, r.fees_closed,
                r.commission_closed, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                kind text, fees_swept bigint, commission_funded bigint, tax_paid bigint,
                fees_closed bigint, commission_closed bigint, version bigint
            )
            ON CONFLICT (kind) DO UPDATE SET
                fees_swept = excluded.fees_swept, commission_funded = excluded.commission_funded,
                tax_paid = excluded.tax_paid, fees_closed = excluded.fees_closed,
                commission_closed = excluded.commission_closed, version = excluded.version
            WHERE t.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('trust_book', (SELECT count(*) FROM saved), %(count)s)
    """

    def keys(self) -> tuple[Key[TrustBook], ...]:
        return ((TrustBook, "kind", self.kind),)


THE_TRUST: Key[TrustBook] = (TrustBook, "kind", "trust")


def trust_keys() -> tuple[Key[Any], ...]:
    """What the guards of this module touch."""
    accounts = (TRUST, OPERATING, TAXES, WRITE_OFFS, *EARNED, *PAID_TO_AGENTS)
    return (THE_TRUST, *(Account.by_id(account) for account in accounts))


def trust_now(books: Books) -> TrustBook:
    """What has crossed so far."""
    return books.find(THE_TRUST) or TrustBook()


def unswept_fees(books: Books) -> int:
    """Fees, and the tax on them, that customers have paid and that still lie in the trust bank."""
    trust = trust_now(books)
    earned = trust.fees_closed + sum(books.account(account).holds_minor for account in EARNED)
    return earned + books.account(TAXES).holds_minor + trust.tax_paid - trust.fees_swept


def unfunded_commission(books: Books) -> int:
    """Commission that agents have as e-money and that our own money has not paid for yet."""
    trust = trust_now(books)
    paid = sum(books.account(account).holds_minor for account in PAID_TO_AGENTS)
    return trust.commission_closed + paid - trust.commission_funded


def note(books: Books, **added: int) -> None:
    """Count what crosses now."""
    trust = trust_now(books)
    changes = {name: getattr(trust, name) + amount for name, amount in added.items()}
    books.put(msgspec.structs.replace(trust, **changes))


def require_amount(amount: Money, most: int, of: str) -> None:
    """Raises InvalidRequest unless it is above zero, LimitExceeded when it is above the most."""
    if amount.minor <= 0:
        raise InvalidRequest(field="amount", reason="must be above zero")
    if amount.minor > most:
        raise LimitExceeded(limit=of, left=str(Money(max(0, most)).decimal))


def require_own_money(books: Books, amount: Money) -> None:
    """Raises InsufficientFunds unless the operating bank holds so much of our own."""
    if amount.minor and books.account(OPERATING).holds_minor < amount.minor:
        raise InsufficientFunds("Our own bank account does not hold enough for this.")
