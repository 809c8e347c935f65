"""All of a settlement file is matched, and what it lacks is noted: the next one may come."""

from __future__ import annotations

import msgspec

from commands.command import Command, Rounds
from commands.reconciliation.file import FileState, FileStatus, SettlementFile
from commands.reconciliation.item import Heading
from ledger.books import Books
from ledger.errors import Conflict


class CloseFile(Command[FileStatus], frozen=True, kw_only=True):
    """Close a file of which every item is matched; a second time changes nothing."""

    NEVER_SHED = True

    heading: Heading

    def touches(self, books: Books) -> Rounds:
        yield (SettlementFile.by_id(self.heading.file_id),)

    def decide(self, books: Books) -> FileStatus:
        file = books.get(SettlementFile.by_id(self.heading.file_id))
        if file.matched < file.records:
            raise Conflict("Not all of it is matched yet.", matched=file.matched)
        # From here on nothing is refused.
        if file.state is FileState.MATCHED:
            return FileStatus.of(file)
        closed = msgspec.structs.replace(file, state=FileState.MATCHED)
        books.put(closed)
        books.record("settlement.file_matched", closed.id, closed.facts())
        return FileStatus.of(closed)
