"""What somebody can sign in with beside PIN and authenticator: recovery codes and passkeys."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from ledger.books import Books
from ledger.rows import Key, Row

PASSKEYS_MAX = 10
RECOVERY_CODES = 10


class Factors(Row, frozen=True, kw_only=True):
    """Of one person. Of a recovery code there is a keyed hash; one that was used is gone."""

    person_id: UUID
    recovery: tuple[str, ...] = ()
    passkeys: tuple[UUID, ...] = ()

    TABLE: ClassVar[str] = "factors"
    IDS: ClassVar[tuple[str, ...]] = ("person_id",)
    LOAD: ClassVar[dict[str, str]] = {
        "person_id": """
            SELECT version, person_id, recovery, passkeys
            FROM ledger.factors
            WHERE person_id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.factors AS f (person_id, recovery, passkeys, version)
            SELECT r.person_id, r.recovery, r.passkeys, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                person_id uuid, recovery text[], passkeys uuid[], version bigint
            )
            ON CONFLICT (person_id) DO UPDATE SET
                recovery = excluded.recovery, passkeys = excluded.passkeys,
                version = excluded.version
            WHERE f.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('factors', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(person_id: UUID) -> Key[Factors]:
        """Those of a person."""
        return (Factors, "person_id", person_id.int)

    def keys(self) -> tuple[Key[Factors], ...]:
        return ((Factors, "person_id", self.person_id.int),)


def factors_of(books: Books, person_id: UUID) -> Factors:
    """What somebody has; nothing yet when there is no row."""
    return books.find(Factors.of(person_id)) or Factors(person_id=person_id)
