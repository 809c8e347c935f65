"""The switch takes a disputed payment back, whole or in part: who has borne it gets it back.

A machine that has paid without a hold of ours may draw the notes in again, or be found to have
counted wrong. Its word lessens what is owed for that trace, and never by more than was disputed.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from commands.account.refund import reopen_for_refund
from commands.switch.dispute import BREAKS, Dispute, Resolution
from commands.switch.owed import RECEIVABLE_SWITCH, Settlement, owe_less
from commands.switch.trace import TraceId
from commands.treasury.debts import OWED_BY_CUSTOMER, debt_key, debt_of
from commands.treasury.trust import OPERATING, TRUST, WRITE_OFFS
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.journal import Line, credit, debit, entry
from ledger.money import Money
from ledger.rows import Key


def lessen_keys(dispute: Dispute) -> tuple[Key[Any], ...]:
    """What `lessen_dispute` touches beyond `dispute_keys`."""
    accounts = (RECEIVABLE_SWITCH, WRITE_OFFS, TRUST, OPERATING)
    return (
        Settlement.of(dispute.settlement_date),
        *(Account.by_id(account) for account in accounts),
        *((Account.by_id(dispute.wallet_id),) if dispute.wallet_id is not None else ()),
        *((debt_key(OWED_BY_CUSTOMER, dispute.user_id),) if dispute.user_id is not None else ()),
    )


def lessen_dispute(books: Books, trace: TraceId, most: int, reason: str) -> bool:
    """No more than this was paid of what is disputed, the switch says. Whether that is news.

    What was proposed about the whole is proposed no more. Whoever has borne it already, as two
    people said, gets it back.
    """
    dispute = books.find(Dispute.by_id(trace.id))
    if dispute is None or dispute.claimed <= most:
        return False
    less = dispute.claimed - most
    after = _after(dispute, less)
    lines, facts = _given_back(books, dispute, less)
    against = owe_less(books, dispute.settlement_date, less)
    books.put(after)
    books.record(
        "dispute.lessened",
        after.id,
        after.facts(reason=reason, lessened=less, **facts),
        entry(
            *(debit(account, Money(part)) for account, part in against.items()),
            *lines,
            value_date=dispute.settlement_date,
            # Once people have resolved it, other accounts give back: no reversal of the opening.
            reverses=dispute.entry if dispute.state == "open" else None,
        ),
    )
    return True


def _after(dispute: Dispute, less: int) -> Dispute:
    after = msgspec.structs.replace(dispute, taken_back=dispute.taken_back + less, entry=None)
    if dispute.state == "closed":
        return after
    nothing_left = after.taken_back == after.amount
    return msgspec.structs.replace(
        after,
        state="closed" if nothing_left else "open",
        resolution=Resolution.TAKEN_BACK if nothing_left else None,
        evidence=None,
        maker_id=None,
        proposed_at=None,
    )


def _given_back(
    books: Books, dispute: Dispute, less: int
) -> tuple[tuple[Line, ...], dict[str, UUID | int | None]]:
    """The lines that give so much back to whoever bears it now, and what the record tells."""
    amount = Money(less)
    if dispute.state == "open":
        return (credit(BREAKS, amount),), {}
    if dispute.resolution is Resolution.WRITE_OFF:
        # The trust was made whole from our own money: that comes back to us.
        return (
            debit(OPERATING, amount),
            credit(WRITE_OFFS, amount),
            credit(TRUST, amount),
        ), {}
    assert dispute.wallet_id is not None, "nobody is charged whom we do not know"
    assert dispute.user_id is not None, "a wallet is somebody's"
    forgiven = Money(0)
    if dispute.resolution is Resolution.CUSTOMER_OWES:
        forgiven = Money(min(less, debt_of(books, OWED_BY_CUSTOMER, dispute.user_id)))
    refunded = amount - forgiven
    if refunded.minor:
        reopen_for_refund(books, dispute.wallet_id)
    debt = chart.owed_by(chart.CUSTOMER_RECEIVABLE, dispute.user_id)
    return (credit(debt, forgiven), credit(dispute.wallet_id, refunded)), {
        "user": dispute.user_id,
        "wallet": dispute.wallet_id,
        "refunded": refunded.minor,
        "forgiven": forgiven.minor,
    }
