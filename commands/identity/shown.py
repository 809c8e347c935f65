"""A second factor as it is shown: an authenticator's code, a recovery code, or a passkey.

What belongs to which secret was found at the edge; whether it still counts is decided here.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from commands.identity.factors import Factors, factors_of
from commands.identity.passkey import Passkey
from commands.identity.person import Person
from commands.identity.tries import TryLimits, refuse, require_active, require_known
from commands.switch.trace import Nonce, nonce_keys
from ledger.books import Books
from ledger.rows import Key


class Shown(msgspec.Struct, frozen=True):
    """One of them."""

    def keys(self, person_id: UUID) -> tuple[Key[Any], ...]:
        """What using it touches, beside the person."""
        return ()

    def require_known(self, books: Books, person: Person | None) -> Person:
        """Raises Unauthenticated for a stranger, TooMany for an account that is locked."""
        return require_known(books, person)

    def use(self, books: Books, person: Person, limits: TryLimits) -> Person:
        """Use it up; the person as it is then, to be put. Raises the refusal of a wrong try.

        The last guard of a decision: nothing may be refused after it.
        """
        raise NotImplementedError


class TotpShown(Shown, frozen=True):
    """The time step that a code belongs to, or None when it fits none.

    RFC 6238 §5.2: a code is accepted once. So only a step later than the last accepted one counts.
    """

    step: int | None

    def use(self, books: Books, person: Person, limits: TryLimits) -> Person:
        if self.step is None or self.step <= person.totp_step:
            raise refuse(person, "totp", limits)
        return msgspec.structs.replace(person, totp_step=self.step)


class RecoveryShown(Shown, frozen=True):
    """The keyed hash of a recovery code, which is gone afterwards."""

    digest: str

    def keys(self, person_id: UUID) -> tuple[Key[Any], ...]:
        return (Factors.of(person_id),)

    def use(self, books: Books, person: Person, limits: TryLimits) -> Person:
        factors = factors_of(books, person.id)
        if self.digest not in factors.recovery:
            raise refuse(person, "recovery", limits)
        left = tuple(each for each in factors.recovery if each != self.digest)
        books.put(msgspec.structs.replace(factors, recovery=left))
        facts = {"user": person.id, "role": person.role, "left": len(left)}
        books.record("recovery_code.used", person.id, facts)
        return person


class PasskeyShown(Shown, frozen=True):
    """A signature over our challenge that was found good, and its authenticator's count.

    It cannot be guessed, so nobody is locked out of it by wrong PINs. A count that does not grow is
    that of a copy (WebAuthn §6.1.1); authenticators that do not count say 0 for ever.
    """

    passkey_id: UUID
    sign_count: int
    challenge_hash: bytes

    def keys(self, person_id: UUID) -> tuple[Key[Any], ...]:
        return (Passkey.by_id(self.passkey_id), *nonce_keys(self.challenge_hash))

    def require_known(self, books: Books, person: Person | None) -> Person:
        return require_active(person)

    def use(self, books: Books, person: Person, limits: TryLimits) -> Person:
        passkey = books.find(Passkey.by_id(self.passkey_id))
        used_before = books.find(Nonce.by_hash(self.challenge_hash)) is not None
        if used_before or passkey is None or not self._fits(passkey, person):
            raise refuse(person, "passkey", limits)
        books.put(Nonce(hash=self.challenge_hash, seen_at=books.now))
        books.put(msgspec.structs.replace(passkey, sign_count=self.sign_count, used_at=books.now))
        return person

    def _fits(self, passkey: Passkey, person: Person) -> bool:
        if passkey.person_id != person.id or passkey.removed_at is not None:
            return False
        never_counts = self.sign_count == passkey.sign_count == 0
        return never_counts or self.sign_count > passkey.sign_count
