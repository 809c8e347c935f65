"""Somebody uses a reset: sets a new PIN, takes a new authenticator, or both after an invitation."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.devices import Devices, trust_none
from commands.identity.factors import Factors, factors_of
from commands.identity.person import Person
from commands.identity.reset import Reset, ResetState, ResetTimes, What, lapsed
from commands.identity.shown import Shown
from commands.identity.sign_out import SignedOut, code_rounds, sign_out_everywhere
from commands.identity.tries import TryLimits, refuse, require_known
from ledger.books import Books
from ledger.errors import Conflict, Unauthenticated


class ResetProof(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has shown: the code, and the factor that is not reset.

    `pin_right` was found at the edge; `shown` is the second factor.
    """

    code_digest: bytes
    pin_right: bool = False
    shown: Shown | None = None

    def require_other(
        self, books: Books, reset: Reset, person: Person, limits: TryLimits
    ) -> Person:
        """The person after the factor that is not reset was used. Raises Unauthenticated."""
        if reset.what is What.TOTP and not self.pin_right:
            raise refuse(person, "pin", limits)
        if reset.what is not What.PIN:
            return person
        if self.shown is None:
            raise refuse(person, "totp", limits)
        return self.shown.use(books, person, limits)


def _require_reset(
    books: Books, person: Person, proof: ResetProof, times: ResetTimes, limits: TryLimits
) -> Reset:
    """The reset that this is the code of. Raises Unauthenticated, or Conflict for a right code that
    comes too soon or too late."""
    reset = books.find(Reset.of(person.id))
    if reset is None or not reset.is_open or not reset.matches(proof.code_digest):
        raise refuse(person, "reset", limits)
    if books.passed(reset.lapses_at(times)):
        raise lapsed(reset)
    usable_at = reset.usable_at(times)
    if not books.passed(usable_at):
        raise Conflict("It is too soon.", usableAt=usable_at.isoformat())
    return reset


class ResetChecked(Answer, frozen=True, kw_only=True):
    """What may be set anew now."""

    what: What


class CheckReset(Command[ResetChecked], frozen=True, kw_only=True):
    """Look whether the code is right, and the PIN where that is the other factor: a second factor
    is used up where it counts. Only a wrong try leaves anything."""

    user_id: UUID
    proof: ResetProof
    times: ResetTimes
    limits: TryLimits = TryLimits()

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), Reset.of(self.user_id))

    def decide(self, books: Books) -> ResetChecked:
        person = require_known(books, books.find(Person.by_id(self.user_id)))
        reset = _require_reset(books, person, self.proof, self.times, self.limits)
        if reset.what is What.TOTP and not self.proof.pin_right:
            raise refuse(person, "pin", self.limits)
        return ResetChecked(what=reset.what)


class UseReset(Command[SignedOut], frozen=True, kw_only=True):
    """Set anew what the reset says: `pin_hash`, or `totp_seal` with the step of its first code.

    Everybody is signed out, and every device is new afterwards. With the authenticator the recovery
    codes go: they lay beside it.
    """

    user_id: UUID
    proof: ResetProof
    times: ResetTimes
    pin_hash: str | None = None
    totp_seal: bytes | None = None
    step: int | None = None
    limits: TryLimits = TryLimits()

    def touches(self, books: Books) -> Rounds:
        shown = self.proof.shown
        yield (
            Person.by_id(self.user_id),
            Reset.of(self.user_id),
            Devices.of(self.user_id),
            Factors.of(self.user_id),
            *(() if shown is None else shown.keys(self.user_id)),
        )
        yield from code_rounds(books, self.user_id)

    def decide(self, books: Books) -> SignedOut:
        person = require_known(books, books.find(Person.by_id(self.user_id)))
        if self.totp_seal is not None and self.step is None:
            raise refuse(person, "totp", self.limits)
        reset = _require_reset(books, person, self.proof, self.times, self.limits)
        self._require_fitting(reset.what)
        after = self.proof.require_other(books, reset, person, self.limits)
        # From here on nothing is refused.
        if self.pin_hash is not None:
            after = msgspec.structs.replace(after, pin_hash=self.pin_hash)
        if self.totp_seal is not None:
            assert self.step is not None, "a guard has seen to it"
            after = msgspec.structs.replace(after, totp_seal=self.totp_seal, totp_step=self.step)
            factors = factors_of(books, person.id)
            if factors.recovery:
                books.put(msgspec.structs.replace(factors, recovery=()))
        after = msgspec.structs.replace(after, pin_failures=0, locked_until=None)
        trust_none(books, person.id)
        reset.ended(books, ResetState.USED, role=person.role)
        return SignedOut(code_cancelled=sign_out_everywhere(books, after, f"{reset.what} reset"))

    def _require_fitting(self, what: What) -> None:
        """Raises Unauthenticated unless exactly what the reset says is set."""
        sets_pin, sets_totp = self.pin_hash is not None, self.totp_seal is not None
        if (sets_pin, sets_totp) != (what is not What.TOTP, what is not What.PIN):
            raise Unauthenticated("That is not right.")
