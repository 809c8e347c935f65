"""People: customers, agents' operators and staff, as decisions see them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from commands.tier import Tier
from ledger.books import Books
from ledger.errors import Forbidden, NotFound
from ledger.rows import Key, Row


class Role(StrEnum):
    """What somebody may do here. The switch is no person: it signs its requests."""

    CUSTOMER = "customer"
    AGENT = "agent"
    ACCOUNTANT = "accountant"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ADMIN = "admin"
    AGENT_MANAGER = "agent_manager"  # of a principal: sees that one's outlets, moves nothing


# Who works here: they choose passwords, may have passkeys, and only two admins make one of them.
STAFF = (Role.ACCOUNTANT, Role.OPERATOR, Role.AUDITOR, Role.ADMIN)


class Standing(StrEnum):
    """Whether somebody may sign in; of who is erased nothing is left but ids and books."""

    INVITED = "invited"  # until a second admin has agreed
    ACTIVE = "active"
    DISABLED = "disabled"
    CLOSED = "closed"
    ERASED = "erased"


class Person(Row, frozen=True, kw_only=True):
    """Somebody who can sign in. What identifies them is sealed or a keyed hash.

    A session is good while its epoch is the person's: counting on ends all of them at once.
    `profile_seal` is a key of their own, sealed, and under it number and name: once it is gone,
    nothing that was sealed with that key can be read again. `phone_index_next` is there while the
    key of the index changes: they are found by either. `given_by` proposed the role they have, and
    `let_in_by` that they may sign in again with it; who was enrolled at installation has neither.
    """

    id: UUID
    role: Role
    status: str
    phone_index: bytes | None
    profile_seal: bytes | None
    pin_hash: str
    totp_seal: bytes
    totp_step: int = 0
    pin_failures: int = 0
    locked_until: datetime | None = None
    wallet_id: UUID | None = None
    agent_id: UUID | None = None
    principal_id: UUID | None = None
    tier: Tier | None = None  # a customer's
    session_epoch: int = 0
    phone_index_next: bytes | None = None
    given_by: UUID | None = None
    let_in_by: UUID | None = None

    TABLE: ClassVar[str] = "person"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, role, status, phone_index, profile_seal, pin_hash, totp_seal,
                totp_step, pin_failures, locked_until, wallet_id, agent_id,
                principal_id, tier, session_epoch, phone_index_next, given_by, let_in_by
            FROM ledger.person
            WHERE id = ANY(%(values)s)
        """,
        "phone_index": """
            SELECT
                version, id, role, status, phone_index, profile_seal, pin_hash, totp_seal,
                totp_step, pin_failures, locked_until, wallet_id, agent_id,
                principal_id, tier, session_epoch, phone_index_next, given_by, let_in_by
            FROM ledger.person
            WHERE phone_index = ANY(%(values)s) OR phone_index_next = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.person AS p (
                id, role, status, phone_index, profile_seal, pin_hash, totp_seal, totp_step,
                pin_failures, locked_until, wallet_id, agent_id, principal_id, tier,
                session_epoch, phone_index_next, given_by, let_in_by, version
            )
            SELECT
                r.id, r.role, r.status, decode(r.phone_index, 'base64'),
                decode(r.profile_seal, 'base64'), r.pin_hash, decode(r.totp_seal, 'base64'),
                r.totp_step, r.pin_failures, r.locked_until, r.wallet_id, r.agent_id,
                r.principal_id, r.tier, r.session_epoch, decode(r.phone_index_next, 'base64'),
                r.given_by, r.let_in_by, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, role text, status text, phone_index text, profile_seal text, pin_hash text,
                totp_seal text, totp_step bigint, pin_failures smallint, locked_until timestamptz,
                wallet_id uuid, agent_id uuid, principal_id uuid, tier text, session_epoch integer,
                phone_index_next text, given_by uuid, let_in_by uuid, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                role = excluded.role, status = excluded.status, phone_index = excluded.phone_index,
                phone_index_next = excluded.phone_index_next,
                profile_seal = excluded.profile_seal, pin_hash = excluded.pin_hash,
                totp_seal = excluded.totp_seal, totp_step = excluded.totp_step,
                pin_failures = excluded.pin_failures, locked_until = excluded.locked_until,
                tier = excluded.tier, session_epoch = excluded.session_epoch,
                given_by = excluded.given_by, let_in_by = excluded.let_in_by,
                version = excluded.version
            WHERE p.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('person', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(person_id: UUID) -> Key[Person]:
        """The person with this id."""
        return (Person, "id", person_id.int)

    @staticmethod
    def by_phone(phone_index: bytes) -> Key[Person]:
        """The person whose number has this keyed hash."""
        return (Person, "phone_index", phone_index)

    def keys(self) -> tuple[Key[Person], ...]:
        indexes = (self.phone_index, self.phone_index_next)
        return (
            (Person, "id", self.id.int),
            *((Person, "phone_index", each) for each in indexes if each is not None),
        )

    @property
    def active(self) -> bool:
        """Whether this person may still sign in and move money."""
        return self.status == Standing.ACTIVE

    def was_made_by(self, other: Person) -> bool:
        """Whether the other proposed what this one may do here."""
        return other.id in (self.given_by, self.let_in_by)

    @property
    def wallet(self) -> UUID:
        """A customer's wallet. Asking for another's is a bug: guard with `require_customer`."""
        assert self.wallet_id is not None, "only customers have wallets"
        return self.wallet_id


def require_customer(books: Books, person_id: UUID) -> Person:
    """The customer with this id. Raises NotFound or Forbidden."""
    person = books.find(Person.by_id(person_id))
    if person is None:
        raise NotFound
    if person.role is not Role.CUSTOMER or not person.active:
        raise Forbidden
    return person
