"""Principals: whoever has a contract with us and runs outlets."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from commands.command import Answer, Command, Rounds
from ledger.books import Books
from ledger.errors import Conflict
from ledger.rows import Key, Row


class Principal(Row, frozen=True, kw_only=True):
    """A firm, by its trade name. Its outlets name it."""

    id: UUID
    name: str

    TABLE: ClassVar[str] = "principal"
    LOAD: ClassVar[dict[str, str]] = {
        "id": "SELECT version, id, name FROM ledger.principal WHERE id = ANY(%(values)s)",
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.principal AS p (id, name, version)
            SELECT r.id, r.name, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (id uuid, name text, version bigint)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version
            WHERE p.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('principal', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(principal_id: UUID) -> Key[Principal]:
        """The principal with this id."""
        return (Principal, "id", principal_id.int)

    def keys(self) -> tuple[Key[Principal], ...]:
        return ((Principal, "id", self.id.int),)


class PrincipalEnrolled(Answer, frozen=True, kw_only=True):
    """The new principal."""

    principal_id: UUID


class EnrolPrincipal(Command[PrincipalEnrolled], frozen=True, kw_only=True):
    """Enrol a firm that will run outlets."""

    principal_id: UUID
    name: str

    def touches(self, books: Books) -> Rounds:
        yield (Principal.by_id(self.principal_id),)

    def decide(self, books: Books) -> PrincipalEnrolled:
        if books.find(Principal.by_id(self.principal_id)) is not None:
            raise Conflict("There is already a principal with this id.")
        # From here on nothing is refused.
        books.put(Principal(id=self.principal_id, name=self.name))
        books.record("principal.enrolled", self.principal_id, {"name": self.name})
        return PrincipalEnrolled(principal_id=self.principal_id)
