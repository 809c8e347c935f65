"""The log as a file that anybody can prove: header, checkpoints, records, notes of the trail.

It is read in short ranges of keys up to a fixed position, so that neither memory nor a snapshot
grows with the log. The format, to the byte, is in docs/audit.md; verifier/verify.py reads it and
shares no code with this.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads

from ledger import checkpoint
from ledger.chain import canonical
from ledger.checkpoint_file import CheckpointFile
from ledger.database import connect_sync
from ledger.journal import entry_number
from ledger.trail import Note, note_bytes
from queries.check.hashes import hashed
from queries.check.reading import LINES, RECORDS, Line, Record

FORMAT: Final = "makeba log 1"
DOMAIN: Final = b"makeba export 1\n"
CHUNK_RECORDS = 5_000

# One statement, one snapshot: the seal is that of this head.
ENDS = """
    SELECT
        h.position, h.hash, h.last_entries, clock_timestamp(),
        (SELECT l.hash FROM ledger.log AS l WHERE l.position = 1),
        coalesce(s.position, 0), coalesce(s.hash, decode(repeat('00', 32), 'hex'))
    FROM ledger.head AS h
    LEFT JOIN ledger.trail_seal AS s ON TRUE
"""

NOTES = """
    SELECT
        position, what, actor, session, request_id, route, asked, outcome, times, recorded_at, hash
    FROM ledger.trail
    WHERE position > %(after)s AND position <= %(up_to)s
    ORDER BY position
"""

Connection = psycopg.Connection[TupleRow]
Progress = Callable[[int, int], object]  # records written, records to write


class Ends(NamedTuple):
    """Up to where the export goes."""

    position: int
    hash: bytes
    last_entries: dict[str, int]
    at: datetime
    first_hash: bytes | None
    note: int
    note_hash: bytes


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What was written."""

    position: int
    notes: int
    checkpoints: int


def export(
    auditor_url: str,
    to: BinaryIO,
    *,
    checkpoints: CheckpointFile,
    key: Ed25519PrivateKey,
    program: str,
    progress: Progress | None = None,
) -> Exported:
    """Write the whole log, as the auditor's role reads it; the system may be running.

    Raises psycopg.Error, also for a value that nobody can read, and OSError.
    """
    count, last = _counted(checkpoints)
    with connect_sync(auditor_url, "makeba export") as connection:
        set_json_loads(msgspec.json.decode, connection)
        ends = Ends._make(connection.execute(ENDS).fetchall()[0])
        to.write(signed_header(header(ends, count, last, program), key))
        # Only those that the header counts: another may be signed meanwhile.
        to.writelines(_as_they_stand(checkpoints, count))
        for up_to, lines in _records(connection, ends.position):
            to.writelines(lines)
            if progress is not None:
                progress(up_to, ends.position)
        for lines in _notes(connection, ends.note):
            to.writelines(lines)
    return Exported(position=ends.position, notes=ends.note, checkpoints=count)


def header(ends: Ends, checkpoints: int, last: str, program: str) -> bytes:
    """What the first line says: the parameters, how many there are of what, and their ends."""
    first_hash = bytes(ends.first_hash).hex() if ends.first_hash is not None else None
    return canonical(
        {
            "format": FORMAT,
            "program": program,
            "exportedAt": ends.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "parameters": {"format": "log", "upTo": ends.position},
            "records": {
                "count": ends.position,
                "first": 1 if ends.position else None,
                "last": ends.position,
                "firstHash": first_hash,
                "lastHash": bytes(ends.hash).hex(),
            },
            "entries": _entries(ends.last_entries),
            "notes": {"count": ends.note, "hash": bytes(ends.note_hash).hex()},
            "checkpoints": {"count": checkpoints, "hash": last},
        }
    )


def signed_header(text: bytes, key: Ed25519PrivateKey) -> bytes:
    """The first line."""
    signature = base64.b64encode(key.sign(DOMAIN + text))
    return b" ".join((text, checkpoint.key_id(key.public_key()).encode(), signature)) + b"\n"


def _entries(last_entries: dict[str, int]) -> dict[str, int | None]:
    years = sorted(map(int, last_entries))
    return {
        "count": sum(last_entries.values()),
        "first": entry_number(years[0], 1) if years else None,
        "last": entry_number(years[-1], last_entries[str(years[-1])]) if years else None,
    }


def _counted(checkpoints: CheckpointFile) -> tuple[int, str]:
    """How many there are, and the digest of the last. What they are worth, the verifier says."""
    count, digest = 0, checkpoint.NOTHING_BEFORE
    for line in checkpoints.lines():
        count, digest = count + 1, checkpoint.digest(line)
    return count, digest


def _as_they_stand(checkpoints: CheckpointFile, count: int) -> Iterator[bytes]:
    for line in islice(checkpoints.lines(), count):
        yield line.encode("ascii", "replace") + b"\n"


def _records(connection: Connection, end: int) -> Iterator[tuple[int, list[bytes]]]:
    for after in range(0, end, CHUNK_RECORDS):
        up_to = min(after + CHUNK_RECORDS, end)
        rows = _rows(connection, RECORDS, {"after": after, "up_to": up_to})
        records = [Record._make(row) for row in rows]
        numbers = [record.entry_number for record in records if record.entry_number is not None]
        lines: dict[int, list[Line]] = {}
        for row in _rows(connection, LINES, {"numbers": numbers}):
            lines.setdefault(row[0], []).append(Line._make(row))
        yield up_to, [_record_line(each, lines.get(each.entry_number or 0, ())) for each in records]


def _record_line(record: Record, lines: Sequence[Line]) -> bytes:
    return b"%s %s\n" % (bytes(record.hash).hex().encode(), canonical(hashed(record, lines)))


def _notes(connection: Connection, end: int) -> Iterator[list[bytes]]:
    for after in range(0, end, CHUNK_RECORDS):
        bounds = {"after": after, "up_to": min(after + CHUNK_RECORDS, end)}
        yield [_note_line(*row) for row in _rows(connection, NOTES, bounds)]


def _note_line(position: int, *columns: Any) -> bytes:
    *said, recorded_at, hash_ = columns
    note = Note(**dict(zip(Note.__struct_fields__, said, strict=True)))
    written = note_bytes(position, note, recorded_at)
    return b"%s %s\n" % (bytes(hash_).hex().encode(), written)


def _rows(connection: Connection, statement: str, parameters: dict[str, Any]) -> list[TupleRow]:
    return connection.execute(statement, parameters, binary=True).fetchall()
