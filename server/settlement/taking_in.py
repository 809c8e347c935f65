"""A settlement file on its way into the books: spooled, proven whole, taken in, matched, looked
through for what it lacks.

Nothing is posted before all of it was read and found good. From then on it goes in pieces, so that
cash machines never wait for it; whoever is interrupted brings the same file again, and it goes on.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import BinaryIO, Protocol, cast
from uuid import UUID

import msgspec

from commands.command import A, Command
from commands.reconciliation.absent import TRACES_MAX, NoteAbsences
from commands.reconciliation.close import CloseFile
from commands.reconciliation.file import FileStatus
from commands.reconciliation.item import Heading
from commands.reconciliation.match_items import ITEMS_MAX, MatchItems
from commands.reconciliation.take_in import TakeInFile
from commands.switch.trace import TraceId
from ledger.errors import FileRefused, Forbidden
from queries import settlement_files
from queries.reader import Reader
from queries.settlement_files import Due, FileDetail
from server.door import Door
from server.settlement.checking import Checked, check, items

IN_MEMORY_BYTES = 1_048_576  # a longer file is spooled on disk
PIECE_SECONDS = 30.0  # for each command of it
CATCH_UP_SECONDS = 60.0  # for the read models, before one looks for what is missing


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """Who brings a file. The switch brings its own acquirer's only, with its message's nonce."""

    actor: str
    request_id: str
    user_id: UUID | None = None
    acquirer_id: str | None = None
    nonce_hash: bytes | None = None


class Spooled(msgspec.Struct, frozen=True):
    """A file that was received; `content_digest` is that of its bytes as RFC 9530 writes it."""

    file: BinaryIO
    content_digest: str


@asynccontextmanager
async def spooled(chunks: AsyncIterator[bytes], bytes_max: int) -> AsyncIterator[Spooled]:
    """Receive a file without ever holding all of it. Raises FileRefused when it is too long."""
    hash_, length, lines = hashlib.sha256(), 0, 1
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        async for chunk in chunks:
            length += len(chunk)
            if length > bytes_max:
                raise FileRefused.at(lines, f"the file is longer than {bytes_max} bytes")
            lines += chunk.count(b"\n")
            hash_.update(chunk)
            file.write(chunk)
        file.seek(0)
        digest = base64.b64encode(hash_.digest()).decode()
        yield Spooled(cast("BinaryIO", file), f"sha-256=:{digest}:")


class Way(Protocol):
    """How commands of a file reach the books, and its words the read models."""

    async def submit(self, command: Command[A], bearer: Bearer) -> A:
        """Have a command decided. Raises the Refusal."""

    async def caught_up(self) -> None:
        """Wait until the read models have seen all that was submitted."""


class Served:
    """The way of a server: by its door, and by a projector that is at work."""

    def __init__(self, door: Door, reader: Reader) -> None:
        self._door = door
        self._reader = reader

    async def submit(self, command: Command[A], bearer: Bearer) -> A:
        """Have a command decided."""
        outcome = await self._door.submit(
            command,
            actor=bearer.actor,
            request_id=bearer.request_id,
            deadline_seconds=PIECE_SECONDS,
        )
        return outcome.fresh

    async def caught_up(self) -> None:
        """Wait for the projector."""
        await self._reader.wait_for(self._door.position, CATCH_UP_SECONDS)


class Clearing:
    """Where settlement files of this process go in."""

    def __init__(self, way: Way, reader: Reader) -> None:
        self._way = way
        self._reader = reader

    async def take_in(self, file: BinaryIO, bearer: Bearer) -> FileDetail:
        """Take a file in and match all of it. Raises FileRefused, with nothing posted; Conflict
        while the one before it is not matched."""
        checked = await asyncio.to_thread(check, file)
        if bearer.acquirer_id not in (None, checked.heading.acquirer_id):
            raise Forbidden
        status = await self._way.submit(_taking_in(checked, bearer), bearer)
        await self._match(file, checked.heading, status, bearer)
        await self._note_absences(checked.heading, bearer)
        await self._way.submit(CloseFile(heading=checked.heading), bearer)
        await self._way.caught_up()
        return await settlement_files.file(self._reader, checked.heading.file_id)

    async def _match(
        self, file: BinaryIO, heading: Heading, status: FileStatus, bearer: Bearer
    ) -> None:
        reading = items(file, after=status.matched)
        while piece := tuple(islice(reading, ITEMS_MAX)):
            await self._way.submit(MatchItems(heading=heading, items=piece), bearer)

    async def _note_absences(self, heading: Heading, bearer: Bearer) -> None:
        """The read models say what may be missing; a decision says what is."""
        await self._way.caught_up()
        last: Due | None = None
        while found := await self._due(heading, last):
            traces = tuple(_trace(each) for each in found)
            await self._way.submit(NoteAbsences(heading=heading, traces=traces), bearer)
            last = found[-1]

    async def _due(self, heading: Heading, after: Due | None) -> Sequence[Due]:
        return await settlement_files.due(
            self._reader,
            heading.acquirer_id,
            heading.settlement_date,
            heading.cut_off_at,
            after,
            TRACES_MAX,
        )


def _taking_in(checked: Checked, bearer: Bearer) -> TakeInFile:
    return TakeInFile(
        heading=checked.heading,
        totals=checked.totals,
        signed=checked.signed,
        signature=checked.signature,
        digest=checked.digest,
        last_line=checked.last_line,
        nonce_hash=bearer.nonce_hash,
        user_id=bearer.user_id,
    )


def _trace(due: Due) -> TraceId:
    return TraceId(
        acquirer_id=due.acquirer_id,
        terminal_id=due.terminal_id,
        stan=due.stan,
        rrn=due.rrn,
        local_date=due.local_date,
    )
