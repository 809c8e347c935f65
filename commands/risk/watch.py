"""Watches: wrong codes counted per terminal, per switch link and on the whole network.

Six digits are guessed by trying often and everywhere. So the third wrong answer in a row puts a
terminal into step-up, and more wrong answers than usual put a link or the network there: from then
on a right code alone opens nothing, its owner has to approve in the app. That is never a shutdown,
so nobody can cause one from a keypad.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from commands.risk.case import Case, CaseState, case_id_of, open_case, record_hit
from commands.risk.rulebook import THE_RULES, Action, Mode, Rule, rules_now
from ledger.books import Books
from ledger.rows import Key, Row

# Where the rule book says nothing of them, watches go by these.
IN_ROW = {"in_row": 3}  # wrong answers at one terminal
USUAL = {"least": 30, "times_usual": 5}  # so many in a quarter of an hour are always usual
WINDOW_MINUTES = 15
PERIODS_A_DAY = 96  # of a quarter of an hour: over so many the usual is smoothed
STEP_UP_FOR = timedelta(minutes=15)
SLOW_FOR = timedelta(seconds=2)  # between two comparisons at a terminal in step-up
NETWORK = "network"


class Scope(StrEnum):
    """What is watched."""

    TERMINAL = "terminal"
    LINK = "link"
    NETWORK = "network"
    COUNTER = "counter"  # of an agent: pick-up codes; a fraud rule looks at it


class Watch(Row, frozen=True, kw_only=True):
    """Of a terminal, a link or the network.

    `minutes` are wrong answers per minute, the newest that of `minute` (since 1970). `usual` is how
    many there are in a quarter of an hour as a rule, in thousandths; quarters with step-up do not
    count, so that an attack does not become usual.
    """

    id: str
    in_row: int = 0
    minute: int = 0
    minutes: tuple[int, ...] = ()
    quarter: int = 0
    quarter_count: int = 0
    usual: int = 0
    step_up_until: datetime | None = None
    slow_until: datetime | None = None
    case_id: UUID | None = None

    TABLE: ClassVar[str] = "watch"
    IDS: ClassVar[tuple[str, ...]] = ()  # theirs are names
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, in_row, minute, minutes::json AS minutes, quarter, quarter_count,
                usual, step_up_until, slow_until, case_id
            FROM ledger.watch
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.watch AS w (
                id, in_row, minute, minutes, quarter, quarter_count, usual, step_up_until,
                slow_until, case_id, version
            )
            SELECT
                r.id, r.in_row, r.minute, r.minutes, r.quarter, r.quarter_count, r.usual,
                r.step_up_until, r.slow_until, r.case_id, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id text, in_row integer, minute bigint, minutes text, quarter bigint,
                quarter_count integer, usual bigint, step_up_until timestamptz,
                slow_until timestamptz, case_id uuid, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                in_row = excluded.in_row, minute = excluded.minute, minutes = excluded.minutes,
                quarter = excluded.quarter, quarter_count = excluded.quarter_count,
                usual = excluded.usual, step_up_until = excluded.step_up_until,
                slow_until = excluded.slow_until, case_id = excluded.case_id,
                version = excluded.version
            WHERE w.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('watch', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(watch_id: str) -> Key[Watch]:
        """The watch with this id."""
        return (Watch, "id", watch_id)

    def keys(self) -> tuple[Key[Watch], ...]:
        return ((Watch, "id", self.id),)

    @property
    def scope(self) -> Scope:
        """What it watches; its id begins with it."""
        return Scope(self.id.partition(":")[0])

    @property
    def subject(self) -> UUID:
        """The id under which events have it."""
        return uuid5(NAMESPACE_OID, f"makeba watch {self.id}")

    def steps_up(self, books: Books) -> bool:
        """Whether it demands the owner's approval now."""
        return self.step_up_until is not None and not books.passed(self.step_up_until)

    def wrong_max(self, of: Mapping[str, int]) -> int:
        """More wrong answers than this in a quarter of an hour are an attack."""
        return max(of["least"], of["times_usual"] * self.usual // 1000)

    def at(self, now: datetime) -> Watch:
        """The same with its minutes and quarters moved on to now."""
        minute = int(now.timestamp()) // 60
        gone = min(minute - self.minute, WINDOW_MINUTES)
        quarter = minute // WINDOW_MINUTES
        usual, count = self.usual, self.quarter_count
        if quarter != self.quarter:
            attacked = self.step_up_until is not None and self.step_up_until > now - STEP_UP_FOR
            usual += (1000 * (0 if attacked else count) - usual) // PERIODS_A_DAY
            for _ in range(min(quarter - self.quarter - 1, PERIODS_A_DAY)):
                usual -= usual // PERIODS_A_DAY
            count = 0
        return msgspec.structs.replace(
            self,
            minute=minute,
            minutes=(*self.minutes, *(0,) * gone)[-WINDOW_MINUTES:] or (0,),
            quarter=quarter,
            quarter_count=count,
            usual=max(0, usual),
        )

    def counted(self, now: datetime) -> Watch:
        """The same after one more wrong answer."""
        moved = self.at(now)
        return msgspec.structs.replace(
            moved,
            minutes=(*moved.minutes[:-1], moved.minutes[-1] + 1),
            quarter_count=moved.quarter_count + 1,
        )


class Watches(msgspec.Struct, frozen=True):
    """The three that see one message of the switch."""

    terminal: str
    link: str

    @classmethod
    def over(cls, acquirer_id: str, terminal_id: str) -> Watches:
        """Those over one terminal of one acquirer."""
        return cls(f"terminal:{acquirer_id}/{terminal_id}", f"link:{acquirer_id}")

    def keys(self) -> tuple[Key[Any], ...]:
        """What the functions below touch."""
        watches = (Watch.by_id(each) for each in (self.terminal, self.link, NETWORK))
        return (THE_RULES, *watches)

    def step_up(self, books: Books) -> Scope | None:
        """The narrowest that demands the owner's approval now; in dry run none does."""
        for watch_id in (self.terminal, self.link, NETWORK):
            watch = books.find(Watch.by_id(watch_id))
            if watch is not None and watch.steps_up(books) and not _dry(books, watch):
                return watch.scope
        return None

    def too_soon(self, books: Books) -> bool:
        """Whether the terminal is slowed down and nothing is compared yet; if not, it is from now.

        Ask it under step-up only.
        """
        terminal = watch_of(books, self.terminal)
        if not terminal.steps_up(books):
            return False
        if terminal.slow_until is not None and not books.passed(terminal.slow_until):
            return True
        books.put(msgspec.structs.replace(terminal, slow_until=books.now + SLOW_FOR))
        return False

    def note_right(self, books: Books) -> None:
        """A code was right: what was wrong in a row at this terminal is over."""
        terminal = books.find(Watch.by_id(self.terminal))
        if terminal is not None and terminal.in_row:
            books.put(msgspec.structs.replace(terminal, in_row=0))

    def note_wrong(self, books: Books, *, live: bool) -> None:
        """Count a wrong answer. Without a live code behind the number, it counts here only.

        The caller records what was answered.
        """
        terminal = watch_of(books, self.terminal)
        if not terminal.steps_up(books):
            in_row = terminal.in_row + 1
            if in_row >= _thresholds(books, terminal, IN_ROW)["in_row"]:
                _begin(books, msgspec.structs.replace(terminal, in_row=0), in_row)
            else:
                books.put(msgspec.structs.replace(terminal, in_row=in_row))
        for watch_id in (self.link, NETWORK) if live else ():
            watch = watch_of(books, watch_id).counted(books.now)
            wrong = sum(watch.minutes)
            if wrong <= watch.wrong_max(_thresholds(books, watch, USUAL)):
                books.put(watch)
            elif watch.steps_up(books):
                until = books.now + STEP_UP_FOR
                books.put(msgspec.structs.replace(watch, step_up_until=until))
            else:
                _begin(books, watch, wrong)


def watch_of(books: Books, watch_id: str) -> Watch:
    """A watch; one that has seen nothing yet is empty."""
    return books.find(Watch.by_id(watch_id)) or Watch(id=watch_id)


def note_wrong_at_counter(books: Books, agent_id: UUID) -> None:
    """Count a wrong pick-up code. Touches the `counter` watch; the caller records the try."""
    books.put(watch_of(books, counter_of(agent_id)).counted(books.now))


def counter_of(agent_id: UUID) -> str:
    """The id of the watch over an agent's counter."""
    return f"{Scope.COUNTER}:{agent_id}"


def _rule(books: Books, watch: Watch) -> Rule | None:
    edition = rules_now(books)
    return None if edition is None else edition.rule(f"wrong_codes_{watch.scope}")


def _thresholds(books: Books, watch: Watch, otherwise: Mapping[str, int]) -> Mapping[str, int]:
    rule = _rule(books, watch)
    return otherwise if rule is None else rule.thresholds


def _dry(books: Books, watch: Watch) -> bool:
    rule = _rule(books, watch)
    return rule is not None and rule.mode is Mode.DRY_RUN


def _begin(books: Books, watch: Watch, wrong: int) -> None:
    """Step-up begins: recorded once, and a case is opened unless there is one."""
    dry_run = _dry(books, watch)
    until = books.now + STEP_UP_FOR
    rule = f"wrong_codes_{watch.scope}"
    case_id = watch.case_id
    if case_id is None and not dry_run:
        case_id = case_id_of(books, watch.id)
        case = Case(
            id=case_id,
            rule=rule,
            action=Action.STEP_UP,
            state=CaseState.OPEN,
            watch_id=watch.id,
            opened_at=books.now,
        )
        open_case(books, case, f"{wrong} wrong codes: owners have to approve in the app.")
    books.put(msgspec.structs.replace(watch, step_up_until=until, case_id=case_id))
    facts = {"watch": watch.id, "scope": watch.scope, "wrong": wrong, "until": until}
    books.record("step_up.began", watch.subject, {**facts, "dryRun": dry_run})
    edition = rules_now(books)
    record_hit(
        books,
        case_id,
        watch.subject,
        rule=rule,
        edition=0 if edition is None else edition.number,
        action=Action.STEP_UP,
        dry_run=dry_run,
        watch=watch.id,
    )
