"""Somebody begins to work here: an accountant, an operator, or the person at an agent's counter."""

from __future__ import annotations

from uuid import UUID

from commands.agent.row import Agent
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, NotFound


class StaffEnrolled(Answer, frozen=True, kw_only=True):
    """The person and what they may do."""

    user_id: UUID
    role: Role


class EnrolStaff(Command[StaffEnrolled], frozen=True, kw_only=True):
    """Enrol a person with a role. Customers come by opening a wallet instead."""

    user_id: UUID
    role: Role
    phone_index: bytes
    profile_seal: bytes
    pin_hash: str
    totp_seal: bytes
    agent_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        agents = () if self.agent_id is None else (Agent.by_id(self.agent_id),)
        yield (Person.by_phone(self.phone_index), Person.by_id(self.user_id), *agents)

    def decide(self, books: Books) -> StaffEnrolled:
        self._require_fitting_role(books)
        if books.find(Person.by_phone(self.phone_index)) is not None:
            raise Conflict("There is already an account with this number.")
        # From here on nothing is refused.
        books.put(
            Person(
                id=self.user_id,
                role=self.role,
                status="active",
                phone_index=self.phone_index,
                profile_seal=self.profile_seal,
                pin_hash=self.pin_hash,
                totp_seal=self.totp_seal,
                agent_id=self.agent_id,
            )
        )
        books.record("person.enrolled", self.user_id, {"role": self.role})
        return StaffEnrolled(user_id=self.user_id, role=self.role)

    def _require_fitting_role(self, books: Books) -> None:
        if self.role is Role.CUSTOMER:
            raise InvalidRequest(field="role", reason="customers have wallets")
        if (self.role is Role.AGENT) != (self.agent_id is not None):
            raise InvalidRequest(field="agentId", reason="belongs to agents, and to each of them")
        if self.agent_id is not None and books.find(Agent.by_id(self.agent_id)) is None:
            raise NotFound("There is no such agent.")
