"""Who of our own people asks."""

from __future__ import annotations

from uuid import UUID

from commands.identity.person import Person, Role
from ledger.books import Books
from ledger.errors import Forbidden


def require_staff(books: Books, person_id: UUID, *roles: Role) -> Person:
    """The active person with this id and one of these roles. Raises Forbidden."""
    person = books.find(Person.by_id(person_id))
    if person is None or not person.active or person.role not in roles:
        raise Forbidden
    return person


def require_apart(maker: Person, checker: Person) -> None:
    """Raises Forbidden for two who are one pair of eyes: one of them proposed what the other may do
    here (docs/decisions/0013). Asked of every change that takes two people."""
    if maker.was_made_by(checker) or checker.was_made_by(maker):
        raise Forbidden(
            "One of you proposed what the other may do here: a third must approve this."
        )
