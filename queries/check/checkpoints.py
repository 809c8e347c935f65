"""I8: the log is still what was signed, by a copy outside the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import ClassVar, NamedTuple

from ledger import checkpoint
from ledger.checkpoint import Checkpoint, NotSigned
from ledger.checkpoint_file import CheckpointFile, public_keys
from queries.check.reading import PAGE_ROWS, Reading
from queries.check.truth import Truth, Untrue

HASHES = "SELECT position, hash FROM ledger.log WHERE position = ANY(%(positions)s)"


class Signed(NamedTuple):
    """The copy, and what its signatures are checked with."""

    file: CheckpointFile
    public_file: Path


class AsSigned(Truth):
    """Whoever writes the log anew, hashes and all, still has to get by these."""

    CODE: ClassVar[str] = "I8"
    SENTENCE: ClassVar[str] = (
        "The log goes through every end that was signed, and the newest signature is ours."
    )

    def __init__(self, signed: Signed) -> None:
        super().__init__()
        self._signed = signed

    def compare(self, reading: Reading) -> None:
        try:
            self._compare(reading)
        except NotSigned as error:
            raise Untrue(f"In the checkpoints: {error}.") from error

    def _compare(self, reading: Reading) -> None:
        file = self._signed.file
        newest = file.newest()
        if newest is None:
            raise Untrue(f"There is no signed checkpoint in {file.file}.")
        checkpoint.require_signed(newest, public_keys(self._signed.public_file))
        lines = file.lines() if reading.full else file.newest_lines()
        for some in _pages(checkpoint.linked(lines, first=reading.full)):
            self.looked_at["checkpoints"] += len(some)
            rows = reading.look(HASHES, positions=[each.position for each in some])
            _require_same(some, {position: bytes(hash_).hex() for position, hash_ in rows})
        self.looked_at["records after the newest"] += max(0, reading.end - newest.position)


def _require_same(signed: Sequence[Checkpoint], found: dict[int, str]) -> None:
    for each in signed:
        said = f"checkpoint {each.number} of {each.at} has signed"
        if each.position not in found:
            raise Untrue(f"The record at position {each.position} is missing, which {said}.")
        if found[each.position] != each.hash:
            raise Untrue(f"The record at position {each.position} is not the one that {said}.")


def _pages(checkpoints: Iterable[Checkpoint]) -> Iterator[list[Checkpoint]]:
    remaining = iter(checkpoints)
    while some := list(islice(remaining, PAGE_ROWS)):
        yield some
