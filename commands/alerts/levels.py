"""Levels: from where on a measure is alarming, and below which it is well again, as dated data."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

import msgspec

from ledger.books import Books
from ledger.rows import Key, Row


class AlertName(StrEnum):
    """What is watched."""

    UNIDENTIFIED_CREDITS = "unidentified_credits"
    SUSPENSE_BREAKS = "suspense_breaks"
    IN_DOUBT_COUNT = "in_doubt_count"
    IN_DOUBT_AGE = "in_doubt_age"
    DISPUTE_AGE = "dispute_age"
    HELD_AGE = "held_age"
    PROJECTION_LAG = "projection_lag"
    NETWORK_STEP_UP = "network_step_up"
    FAILED_LOG_INS = "failed_log_ins"
    WEBHOOK_DISABLED = "webhook_disabled"
    SAFEGUARDING_SHORTFALL = "safeguarding_shortfall"
    SAFEGUARDING_DIFFERENCE = "safeguarding_difference"


UNITS = MappingProxyType(
    {
        AlertName.UNIDENTIFIED_CREDITS: "centavos",
        AlertName.SUSPENSE_BREAKS: "centavos",
        AlertName.IN_DOUBT_AGE: "seconds",
        AlertName.DISPUTE_AGE: "seconds",
        AlertName.HELD_AGE: "seconds",
        AlertName.PROJECTION_LAG: "records",
        AlertName.SAFEGUARDING_SHORTFALL: "centavos",
        AlertName.SAFEGUARDING_DIFFERENCE: "centavos",
    }
)


class Level(msgspec.Struct, frozen=True):
    """Raised at `raise_at` or above, cleared at `clear_at` or below; in between it stays as it is.

    That gap is the hysteresis: a measure that trembles around one figure is told of once.
    """

    valid_from: datetime
    raise_at: int
    clear_at: int

    def __post_init__(self) -> None:
        assert self.clear_at < self.raise_at, "what is raised by a value is not cleared by it"


DAY = 86_400
_ALWAYS = datetime(2020, 1, 1, tzinfo=UTC)


# Illustrative, as all figures are that a new installation begins with.
BEGINNING = MappingProxyType(
    {
        AlertName.UNIDENTIFIED_CREDITS: Level(_ALWAYS, 10_000_000, 5_000_000),
        AlertName.SUSPENSE_BREAKS: Level(_ALWAYS, 5_000_000, 1_000_000),
        AlertName.IN_DOUBT_COUNT: Level(_ALWAYS, 20, 5),
        AlertName.IN_DOUBT_AGE: Level(_ALWAYS, 2 * DAY, DAY),
        AlertName.DISPUTE_AGE: Level(_ALWAYS, 5 * DAY, 3 * DAY),
        AlertName.HELD_AGE: Level(_ALWAYS, 3 * DAY, DAY),
        AlertName.PROJECTION_LAG: Level(_ALWAYS, 10_000, 500),
        AlertName.NETWORK_STEP_UP: Level(_ALWAYS, 1, 0),
        AlertName.FAILED_LOG_INS: Level(_ALWAYS, 50, 10),
        AlertName.WEBHOOK_DISABLED: Level(_ALWAYS, 1, 0),
        AlertName.SAFEGUARDING_SHORTFALL: Level(_ALWAYS, 1, 0),
        AlertName.SAFEGUARDING_DIFFERENCE: Level(_ALWAYS, 1, 0),
    }
)


class AlertLevels(Row, frozen=True, kw_only=True):
    """All levels of an alert that were ever set, in the order in which they begin to count.

    Without a row, or before its first edition, those count with which an installation begins.
    """

    name: AlertName
    editions: tuple[Level, ...]

    TABLE: ClassVar[str] = "alert_levels"
    IDS: ClassVar[tuple[str, ...]] = ()
    LOAD: ClassVar[dict[str, str]] = {
        "name": """
            SELECT version, name, editions
            FROM ledger.alert_levels
            WHERE name = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.alert_levels AS a (name, editions, version)
            SELECT r.name, r.editions, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (name text, editions jsonb, version bigint)
            ON CONFLICT (name) DO UPDATE
                SET editions = excluded.editions, version = excluded.version
                WHERE a.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('alert_levels', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(name: AlertName) -> Key[AlertLevels]:
        """The levels of an alert."""
        return (AlertLevels, "name", name.value)

    def keys(self) -> tuple[Key[AlertLevels], ...]:
        return ((AlertLevels, "name", self.name.value),)


def level_now(books: Books, name: AlertName) -> Level:
    """The level that counts now."""
    row = books.find(AlertLevels.of(name))
    for edition in reversed(row.editions if row else ()):
        if books.passed(edition.valid_from):
            return edition
    return BEGINNING[name]
