"""Alert levels are set from a day on, by two people; the ones before stay in the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.alerts.alert import alert_id
from commands.alerts.levels import AlertLevels, AlertName, Level
from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from ledger.books import Books
from ledger.errors import InvalidRequest
from ledger.rows import Key

EDITIONS_MAX = 1_000
FIGURE_MAX = 10**15


class SetAlertLevels(Change, frozen=True, kw_only=True):
    """From `validFrom` on, raise at one figure or above and clear at another or below.

    The figures are in the alert's unit: centavos, seconds, records or a count.
    """

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR, Role.ACCOUNTANT)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR, Role.ACCOUNTANT)

    name: AlertName
    raise_at: int
    clear_at: int
    valid_from: datetime

    def touches(self, books: Books) -> Rounds:
        yield (self._key,)

    def require_possible(self, books: Books, maker: Person) -> None:
        """Raises InvalidRequest for levels that would never clear, or that begin in the past."""
        if self.name is AlertName.WEBHOOK_DISABLED:
            raise InvalidRequest(field="name", reason="is raised by what happens, not by a level")
        if not 0 <= self.clear_at < self.raise_at <= FIGURE_MAX:
            raise InvalidRequest(field="clearAt", reason="is zero or more, and below raiseAt")
        row = books.find(self._key)
        editions = row.editions if row else ()
        if self.valid_from.tzinfo is None:
            raise InvalidRequest(field="validFrom", reason="names no time zone")
        if editions and self.valid_from <= editions[-1].valid_from:
            raise InvalidRequest(field="validFrom", reason="is not after the newest edition")
        if len(editions) >= EDITIONS_MAX:
            raise InvalidRequest(field="name", reason="has as many editions as there can be")

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        """Add the edition."""
        row = books.find(self._key) or AlertLevels(name=self.name, editions=())
        level = Level(self.valid_from, self.raise_at, self.clear_at)
        books.put(msgspec.structs.replace(row, editions=(*row.editions, level)))
        facts = {
            "name": self.name,
            "raiseAt": self.raise_at,
            "clearAt": self.clear_at,
            "validFrom": self.valid_from,
        }
        books.record("alert.levels_set", alert_id(self.name), {**facts, "proposal": proposal_id})
        return facts

    @property
    def _key(self) -> Key[AlertLevels]:
        return AlertLevels.of(self.name)
