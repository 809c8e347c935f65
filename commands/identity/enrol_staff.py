"""Somebody begins to work here: an accountant, an operator, or the person at an agent's counter."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.agent.principal import Principal
from commands.agent.row import Agent
from commands.command import Answer, Command, Rounds
from commands.identity.admins import THE_ADMINS, note_admin
from commands.identity.person import Person, Role, Standing, require_customer
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, NotFound


class StaffEnrolled(Answer, frozen=True, kw_only=True):
    """The person and what they may do."""

    user_id: UUID
    role: Role


class EnrolStaff(Command[StaffEnrolled], frozen=True, kw_only=True):
    """Enrol a person with a role. Customers come by opening a wallet instead.

    Who stands behind an agent's counter and is a customer too is named by `customer_id`: this
    agent does not serve that wallet.
    """

    user_id: UUID
    role: Role
    phone_index: bytes
    phone_index_next: bytes | None = None  # while the key of the index changes
    profile_seal: bytes
    pin_hash: str
    totp_seal: bytes
    agent_id: UUID | None = None
    principal_id: UUID | None = None
    customer_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_phone(self.phone_index),
            Person.by_id(self.user_id),
            *(() if self.agent_id is None else (Agent.by_id(self.agent_id),)),
            *(() if self.principal_id is None else (Principal.by_id(self.principal_id),)),
            *(() if self.customer_id is None else (Person.by_id(self.customer_id),)),
            *((THE_ADMINS,) if self.role is Role.ADMIN else ()),
        )

    def decide(self, books: Books) -> StaffEnrolled:
        self._require_fitting_role()
        self._require_known(books)
        if books.find(Person.by_phone(self.phone_index)) is not None:
            raise Conflict("There is already an account with this number.")
        # From here on nothing is refused.
        person = Person(
            id=self.user_id,
            role=self.role,
            status=Standing.ACTIVE,
            phone_index=self.phone_index,
            phone_index_next=self.phone_index_next,
            profile_seal=self.profile_seal,
            pin_hash=self.pin_hash,
            totp_seal=self.totp_seal,
            agent_id=self.agent_id,
            principal_id=self.principal_id,
        )
        books.put(person)
        if self.role is Role.ADMIN:
            note_admin(books, person)
        places = {"agent": self.agent_id, "principal": self.principal_id}
        told = {name: place for name, place in places.items() if place is not None}
        books.record("person.enrolled", self.user_id, {"role": self.role, **told})
        self._keep_apart(books)
        return StaffEnrolled(user_id=self.user_id, role=self.role)

    def _require_fitting_role(self) -> None:
        if self.role is Role.CUSTOMER:
            raise InvalidRequest(field="role", reason="customers have wallets")
        if (self.role is Role.AGENT) != (self.agent_id is not None):
            raise InvalidRequest(field="agentId", reason="belongs to agents, and to each of them")
        if (self.role is Role.AGENT_MANAGER) != (self.principal_id is not None):
            raise InvalidRequest(field="principalId", reason="belongs to agents' managers")
        if self.customer_id is not None and self.agent_id is None:
            raise InvalidRequest(field="customerId", reason="belongs to agents")

    def _require_known(self, books: Books) -> None:
        if self.agent_id is not None and books.find(Agent.by_id(self.agent_id)) is None:
            raise NotFound("There is no such agent.")
        principal_id = self.principal_id
        if principal_id is not None and books.find(Principal.by_id(principal_id)) is None:
            raise NotFound("There is no such principal.")
        if self.customer_id is not None:
            require_customer(books, self.customer_id)

    def _keep_apart(self, books: Books) -> None:
        """An agent does not serve the wallets of those who stand behind its counter."""
        if self.customer_id is None or self.agent_id is None:
            return
        agent = books.get(Agent.by_id(self.agent_id))
        if self.customer_id not in agent.insiders:
            insiders = (*agent.insiders, self.customer_id)
            books.put(msgspec.structs.replace(agent, insiders=insiders))
            books.record(
                "agent.insider_added", agent.id, {"agent": agent.id, "user": self.customer_id}
            )
