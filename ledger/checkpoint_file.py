"""The file of checkpoints: it is only ever added to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ledger.checkpoint import Checkpoint, Keys, NotSigned, keys_in, read

TAIL_BYTES = 64 * 1024  # of the newest lines
LINE_BYTES_MAX = 512


class CheckpointFile:
    """The file, as it is read and added to."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def lines(self) -> Iterator[str]:
        """All whole lines, from the first on; none when there is no file."""
        if not self.file.exists():
            return
        with self.file.open(encoding="ascii", errors="replace", newline="\n") as opened:
            for line in opened:
                if line.endswith("\n"):  # else its writer was cut off, and it never counted
                    yield line[:-1]

    def newest_lines(self) -> list[str]:
        """The last whole lines, some hundreds."""
        if not self.file.exists():
            return []
        with self.file.open("rb") as opened:
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - TAIL_BYTES))
            tail = opened.read().decode("ascii", errors="replace")
        *whole, _cut_off = tail.split("\n")
        return whole if size <= TAIL_BYTES else whole[1:]

    def newest(self) -> Checkpoint | None:
        """The last of them, None when there is none. Raises NotSigned."""
        lines = self.newest_lines()
        return read(lines[-1]) if lines else None

    def add(self, made: Checkpoint) -> None:
        """Write a line, through to the disk. A line that was cut off before gives way to it."""
        with os.fdopen(os.open(self.file, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as opened:
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - LINE_BYTES_MAX))
            tail = opened.read()
            opened.truncate(size - (len(tail) - tail.rfind(b"\n") - 1))
            opened.seek(0, os.SEEK_END)
            opened.write(f"{made.line}\n".encode())
            opened.flush()
            os.fsync(opened.fileno())


def public_keys(file: Path) -> Keys:
    """The keys of a file with which checkpoints are checked. Raises NotSigned."""
    try:
        return keys_in(file.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise NotSigned(f"{file.name} cannot be used: {error}") from error
