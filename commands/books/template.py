"""Templates of manual entries: lines with a name, to begin with. They post nothing themselves."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import encode
from commands.books.manual_lines import BY_HAND, LINES_MAX, ManualLine
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, NotFound
from ledger.rows import Key, Row


class TemplateState(StrEnum):
    """Whether it is offered."""

    KEPT = "kept"
    RETIRED = "retired"


class EntryTemplate(Row, frozen=True, kw_only=True):
    """A template. What it says stands in the log and in the read model."""

    id: UUID
    state: TemplateState = TemplateState.KEPT

    TABLE: ClassVar[str] = "entry_template"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT version, id, state
            FROM ledger.entry_template
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.entry_template AS t (id, state, version)
            SELECT r.id, r.state, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (id uuid, state text, version bigint)
            ON CONFLICT (id) DO UPDATE SET state = excluded.state, version = excluded.version
            WHERE t.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('entry_template', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(template_id: UUID) -> Key[EntryTemplate]:
        """The one with this id."""
        return (EntryTemplate, "id", template_id.int)

    def keys(self) -> tuple[Key[EntryTemplate], ...]:
        return ((EntryTemplate, "id", self.id.int),)


class TemplateStatus(Answer, frozen=True, kw_only=True):
    """Which it is, and whether it is offered."""

    template_id: UUID
    state: TemplateState


class KeepTemplate(Command[TemplateStatus], frozen=True, kw_only=True):
    """Keep lines under a name. An amount of nothing is to be filled in when it is used."""

    template_id: UUID
    user_id: UUID
    name: str
    lines: tuple[ManualLine, ...]

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id),)

    def decide(self, books: Books) -> TemplateStatus:
        person = require_staff(books, self.user_id, Role.ACCOUNTANT)
        if not 2 <= len(self.lines) <= LINES_MAX:
            raise InvalidRequest(field="lines", reason=f"are 2 to {LINES_MAX}")
        for number, line in enumerate(self.lines, start=1):
            if line.code not in BY_HAND:
                raise InvalidRequest(field="code", line=number, reason="is not booked by hand")
        # From here on nothing is refused.
        row = EntryTemplate(id=self.template_id)
        books.put(row)
        content = encode(self.lines).decode()
        facts = {"name": self.name, "lines": content, "state": row.state, "by": person.id}
        books.record("template.kept", row.id, facts)
        return TemplateStatus(template_id=row.id, state=row.state)


class RetireTemplate(Command[TemplateStatus], frozen=True, kw_only=True):
    """Offer a template no more."""

    template_id: UUID
    user_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), EntryTemplate.by_id(self.template_id))

    def decide(self, books: Books) -> TemplateStatus:
        person = require_staff(books, self.user_id, Role.ACCOUNTANT)
        row = books.find(EntryTemplate.by_id(self.template_id))
        if row is None:
            raise NotFound("There is no such template.")
        if row.state is TemplateState.RETIRED:
            raise Conflict("It was retired before.", state=row.state)
        # From here on nothing is refused.
        books.put(msgspec.structs.replace(row, state=TemplateState.RETIRED))
        facts = {"state": TemplateState.RETIRED, "by": person.id}
        books.record("template.retired", row.id, facts)
        return TemplateStatus(template_id=row.id, state=TemplateState.RETIRED)
