"""Who works here, and as what: invited, admitted, given another role, disabled and let in again.

Whatever gives somebody a right takes two admins; taking all rights away takes one, at once.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.approval.proposal import Proposal
from commands.command import Answer, Command, Rounds
from commands.identity.admins import THE_ADMINS, note_admin, require_another_admin
from commands.identity.person import STAFF, Person, Role, Standing
from commands.identity.reset import Reset, What, open_reset
from commands.identity.session import Session
from commands.identity.sign_out import sign_out_everywhere
from commands.identity.step_up import require_own, require_stepped_up
from ledger.books import Books
from ledger.errors import Conflict, Forbidden, InvalidRequest, NotFound

StaffRole = Literal["accountant", "operator", "auditor", "admin"]


class Staffing(Change, frozen=True, kw_only=True):
    """A change of what somebody may do. Nobody proposes or approves one of their own."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.ADMIN,)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.ADMIN,)
    IN_SESSIONS: ClassVar[bool] = True

    user_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), Reset.of(self.user_id), THE_ADMINS)

    def require_checker(self, books: Books, checker: Person) -> None:
        if checker.id == self.user_id:
            raise Forbidden("Somebody else must approve what is about you.")

    def _person(self, books: Books, maker: Person, standing: Standing) -> Person:
        """The person in this standing. Raises NotFound, Conflict or Forbidden."""
        person = books.find(Person.by_id(self.user_id))
        if person is None or person.role is Role.CUSTOMER:
            raise NotFound("There is nobody with this id.")
        if person.status != standing:
            raise Conflict(state=person.status)
        if maker.id == person.id:
            raise Forbidden("Somebody else must propose what is about you.")
        return person

    def _giver(self, books: Books, proposal_id: UUID) -> UUID:
        """Who proposed it: no second pair of eyes beside that of the person, from now on."""
        return books.get(Proposal.by_id(proposal_id)).maker_id


class AdmitPerson(Staffing, frozen=True, kw_only=True):
    """Whoever was invited may sign in, after setting PIN and authenticator with a code."""

    role: StaffRole

    def require_possible(self, books: Books, maker: Person) -> None:
        person = self._person(books, maker, Standing.INVITED)
        if person.role.value != self.role:
            raise Conflict("They were invited as something else.", role=person.role)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        person = books.get(Person.by_id(self.user_id))
        giver = self._giver(books, proposal_id)
        admitted = msgspec.structs.replace(person, status=Standing.ACTIVE, given_by=giver)
        books.put(admitted)
        note_admin(books, admitted)
        facts = {"user": person.id, "role": person.role, "proposal": proposal_id, "giver": giver}
        books.record("person.admitted", person.id, facts)
        open_reset(books, admitted, What.BOTH, proposal=proposal_id)
        return {"user": person.id}


class ChangeRole(Staffing, frozen=True, kw_only=True):
    """One of our own people works as something else from now on, and signs in anew."""

    role: StaffRole

    def require_possible(self, books: Books, maker: Person) -> None:
        person = self._person(books, maker, Standing.ACTIVE)
        if person.role not in STAFF:
            raise InvalidRequest(field="userId", reason="does not work here")
        if person.role.value == self.role:
            raise Conflict("They have this role already.", role=self.role)
        require_another_admin(books, person)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        person = books.get(Person.by_id(self.user_id))
        giver = self._giver(books, proposal_id)
        changed = msgspec.structs.replace(
            person, role=Role(self.role), given_by=giver, let_in_by=None
        )
        note_admin(books, changed)
        facts = {"user": person.id, "role": changed.role, "was": person.role, "giver": giver}
        books.record("person.role_changed", person.id, {**facts, "proposal": proposal_id})
        sign_out_everywhere(books, changed, "role changed")
        return {"user": person.id}


class EnablePerson(Staffing, frozen=True, kw_only=True):
    """Whoever was disabled may sign in again."""

    def require_possible(self, books: Books, maker: Person) -> None:
        self._person(books, maker, Standing.DISABLED)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        person = books.get(Person.by_id(self.user_id))
        giver = self._giver(books, proposal_id)
        enabled = msgspec.structs.replace(
            person, status=Standing.ACTIVE, pin_failures=0, locked_until=None, let_in_by=giver
        )
        books.put(enabled)
        note_admin(books, enabled)
        facts = {"user": person.id, "role": person.role, "proposal": proposal_id, "giver": giver}
        books.record("person.enabled", person.id, facts)
        return {"user": person.id}


class PersonDisabled(Answer, frozen=True, kw_only=True):
    """Who may not sign in any more."""

    user_id: UUID
    status: Standing


class DisablePerson(Command[PersonDisabled], frozen=True, kw_only=True):
    """Nobody signs in as this person, from now on and in any session that is open.

    One admin is enough: what must be stopped must be stopped at once. Customers are frozen by
    operators instead, and whoever is already disabled stays so.
    """

    user_id: UUID
    admin_id: UUID
    session_id: UUID
    reason: str

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Person.by_id(self.admin_id),
            Session.by_id(self.session_id),
            THE_ADMINS,
        )

    def decide(self, books: Books) -> PersonDisabled:
        admin = require_own(books, self.admin_id, self.session_id)
        person = books.find(Person.by_id(self.user_id))
        if admin.role is not Role.ADMIN:
            raise Forbidden
        if person is None or person.role is Role.CUSTOMER:
            raise NotFound("There is nobody with this id.")
        require_stepped_up(books, self.session_id)
        if person.status not in (Standing.ACTIVE, Standing.INVITED):
            raise Conflict(state=person.status)
        require_another_admin(books, person)
        # From here on nothing is refused.
        disabled = msgspec.structs.replace(person, status=Standing.DISABLED)
        note_admin(books, disabled)
        facts = {"user": person.id, "role": person.role, "reason": self.reason}
        books.record("person.disabled", person.id, facts)
        sign_out_everywhere(books, disabled, "disabled")
        return PersonDisabled(user_id=person.id, status=Standing.DISABLED)
