"""An alert: it stands or it does not, and the log tells when that changes."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from commands.alerts.levels import UNITS, AlertName
from ledger.books import Books
from ledger.rows import Key, Row


class Alert(Row, frozen=True, kw_only=True):
    """One for each name and thing that it is about."""

    id: UUID
    name: AlertName
    about: UUID | None
    raised: bool
    value: int
    level: int
    measured_position: int

    TABLE: ClassVar[str] = "alert"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT version, id, name, about, raised, value, level, measured_position
            FROM ledger.alert
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.alert AS a (
                id, name, about, raised, value, level, measured_position, version
            )
            SELECT
                r.id, r.name, r.about, r.raised, r.value, r.level, r.measured_position, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, name text, about uuid, raised boolean, value bigint, level bigint,
                measured_position bigint, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                raised = excluded.raised, value = excluded.value, level = excluded.level,
                measured_position = excluded.measured_position, version = excluded.version
            WHERE a.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('alert', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(name: AlertName, about: UUID | None = None) -> Key[Alert]:
        """The alert of this name, about this thing."""
        return (Alert, "id", alert_id(name, about).int)

    def keys(self) -> tuple[Key[Alert], ...]:
        return ((Alert, "id", self.id.int),)

    def facts(self) -> dict[str, Any]:
        """What is told when it changes."""
        return {
            "name": self.name,
            "about": self.about,
            "value": self.value,
            "level": self.level,
            "unit": UNITS.get(self.name, "count"),
        }


def alert_id(name: AlertName, about: UUID | None = None) -> UUID:
    """The id of an alert, the same whoever raises it."""
    return uuid5(NAMESPACE_OID, f"makeba alert {name} {about or ''}".strip())


def is_raised(books: Books, name: AlertName, about: UUID | None = None) -> bool:
    """Whether it stands now."""
    alert = books.find(Alert.of(name, about))
    return alert is not None and alert.raised


def set_alert(
    books: Books,
    name: AlertName,
    about: UUID | None = None,
    *,
    raised: bool,
    value: int,
    level: int,
    measured_position: int = 0,
) -> None:
    """Raise an alert or clear it, and record it; nothing when it is so already. Touches its row."""
    before = books.find(Alert.of(name, about))
    if raised is (before is not None and before.raised):
        return
    alert = Alert(
        id=alert_id(name, about),
        name=name,
        about=about,
        raised=raised,
        value=value,
        level=level,
        measured_position=measured_position,
    )
    if before is not None:
        alert = msgspec.structs.replace(alert, version=before.version)
    books.put(alert)
    books.record("alert.raised" if raised else "alert.cleared", alert.id, alert.facts())
