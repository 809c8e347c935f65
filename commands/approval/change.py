"""A change that takes two people: what each kind of it says of itself."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec

from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.identity.step_up import require_confirmed, require_stepped_up
from ledger.books import Books
from ledger.wire import plain


def _kind_of(class_name: str) -> str:
    """PublishTariff is written publish_tariff."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", class_name).lower()


class Change(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    forbid_unknown_fields=True,
    tag_field="kind",
    tag=_kind_of,
):
    """One kind of change. Its JSON is what the maker proposes, what the checker reads, and what is
    applied: nothing else reaches the books.

    Amounts stand in it as Money, and nothing identifies a person but ids. `reason` is for the
    checker to read.
    """

    MAKERS: ClassVar[tuple[Role, ...]]
    CHECKERS: ClassVar[tuple[Role, ...]]
    # Whether nobody but people in sessions may propose and approve it: what gives rights.
    IN_SESSIONS: ClassVar[bool] = False

    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""

    @property
    def kind(self) -> str:
        """Its name in JSON."""
        return str(self.__struct_config__.tag)

    @property
    def content(self) -> str:
        """Its JSON, the same for the same change."""
        return encode(self).decode()

    def touches(self, books: Books) -> Rounds:
        """Which rows it reads and changes, in four rounds at most; the same when proposed and when
        applied."""
        raise NotImplementedError

    def require_step_up(self, books: Books, session_id: UUID | None) -> None:
        """Raises StepUpRequired unless whoever proposes or approves it has shown the second factor
        within five minutes. Touches the session."""
        if self.IN_SESSIONS:
            require_stepped_up(books, session_id)
        require_confirmed(books, session_id)

    def require_possible(self, books: Books, maker: Person) -> None:
        """Raises the Refusal that stands against it. Asked when proposed and again when applied."""
        raise NotImplementedError

    def require_checker(self, books: Books, checker: Person) -> None:
        """Raises the Refusal that stands against this one, who is no maker, as its checker."""

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        """Change the books, with records of its own; what the record of the approval shall tell."""
        raise NotImplementedError


encode = msgspec.json.Encoder(enc_hook=plain, decimal_format="number", order="sorted").encode
