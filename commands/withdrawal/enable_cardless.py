"""Codes were suspended for a wallet after too many wrong ones: its owner enables them again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, require_customer
from commands.identity.session import Session
from commands.identity.step_up import require_stepped_up
from commands.withdrawal.cardless import Cardless
from ledger.books import Books


class CardlessEnabled(Answer, frozen=True, kw_only=True):
    """Whether codes had been suspended until now."""

    enabled: bool
    timestamp: datetime


class EnableCardless(Command[CardlessEnabled], frozen=True, kw_only=True):
    """Enable codes again, by step-up. The count of wrong tries begins anew."""

    user_id: UUID
    session_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), Session.by_id(self.session_id))
        person = books.find(Person.by_id(self.user_id))
        if person is not None and person.wallet_id is not None:
            yield (Cardless.of(person.wallet_id),)

    def decide(self, books: Books) -> CardlessEnabled:
        person = require_customer(books, self.user_id)
        require_stepped_up(books, self.session_id)
        cardless = books.find(Cardless.of(person.wallet))
        # From here on nothing is refused.
        if cardless is None or cardless.suspended_at is None:
            return CardlessEnabled(enabled=False, timestamp=books.now)
        books.put(msgspec.structs.replace(cardless, wrong_at=(), suspended_at=None))
        books.record(
            "cardless.enabled", person.wallet, {"user": person.id, "wallet": person.wallet}
        )
        return CardlessEnabled(enabled=True, timestamp=books.now)
