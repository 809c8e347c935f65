"""Who owes us: agents (1910) and customers (1920), each debtor with an account of its own.

The account comes into being with the first debt. Its floor is zero, so that nobody's debt is ever
paid with another's, or twice.
"""

from __future__ import annotations

from uuid import UUID

from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import InsufficientFunds
from ledger.journal import Line, debit
from ledger.money import Money
from ledger.rows import Key

OWED_BY_AGENT, OWED_BY_CUSTOMER = chart.AGENT_RECEIVABLE, chart.CUSTOMER_RECEIVABLE


def debt_key(code: str, debtor: UUID) -> Key[Account]:
    """Where a debtor's account under this code stands, if there is one."""
    return Account.by_id(chart.owed_by(code, debtor))


def debt_of(books: Books, code: str, debtor: UUID) -> int:
    """What somebody owes us, in minor units. Touches `debt_key`."""
    account = books.find(debt_key(code, debtor))
    return 0 if account is None else account.holds_minor


def account_of_debt(books: Books, code: str, debtor: UUID) -> UUID:
    """The account on which a debt is booked; the first one opens it. Below the line."""
    account_id = chart.owed_by(code, debtor)
    if books.find(Account.by_id(account_id)) is None:
        account = chart.opened(code, account_id, owner=debtor)
        books.put(account)
        books.record(
            "receivable.opened",
            account.id,
            {"debtor": debtor, "code": account.code, "currency": account.currency},
        )
    return account_id


def charge_or_owe(books: Books, wallet_id: UUID, amount: Money) -> tuple[Money, Money]:
    """So much of an amount a wallet can pay, down to its floor; and the rest, which its owner is
    to owe. A freeze does not stop it."""
    charged = Money(min(amount.minor, max(0, books.account(wallet_id).free_minor)))
    return charged, amount - charged


def owes(books: Books, user_id: UUID | None, amount: Money) -> tuple[Line, ...]:
    """The line by which a customer owes us so much, if it is anything. Below the line."""
    if not amount.minor:
        return ()
    assert user_id is not None, "it is known who owes us"
    return (debit(account_of_debt(books, OWED_BY_CUSTOMER, user_id), amount),)


def require_covered_beside_debt(
    books: Books, float_: Account, agent_id: UUID, amount_minor: int
) -> None:
    """Raises WalletNotOpen, or InsufficientFunds unless an agent's float can give this much away
    and still pay what the agent owes us. Touches `debt_key`."""
    books.require_covered(float_, amount_minor)
    if float_.free_minor < amount_minor + debt_of(books, OWED_BY_AGENT, agent_id):
        raise InsufficientFunds("The float must first pay what the agent owes us.")
