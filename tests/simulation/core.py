"""The spine without a database: commands gather, are loaded, decided and kept, batch by batch.

Each is decided by `commands.deciding`, as in earnest, on a working set that holds only the rows
that the batch has named. The server may die before a commit (nothing was done) or after it (done,
and nobody was told): whoever asked asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from itertools import chain
from typing import Any, Protocol, cast

import msgspec

from commands import deciding
from commands.books.journal_entry import JournalEntry
from commands.command import A, Command
from commands.deciding import Decided, Outcome, Submission
from commands.idempotency import KnownKey, Once
from ledger.books import Books, Event
from ledger.errors import Broken, Refusal
from ledger.rows import Key, Row
from tests.simulation.world import SECOND, World

BATCH_MAX = 256
ROUNDS_MAX = 5
GATHERING = 5_000  # microseconds that a batch gathers, as one commit would take
SLOW_BATCHES = 0.1
CRASHES = 0.002

Told = Outcome[Any] | Refusal
Answer = Callable[[Told], None]
Rows = dict[Key[Any], Row | None]


class Broke(Exception):
    """Something that must never be: the history ends here."""


class Watcher(Protocol):
    """Who looks at every commit."""

    def committed(self, before: Rows, books: Books, decided: Iterable[Decided]) -> None:
        """Look at the rows that a batch has changed and at what it has recorded. Raises Broke."""


class Core:
    """What is committed, and what waits to be decided."""

    def __init__(self, world: World, watcher: Watcher) -> None:
        self.world = world
        self.watcher = watcher
        self.rows: dict[Key[Any], Row] = {}
        self.entries: dict[int, JournalEntry] = {}
        self.last_entries: dict[int, int] = {}
        self.position = 0
        self.commands = 0
        self.logs: list[MutableMapping[str, Any]] = []  # what the product has logged
        self._waiting: list[tuple[Submission[Any], Answer | None]] = []
        self._scheduled = False

    def _cause(self) -> str:
        return repr(self.logs[-1].get("exc_info")) if self.logs else "no log of it"

    def find(self, key: Key[Any]) -> Any:
        """A committed row, or None."""
        return self.rows.get(key)

    def submit(
        self, command: Command[Any], answer: Answer | None = None, once: Once | None = None
    ) -> None:
        """Queue a command; the answer comes later, or never when the server dies."""
        self._waiting.append((_submission(command, once), answer))
        if not self._scheduled:
            self._scheduled = True
            slow = self.world.chance(SLOW_BATCHES)
            self.world.at(self.world.between(0, 5 * SECOND) if slow else GATHERING, self._batch)

    def do(self, command: Command[A]) -> A:
        """Have a command decided at once, which must succeed."""
        told = self.attempt(command)
        if isinstance(told, Refusal):
            raise Broke(f"{type(command).__name__}: {told!r}")
        return cast("A", told.answer)

    def attempt(self, command: Command[Any]) -> Told:
        """Have a command decided at once."""
        [decided] = self._commit([_submission(command, None)], crash=False)
        return decided.result

    # -- a batch -------------------------------------------------------------------------------

    def _batch(self) -> None:
        batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
        self._scheduled = bool(self._waiting)
        if self._scheduled:
            self.world.at(GATHERING, self._batch)
        crash = self.world.stormy and self.world.chance(CRASHES)
        if crash and self.world.chance(0.5):
            self.world.faults["crashed before commit"] += 1
            return
        answers = {id(submission): answer for submission, answer in batch}
        for decided in self._commit([submission for submission, _ in batch], crash=crash):
            answer = answers[id(decided.submission)]
            if answer is not None and not crash:
                answer(decided.result)

    def _commit(self, batch: list[Submission[Any]], *, crash: bool) -> list[Decided]:
        books = Books(self.world.time, dict(self.last_entries), {})
        for submission in batch:
            self._load(books, submission)
        position, done, waits = self.position, [], []
        for submission in batch:
            decided = deciding.decide(submission, books, position)
            if decided is None:
                waits.append(submission)
                continue
            if isinstance(decided.result, Broken):
                raise Broke(f"{type(submission.command).__name__} failed: {self._cause()}")
            position += len(decided.happened)
            done.append(decided)
        self._keep(books, done, position)
        if crash:
            self.world.faults["crashed after commit"] += 1
        return done + (self._commit(waits, crash=crash) if waits else [])

    def _load(self, books: Books, submission: Submission[Any]) -> None:
        touches = chain((submission.known_keys,), submission.command.touches(books))
        for rounds, keys in enumerate(touches, start=1):
            assert rounds <= ROUNDS_MAX + 1, "the spine loads in six rounds at most"
            for key in keys:
                if key in books.rows:
                    continue
                entry = key[0] is JournalEntry
                row = self.entries.get(cast("int", key[2])) if entry else self.rows.get(key)
                books.rows[key] = row
                if row is not None:
                    for other in row.keys():
                        books.rows.setdefault(other, row)

    def _keep(self, books: Books, done: list[Decided], position: int) -> None:
        before = self._replace(books)
        for decided in done:
            if decided.reply is not None:
                known = books.rows[KnownKey.by_hash(decided.reply.key_hash)]
                assert known is not None, "a kept reply stands under its key"
                self.rows[known.keys()[0]] = known
            for happened in decided.happened:
                self._enter(happened.event, books)
        self.position, self.last_entries = position, books.last_entries
        self.commands += len(done)
        self.watcher.committed(before, books, done)

    def _replace(self, books: Books) -> Rows:
        """Put the changed rows in the place of the old ones, which are returned."""
        before: Rows = {}
        for key in (*books.put_rows, *books.posted):
            old = before[key] = self.rows.get(key)
            if old is not None:
                for name in old.keys():
                    self.rows.pop(name, None)
        for key in before:
            if key[0] is not JournalEntry:
                row = books.get(key)
                for name in row.keys():
                    self.rows[name] = row
        return before

    def _enter(self, event: Event, books: Books) -> None:
        """Keep an entry for whoever reverses it later."""
        if event.entry_number is None:
            return
        self.entries[event.entry_number] = JournalEntry(
            number=event.entry_number,
            kind=event.kind,
            subject=event.subject,
            recorded_at=books.now,
            payload=event.payload,
            accounts=tuple([line.account for line in event.lines]),
            amounts=tuple([line.amount for line in event.lines]),
            reversed_by=None,
        )
        if event.reverses is not None:
            original = self.entries[event.reverses]
            assert event.reverses != event.entry_number
            self.entries[event.reverses] = _reversed(original, event.entry_number)


def _reversed(original: JournalEntry, by: int) -> JournalEntry:
    return msgspec.structs.replace(original, reversed_by=by)


def _submission(command: Command[Any], once: Once | None) -> Submission[Any]:
    return Submission(command, "system:simulation", "simulation", once, False, cast("Any", None))
