"""A settlement file is taken in, once and in its turn: the signature must be the acquirer's.

Whoever brings it has read it whole: every line, the sums and the digest. Nothing is matched yet.
"""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from commands.command import Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from commands.reconciliation.file import FileState, FileStatus, Series, SettlementFile
from commands.reconciliation.item import Heading, Totals
from commands.switch.trace import SwitchKey, nonce_keys, use_nonce
from ledger.books import Books
from ledger.errors import Conflict, FileRefused

MAY_TAKE_IN = (Role.ACCOUNTANT, Role.OPERATOR)
FIRST_LINE = 1
# A switch ends its day before midnight, and may bring a part of the next one on the same day.
DAYS_AHEAD_MAX = 1


class TakeInFile(Command[FileStatus], frozen=True, kw_only=True):
    """Take a file in. The same file again, while it is still being matched, is no refusal: whoever
    was interrupted goes on. `user_id` is None when the switch itself, or a console, brings it."""

    heading: Heading
    totals: Totals
    signed: bytes
    signature: bytes
    digest: str
    last_line: int
    nonce_hash: bytes | None = None
    user_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (
            *nonce_keys(self.nonce_hash),
            *((Person.by_id(self.user_id),) if self.user_id is not None else ()),
            SwitchKey.by_id(self.heading.key_id),
            SettlementFile.by_id(self.heading.file_id),
            Series.of(self.heading.acquirer_id),
        )
        series = books.find(Series.of(self.heading.acquirer_id))
        if series is not None:
            yield (SettlementFile.by_id(self._numbered(series.last_number)),)

    def decide(self, books: Books) -> FileStatus:
        use_nonce(books, self.nonce_hash)
        if self.user_id is not None:
            require_staff(books, self.user_id, *MAY_TAKE_IN)
        self._require_signed(books)
        known = books.find(SettlementFile.by_id(self.heading.file_id))
        if known is not None:
            return self._once_more(known)
        series = books.find(Series.of(self.heading.acquirer_id))
        self._require_its_turn(books, series)
        # From here on nothing is refused.
        file = SettlementFile(
            id=self.heading.file_id,
            acquirer_id=self.heading.acquirer_id,
            number=self.heading.number,
            settlement_date=self.heading.settlement_date,
            cut_off_at=self.heading.cut_off_at,
            signed=self.signed,
            records=self.totals.records,
        )
        books.put(file)
        books.put(self._going_on(series))
        books.record(
            "settlement.file_taken_in",
            file.id,
            file.facts(
                cutOffAt=file.cut_off_at,
                keyId=self.heading.key_id,
                digest=self.digest,
                signature=self.signature.hex(),
                **{name: value for name, value in self.totals.facts().items() if name != "records"},
            ),
        )
        return FileStatus.of(file)

    def _numbered(self, number: int) -> UUID:
        return msgspec.structs.replace(self.heading, number=number).file_id

    def _require_signed(self, books: Books) -> None:
        """A file of a foreign acquirer is one whose key is none of the acquirer's."""
        key = books.find(SwitchKey.by_id(self.heading.key_id))
        if key is None or key.acquirer_id != self.heading.acquirer_id:
            raise FileRefused.at(FIRST_LINE, "the key is none of this acquirer's")
        try:
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(self.signature, self.signed)
        except InvalidSignature:
            raise FileRefused.at(
                self.last_line, "the signature is not that of this content: it was altered"
            ) from None

    def _once_more(self, known: SettlementFile) -> FileStatus:
        if known.signed != self.signed:
            raise self._refused(f"another file {known.number} was taken in before")
        if known.state is FileState.MATCHED:
            raise self._refused(f"file {known.number} was taken in before", same=True)
        return FileStatus.of(known)

    def _refused(self, reason: str, *, same: bool = False) -> FileRefused:
        return FileRefused.at(
            FIRST_LINE, reason, fileId=str(self.heading.file_id), sameContent=same
        )

    def _require_its_turn(self, books: Books, series: Series | None) -> None:
        day, number = self.heading.settlement_date, self.heading.number
        if day > books.today + timedelta(days=DAYS_AHEAD_MAX):
            raise FileRefused.at(FIRST_LINE, f"its settlement date {day} is still to come")
        if series is None:
            return
        following = series.last_number + 1
        if number != following:
            reason = f"file {following} is the next one, not {number}"
            raise FileRefused.at(FIRST_LINE, reason, expected=following)
        if day < series.last_date:
            raise FileRefused.at(
                FIRST_LINE, f"its settlement date {day} comes before that of the last file"
            )
        last = books.get(SettlementFile.by_id(self._numbered(series.last_number)))
        if last.state is not FileState.MATCHED:
            raise Conflict(
                "The file before it is still being matched: take that one in again.",
                state=last.state,
                number=last.number,
            )

    def _going_on(self, series: Series | None) -> Series:
        day, number = self.heading.settlement_date, self.heading.number
        if series is None:
            return Series(
                acquirer_id=self.heading.acquirer_id,
                first_date=day,
                last_date=day,
                last_number=number,
            )
        return msgspec.structs.replace(series, last_date=day, last_number=number)


def first_date(books: Books, acquirer_id: str) -> date | None:
    """The settlement date since which there are files of an acquirer; touches its Series."""
    series = books.find(Series.of(acquirer_id))
    return None if series is None else series.first_date
