"""Everybody who is signed in as somebody is signed out at once, and what they had begun ends."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person
from commands.withdrawal.cancel import cancel_active
from commands.withdrawal.cardless import Cardless
from commands.withdrawal.hold import hold_keys
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.errors import NotFound


class SignedOut(Answer, frozen=True, kw_only=True):
    """Whether a live code ended with the sessions."""

    code_cancelled: bool


class SignOutEverywhere(Command[SignedOut], frozen=True, kw_only=True):
    """End all sessions of one's own, those too that are being opened now."""

    user_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id),)
        yield from code_rounds(books, self.user_id)

    def decide(self, books: Books) -> SignedOut:
        person = books.find(Person.by_id(self.user_id))
        if person is None:
            raise NotFound
        # From here on nothing is refused.
        return SignedOut(code_cancelled=sign_out_everywhere(books, person, "signed out"))


def code_rounds(books: Books, user_id: UUID) -> Rounds:
    """What ending somebody's code touches, once the person is loaded."""
    person = books.find(Person.by_id(user_id))
    if person is None or person.wallet_id is None:
        return
    yield hold_keys(person.wallet_id)
    cardless = books.find(Cardless.of(person.wallet_id))
    if cardless is not None and cardless.withdrawal_id is not None:
        yield (Withdrawal.by_id(cardless.withdrawal_id),)


def newest_code(books: Books, person: Person) -> Withdrawal | None:
    """Somebody's newest withdrawal at a machine. Touches `code_rounds`."""
    cardless = None if person.wallet_id is None else books.find(Cardless.of(person.wallet_id))
    if cardless is None or cardless.withdrawal_id is None:
        return None
    return books.get(Withdrawal.by_id(cardless.withdrawal_id))


def sign_out_everywhere(books: Books, person: Person, why: str, **facts: Any) -> bool:
    """Count the sessions' epoch on, and cancel a live code, whichever session asked for it. Whether
    there was one.

    Below the line; puts the person. Touches `code_rounds`.
    """
    books.put(msgspec.structs.replace(person, session_epoch=person.session_epoch + 1))
    told = {"user": person.id, "role": person.role, "why": why, **facts}
    books.record("sessions.closed", person.id, told)
    newest = newest_code(books, person)
    return newest is not None and cancel_active(books, newest, why)
