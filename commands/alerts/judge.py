"""What was measured is judged by the levels that count: alerts are raised and cleared by it.

Measures come from the read models, by any number of processes. The alert's row decides, under the
log's lock, so a crossing is told once; and a measure that was taken before the alert last changed
says nothing any more.
"""

from __future__ import annotations

import msgspec

from commands.alerts.alert import Alert, set_alert
from commands.alerts.levels import AlertLevels, AlertName, level_now
from commands.command import Answer, Command, Rounds
from ledger.books import Books


class Measure(msgspec.Struct, frozen=True):
    """How much of something there is."""

    name: AlertName
    value: int


class Crossing(msgspec.Struct, frozen=True, rename="camel"):
    """An alert that has changed."""

    name: AlertName
    raised: bool
    value: int
    level: int


class Judged(Answer, frozen=True, kw_only=True):
    """What has changed by it; mostly nothing."""

    crossings: tuple[Crossing, ...]


class JudgeAlerts(Command[Judged], frozen=True, kw_only=True):
    """Judge measures that were taken when the read models were at `position`."""

    measures: tuple[Measure, ...]
    position: int

    def touches(self, books: Books) -> Rounds:
        names = [measure.name for measure in self.measures]
        yield (*map(Alert.of, names), *map(AlertLevels.of, names))

    def decide(self, books: Books) -> Judged:
        crossed = (self._judge(books, measure) for measure in self.measures)
        return Judged(crossings=tuple(each for each in crossed if each is not None))

    def _judge(self, books: Books, measure: Measure) -> Crossing | None:
        alert = books.find(Alert.of(measure.name))
        if alert is not None and self.position < alert.measured_position:
            return None
        level = level_now(books, measure.name)
        stands = alert is not None and alert.raised
        raised = measure.value > level.clear_at if stands else measure.value >= level.raise_at
        if raised is stands:
            return None
        crossed = level.raise_at if raised else level.clear_at
        set_alert(
            books,
            measure.name,
            raised=raised,
            value=measure.value,
            level=crossed,
            measured_position=self.position,
        )
        return Crossing(name=measure.name, raised=raised, value=measure.value, level=crossed)
