"""Wrong codes, as they count on the code itself and on its wallet.

Three lock the code and free its hold; nine within a day suspend codes for the wallet, until its
owner enables them again. See commands/risk/watch.py for machines and the network.
"""

from __future__ import annotations

import msgspec

from commands.withdrawal.cardless import Cardless
from commands.withdrawal.ending import end_unpaid, write_unpaid
from commands.withdrawal.lifecycle import Happening, State
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.errors import CardlessSuspended

TRIES_MAX = 3  # of one code
WRONG_MAX = 9  # of one wallet
WRONG_SECONDS = 86_400


def approved_here(books: Books, withdrawal: Withdrawal | None, terminal_id: str) -> bool:
    """Whether its owner has approved it, for this machine, and that is still good."""
    return (
        withdrawal is not None
        and withdrawal.state is State.ACTIVE
        and withdrawal.approved_until is not None
        and not books.passed(withdrawal.approved_until)
        and withdrawal.wanted_at in (None, terminal_id)
    )


def count_try(books: Books, withdrawal: Withdrawal) -> Withdrawal:
    """Count a wrong try; the last one that is allowed locks the code and frees the hold."""
    tries = withdrawal.tries + 1
    if tries >= TRIES_MAX:
        locked = withdrawal.moved(Happening.TRIED_WRONG_ONCE_TOO_OFTEN, tries=tries)
        tried = write_unpaid(books, locked, reason="tries", tries=tries)
    else:
        tried = withdrawal.moved(Happening.TRIED_WRONG, tries=tries)
        books.put(tried)
        books.record("withdrawal.code_tried", tried.id, tried.facts(tries=tries))
    return _count_for_wallet(books, tried)


def require_cardless_enabled(cardless: Cardless | None) -> None:
    """Raises CardlessSuspended while no code may be given to this wallet."""
    if cardless is not None and cardless.suspended_at is not None:
        raise CardlessSuspended


def _count_for_wallet(books: Books, tried: Withdrawal) -> Withdrawal:
    """Count it for the wallet; the ninth within a day suspends codes, and ends one that lives."""
    cardless = books.get(Cardless.of(tried.wallet_id))
    now = int(books.now.timestamp())
    recent = [at for at in cardless.wrong_at if at > now - WRONG_SECONDS]
    wrong_at = (*recent, now)
    suspended = len(wrong_at) >= WRONG_MAX
    books.put(
        msgspec.structs.replace(
            cardless, wrong_at=wrong_at, suspended_at=books.now if suspended else None
        )
    )
    if not suspended:
        return tried
    books.record(
        "cardless.suspended",
        tried.wallet_id,
        {"user": tried.user_id, "wallet": tried.wallet_id, "wrong": len(wrong_at)},
    )
    if tried.state is State.ACTIVE:
        return end_unpaid(books, tried, Happening.CANCELLED, reason="suspended")
    return tried
