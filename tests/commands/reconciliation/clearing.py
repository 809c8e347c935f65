"""A desk to which the switch's files come, written by the simulator's own hand."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from commands.reconciliation.absent import NoteAbsences
from commands.reconciliation.close import CloseFile
from commands.reconciliation.file import FileStatus
from commands.reconciliation.match_items import MatchItems
from commands.reconciliation.mismatch import Mismatch, MismatchKind, MismatchState
from commands.reconciliation.resolve_mismatch import MismatchEnd, ResolveMismatch
from commands.reconciliation.take_in import TakeInFile
from commands.switch.enrol import EnrolSwitchKey
from commands.switch.trace import TraceId
from ledger.books import COUNTRY
from server.settlement.checking import Checked, check, items
from simulator.machines.business_day import Item
from tests.commands.desk import Desk
from tests.commands.town import ACQUIRER, TODAY, trace
from tests.settlement_files import KEY, KEY_ID, file, item

CUT_OFF = datetime(2030, 5, 15, 23, tzinfo=COUNTRY)


class Clearing(Desk):
    """Ana's withdrawals have the traces 1, 2, 3 …, and so have the items of files."""

    def __init__(self) -> None:
        super().__init__()
        raw = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.do(EnrolSwitchKey(key_id=KEY_ID, acquirer_id=ACQUIRER, public_key=raw))
        self._numbers = count(1)
        self.happened: list[str] = []  # kinds of events of the last file, all of it
        self.entries: list[str] = []  # and its entries

    def paid(self, number: int, escudos: int = 2_000, **changes: Any) -> Item:
        """An item: the switch says that this trace was paid so much."""
        of = trace(number)
        return item(
            number, escudos, stan=of.stan, rrn=of.rrn, local_date=changes.pop("local_date", TODAY),
            ended_at=self.now, **changes,
        )  # fmt: skip

    def bring(
        self, *of_day: Item, absent: tuple[TraceId, ...] = (), day: date = TODAY, **changes: Any
    ) -> FileStatus:
        """A file is taken in, matched, and looked through for what it lacks."""
        number = changes.pop("number", None) or next(self._numbers)
        self.now = max(self.now, CUT_OFF + (day - TODAY))
        content = file(*of_day, number=number, day=day, cut_off_at=self.now, **changes)
        found = check(io.BytesIO(content))
        self.happened, self.entries = [], []
        self._note(self.do(taking(found)))
        matching = tuple(items(io.BytesIO(content), after=0))
        if matching:
            self._note(self.do(MatchItems(heading=found.heading, items=matching)))
        if absent:
            self._note(self.do(NoteAbsences(heading=found.heading, traces=absent)))
        status: FileStatus = self._note(self.do(CloseFile(heading=found.heading)))
        return status

    def _note(self, answer: Any) -> Any:
        self.happened += self.kinds
        self.entries += self.booked
        return answer

    def mismatches(self, state: MismatchState = MismatchState.OPEN) -> list[Mismatch]:
        """All in a state, as they were found."""
        return [each for each in self._all(Mismatch) if each.state is state]

    def the_mismatch(self) -> Mismatch:
        """The one that is open."""
        [found] = self.mismatches()
        return found

    def found(self) -> list[tuple[MismatchKind, int, int]]:
        """Kinds of what is open, with what stands in file and books, in escudos."""
        return [
            (each.kind, each.in_file // 100, each.in_books // 100) for each in self.mismatches()
        ]

    def book(self, end: MismatchEnd = MismatchEnd.BOOK) -> None:
        """Two people end the mismatch that is open."""
        self.decide(ending(self.the_mismatch().id, end))

    def tomorrow(self) -> date:
        """The next day has come."""
        self.now += timedelta(days=1)
        return self.now.astimezone(COUNTRY).date()


def taking(found: Checked, **changes: Any) -> TakeInFile:
    """The command that takes a checked file in."""
    fields: dict[str, Any] = {
        "heading": found.heading,
        "totals": found.totals,
        "signed": found.signed,
        "signature": found.signature,
        "digest": "0" * 64,
        "last_line": found.last_line,
    }
    return TakeInFile(**(fields | changes))


def ending(mismatch_id: UUID, end: MismatchEnd = MismatchEnd.BOOK) -> ResolveMismatch:
    """The change that ends a mismatch."""
    return ResolveMismatch(mismatch_id=mismatch_id, end=end, evidence="letter of the switch")


def absence_of(clearing: Clearing, cut_off_at: datetime) -> NoteAbsences:
    """The look for trace 1 in an empty file with this cut-off, which is taken in by this."""
    found = check(io.BytesIO(file(day=TODAY, cut_off_at=cut_off_at)))
    clearing.do(taking(found))
    return NoteAbsences(heading=found.heading, traces=(trace(1),))
