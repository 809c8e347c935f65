"""One export, from the read models into a file, with its manifest beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec

from queries.exports.control import Control, Manifest, Posted
from queries.exports.plaintext import Beancount, Hledger
from queries.exports.source import Basis, Entry
from queries.exports.tables import Csv, JsonLines, Xlsx

CHUNK = 1 << 20
PART = ".part"
MANIFEST = ".manifest.json"

Progress = Callable[[int, int], object]  # entries written, entries there are


class Format(Protocol):
    """How entries are written into a file."""

    def begin(self, basis: Basis) -> None:
        """What stands before the first entry."""

    def write(self, entries: Any) -> None:
        """The next entries."""

    def end(self) -> None:
        """What stands after the last."""


# By the name on the command line: who writes it, and by which format a check reads it again.
FORMATS: dict[str, tuple[Callable[[BinaryIO], Format], str]] = {
    "csv": (Csv, "csv"),
    "csv-pt": (partial(Csv, portuguese=True), "csv"),
    "xlsx": (Xlsx, "xlsx"),
    "jsonl": (JsonLines, "jsonl"),
    "hledger": (Hledger, "hledger"),
    "beancount": (Beancount, "beancount"),
}


class Pages(Protocol):
    """Where entries come from: a `Source`, or a history that was made up."""

    def begin(self, first: date | None, last: date | None) -> Basis:
        """What all of it begins with."""

    def pages(self, basis: Basis) -> Iterator[list[Entry]]:
        """All entries, page by page."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which format, and days of booking, both included."""

    format: str
    first: date | None = None
    last: date | None = None


def export(
    source: Pages, asked: Asked, path: Path, made_by: str, progress: Progress | None = None
) -> Manifest:
    """Write the file and its manifest. Until all of it is written the file has another name.

    Raises OSError, psycopg.Error.
    """
    basis = source.begin(asked.first, asked.last)
    part = path.with_name(path.name + PART)
    control = Control()
    try:
        with part.open("wb") as out:
            writer = FORMATS[asked.format][0](out)
            writer.begin(basis)
            done = 0
            for page in source.pages(basis):
                writer.write(page)
                control.add(_posted(page))
                done += len(page)
                if progress is not None:
                    progress(done, basis.entries)
            writer.end()
        manifest = Manifest(
            format=FORMATS[asked.format][1],
            file=path.name,
            made_by=made_by,
            made_at=datetime.now(UTC),
            position=basis.position,
            parameters={"format": asked.format, "from": asked.first, "to": asked.last},
            totals=control.totals(),
            bytes=part.stat().st_size,
            sha256=sha256_of(part),
        )
        _beside(path).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        part.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
    return manifest


def manifest_of(path: Path) -> Manifest:
    """The manifest beside a file. Raises OSError, msgspec.DecodeError."""
    return msgspec.json.decode(_beside(path).read_bytes(), type=Manifest)


def sha256_of(path: Path) -> str:
    """The hash of a file of any size."""
    hash_ = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            hash_.update(chunk)
    return hash_.hexdigest()


def _beside(path: Path) -> Path:
    return path.with_name(path.name + MANIFEST)


def _posted(page: list[Entry]) -> list[Posted]:
    return [
        Posted(entry.day, entry.value_day, entry.number, line.account, line.code, line.amount)
        for entry in page
        for line in entry.lines
    ]
