"""The admins: who they are, so that the house never has none and begins with two."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from commands.identity.person import Person, Role
from ledger.books import Books
from ledger.errors import Conflict
from ledger.rows import Key, Row

LEAST = 2  # one proposes, another approves


class Admins(Row, frozen=True, kw_only=True):
    """Everybody who is an active admin. There is one row."""

    kind: str = "admins"
    ids: tuple[UUID, ...] = ()

    TABLE: ClassVar[str] = "admins"
    IDS: ClassVar[tuple[str, ...]] = ()
    LOAD: ClassVar[dict[str, str]] = {
        "kind": "SELECT version, kind, ids FROM ledger.admins WHERE kind = ANY(%(values)s)",
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.admins AS a (kind, ids, version)
            SELECT r.kind, r.ids, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (kind text, ids uuid[], version bigint)
            ON CONFLICT (kind) DO UPDATE SET ids = excluded.ids, version = excluded.version
            WHERE a.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('admins', (SELECT count(*) FROM saved), %(count)s)
    """

    def keys(self) -> tuple[Key[Admins], ...]:
        return ((Admins, "kind", self.kind),)


THE_ADMINS: Key[Admins] = (Admins, "kind", "admins")


def too_few(books: Books) -> bool:
    """Whether there are not enough to agree on another one. Touches THE_ADMINS."""
    admins = books.find(THE_ADMINS)
    return admins is None or len(admins.ids) < LEAST


def require_another_admin(books: Books, person: Person) -> None:
    """Raises Conflict when nobody else is an admin. Touches THE_ADMINS."""
    admins = books.find(THE_ADMINS)
    if admins is not None and admins.ids == (person.id,):
        raise Conflict("This is the only admin.")


def note_admin(books: Books, person: Person) -> None:
    """Keep the list after a change of this person, who may have become an admin or have been one.

    Below the line; touches THE_ADMINS.
    """
    is_one = person.role is Role.ADMIN and person.active
    admins = books.find(THE_ADMINS) or Admins()
    others = tuple(each for each in admins.ids if each != person.id)
    ids = (*others, person.id) if is_one else others
    if ids != admins.ids:
        books.put(msgspec.structs.replace(admins, ids=ids))
