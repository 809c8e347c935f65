"""Somebody is to work here: an admin names them, another one has to agree."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.approval.proposal import Proposal
from commands.approval.propose import keep_proposal
from commands.command import Answer, Command, Rounds
from commands.identity.admins import THE_ADMINS, note_admin, too_few
from commands.identity.person import STAFF, Person, Role, Standing
from commands.identity.reset import Reset, ResetCodeIssued, ResetTimes, What, open_reset
from commands.identity.session import Session
from commands.identity.staffing import AdmitPerson, StaffRole
from commands.identity.step_up import require_own_stepped_up
from commands.risk.rulebook import THE_RULES
from ledger.books import Books
from ledger.errors import Conflict, Forbidden, InvalidRequest

UNSET_PIN, UNSET_TOTP = "", b""  # fit nothing: both are set by the invited person


class Invited(Answer, frozen=True, kw_only=True):
    """Who was invited, and the proposal that another admin has to approve."""

    user_id: UUID
    role: Role
    proposal_id: UUID
    content_hash: str


class InviteStaff(Command[Invited], frozen=True, kw_only=True):
    """Keep somebody who cannot sign in yet, and propose to admit them."""

    user_id: UUID
    role: Role
    phone_index: bytes
    profile_seal: bytes
    admin_id: UUID
    session_id: UUID
    proposal_id: UUID
    ttl_seconds: int
    reason: str = ""

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Person.by_phone(self.phone_index),
            Person.by_id(self.admin_id),
            Session.by_id(self.session_id),
            Proposal.by_id(self.proposal_id),
            THE_RULES,
        )

    def decide(self, books: Books) -> Invited:
        admin = require_own_stepped_up(books, self.admin_id, self.session_id)
        if admin.role is not Role.ADMIN:
            raise Forbidden
        _require_new_staff(books, self.role, self.phone_index)
        # From here on nothing is refused.
        books.put(_person(self.user_id, self.role, self.phone_index, self.profile_seal))
        books.record("person.invited", self.user_id, {"user": self.user_id, "role": self.role})
        role: StaffRole = self.role.value  # type: ignore[assignment]  # a guard has seen to it
        change = AdmitPerson(user_id=self.user_id, role=role, reason=self.reason)
        proposal = keep_proposal(books, self.proposal_id, admin, change, self.ttl_seconds)
        return Invited(
            user_id=self.user_id,
            role=self.role,
            proposal_id=proposal.id,
            content_hash=proposal.content_hash,
        )


class InviteFirstAdmin(Command[ResetCodeIssued], frozen=True, kw_only=True):
    """Make an admin while there are too few to agree on one: from the console of the house."""

    user_id: UUID
    phone_index: bytes
    profile_seal: bytes
    code_digest: bytes
    times: ResetTimes

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Person.by_phone(self.phone_index),
            Reset.of(self.user_id),
            THE_ADMINS,
        )

    def decide(self, books: Books) -> ResetCodeIssued:
        if not too_few(books):
            raise Conflict("There are two admins: let them agree on another.")
        _require_new_staff(books, Role.ADMIN, self.phone_index)
        # From here on nothing is refused.
        invited = _person(self.user_id, Role.ADMIN, self.phone_index, self.profile_seal)
        admin = msgspec.structs.replace(invited, status=Standing.ACTIVE)
        books.put(admin)
        note_admin(books, admin)
        for kind in ("person.invited", "person.admitted"):
            books.record(kind, admin.id, {"user": admin.id, "role": Role.ADMIN})
        open_reset(books, admin, What.BOTH)
        reset = books.get(Reset.of(admin.id))
        books.put(msgspec.structs.replace(reset, code_digest=self.code_digest))
        return ResetCodeIssued(
            user_id=admin.id,
            what=What.BOTH,
            usable_at=reset.usable_at(self.times),
            expires_at=reset.lapses_at(self.times),
        )


def _require_new_staff(books: Books, role: Role, phone_index: bytes) -> None:
    if role not in STAFF:
        raise InvalidRequest(field="role", reason="is not one of our own people")
    if books.find(Person.by_phone(phone_index)) is not None:
        raise Conflict("There is already an account with this number.")


def _person(user_id: UUID, role: Role, phone_index: bytes, profile_seal: bytes) -> Person:
    return Person(
        id=user_id,
        role=role,
        status=Standing.INVITED,
        phone_index=phone_index,
        profile_seal=profile_seal,
        pin_hash=UNSET_PIN,
        totp_seal=UNSET_TOTP,
    )
