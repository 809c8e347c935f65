"""Somebody takes another authenticator: its first code proves that it has the new secret."""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

import msgspec

from commands.command import Command, Rounds
from commands.identity.person import Person
from commands.identity.session import Session
from commands.identity.sign_out import SignedOut, code_rounds, sign_out_everywhere
from commands.identity.step_up import require_own_stepped_up
from commands.identity.tries import TryLimits, refuse
from ledger.books import Books
from ledger.errors import Conflict


class ChangeTotp(Command[SignedOut], frozen=True, kw_only=True):
    """Keep a new secret, sealed, instead of the one that it `replaces` (by the hash of its seal).

    `step` is that of the code by the new secret, or None when it fits none. So a secret that was
    offered can be taken once, and not after another one.
    """

    user_id: UUID
    session_id: UUID
    totp_seal: bytes
    replaces: bytes
    step: int | None
    limits: TryLimits = TryLimits()

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), Session.by_id(self.session_id))
        yield from code_rounds(books, self.user_id)

    def decide(self, books: Books) -> SignedOut:
        person = require_own_stepped_up(books, self.user_id, self.session_id)
        if not hmac.compare_digest(hash_of_seal(person.totp_seal), self.replaces):
            raise Conflict("Your authenticator was changed in the meantime: begin again.")
        if self.step is None:
            raise refuse(person, "totp", self.limits)
        # From here on nothing is refused.
        changed = msgspec.structs.replace(person, totp_seal=self.totp_seal, totp_step=self.step)
        books.record("totp.changed", person.id, {"user": person.id, "role": person.role})
        cancelled = sign_out_everywhere(books, changed, "authenticator changed")
        return SignedOut(code_cancelled=cancelled)


def hash_of_seal(seal: bytes) -> bytes:
    """What names a sealed secret without being of use to anybody."""
    return hashlib.sha256(seal).digest()
