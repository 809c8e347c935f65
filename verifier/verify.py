"""Proves an exported log with a public key and nothing else.

    python verify.py FILE --key checkpoint.pub [--checkpoints COPY]

It is one file that needs Python 3.11 and the package cryptography, and none of the software whose
log it reads: docs/audit.md says the format to the byte, so that anybody can write another one.

Exit code 0: FILE is what was signed, from the first record to the last. 1: it is not, and one line
says where it goes wrong first. 2: wrong usage. 3: something that is needed cannot be read.

COPY is a file of checkpoints that the auditor has taken away earlier. Only it can tell of a log
that was written anew by whoever held the signing key too.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

GOOD, FAILED, UNREADABLE = 0, 1, 3
FORMAT = "makeba log 1"
HEADER_DOMAIN = b"makeba export 1\n"
CHECKPOINT_DOMAIN = b"makeba checkpoint 1\n"
GENESIS = bytes(32)
LINE_MAX = 16 * 1024 * 1024
HASH_CHARS = 64
SEALED = "trail.sealed"
SEQUENCES = 10**12  # an entry number is its year and its sequence within
PUBLIC_KEY = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
CHECKPOINT = re.compile(
    rb"([1-9]\d{0,18}) ([1-9]\d{0,18}) ([0-9a-f]{64}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"
    rb" ([0-9a-f]{64}) ([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)"
)

Keys = Mapping[str, Ed25519PublicKey]
Lines = list[tuple[str, int, int]]  # account, amount, balance after
decoded: Callable[[str], tuple[Any, int]] = json.JSONDecoder().raw_decode


class Bad(Exception):
    """Where something is not as it was signed, and what."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place}: {why}")


@dataclass(frozen=True)
class Checkpoint:
    """A signed end of the log."""

    number: int
    position: int
    hash: bytes
    said: str  # which one it is, for messages


@dataclass
class Found:
    """What a file was found to hold."""

    header: dict[str, Any]
    key_id: str
    checkpoints: int = 0
    newest: int = 0  # position of the newest checkpoint
    seals: list[tuple[int, int, str]] = field(default_factory=list)  # note, record, hash


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify and say what was found; the exit code."""
    parser = argparse.ArgumentParser(prog="verify", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="what makeba export --format log has written")
    parser.add_argument("--key", type=Path, required=True, help="checkpoint.pub")
    parser.add_argument("--checkpoints", type=Path, help="a copy that was taken away earlier")
    given = parser.parse_args(arguments)
    try:
        keys = read_keys(given.key.read_bytes())
        copy = given.checkpoints.read_bytes().splitlines(keepends=True) if given.checkpoints else []
        with given.file.open("rb", buffering=1 << 20) as opened:
            found = verify(opened, keys, copy)
    except Bad as bad:
        print(f"{given.file}: {bad}", file=sys.stderr)
        return FAILED
    except (OSError, ValueError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return UNREADABLE
    print(f"{given.file} is what was signed: {_summary(found)}")
    return GOOD


def verify(file: BinaryIO, keys: Keys, copy: Sequence[bytes] = ()) -> Found:
    """Prove a file from its first byte to its last. Raises Bad with the first place that is not
    as it was signed."""
    found = read_header(_line(file, "the header"), keys)
    own = [_line(file, f"checkpoint {n + 1}") for n in range(found.header["checkpoints"]["count"])]
    signed = read_checkpoints(own, keys, "")
    if own and hashlib.sha256(own[-1][:-1]).hexdigest() != found.header["checkpoints"]["hash"]:
        raise Bad(f"checkpoint {len(own)}", "it is not the one that the header names")
    found.checkpoints, found.newest = len(signed), signed[-1].position if signed else 0
    others = read_checkpoints(copy, keys, "of the copy ")
    Records(found, sorted([*signed, *others], key=lambda each: each.position)).read(file)
    _read_notes(file, found)
    if file.read(1):
        raise Bad("the end", "something stands behind it")
    return found


# -- what is signed -------------------------------------------------------------------------------


def read_keys(pem: bytes) -> Keys:
    """The Ed25519 keys of a file, by their ids. Raises ValueError."""
    keys = [load_pem_public_key(block) for block in PUBLIC_KEY.findall(pem)]
    ours = [key for key in keys if isinstance(key, Ed25519PublicKey)]
    if not ours:
        raise ValueError("there is no Ed25519 public key")
    return {_key_id(key): key for key in ours}


def read_header(line: bytes, keys: Keys) -> Found:
    """What the first line says. Raises Bad unless it was signed."""
    try:
        text, key_id, signature = line[:-1].rsplit(b" ", 2)
        _require_signature(keys, key_id.decode("ascii"), signature, HEADER_DOMAIN + text)
        header = json.loads(text)
    except ValueError as error:
        raise Bad("the header", str(error) or "it cannot be read") from error
    if header["format"] != FORMAT:
        raise Bad("the header", f"this program reads the format {FORMAT!r} only")
    return Found(header, key_id.decode("ascii"))


def read_checkpoints(lines: Sequence[bytes], keys: Keys, whose: str) -> list[Checkpoint]:
    """Checkpoints in their order. The newest signature speaks for all, as each line has the digest
    of the one before. Raises Bad."""
    signed: list[Checkpoint] = []
    digest = b"0" * HASH_CHARS
    for number, line in enumerate(lines, start=1):
        place = f"checkpoint {whose}{number}"
        words = CHECKPOINT.fullmatch(line[:-1])
        if words is None or line[-1:] != b"\n" or int(words[1]) != number:
            raise Bad(place, "it is missing, or is none")
        if words[5] != digest:
            raise Bad(_spoilt(lines, number, keys, whose), "it is not what was signed")
        digest = hashlib.sha256(line[:-1]).hexdigest().encode()
        said = f"checkpoint {whose}{number} of {words[4].decode()}"
        signed.append(Checkpoint(number, int(words[2]), bytes.fromhex(words[3].decode()), said))
    if lines:
        _require_line(lines[-1], keys, f"checkpoint {whose}{len(lines)}")
    return signed


def _spoilt(lines: Sequence[bytes], number: int, keys: Keys, whose: str) -> str:
    """Of a line and the one before it, which do not fit: the one that nobody has signed."""
    if number > 1:
        try:
            _require_line(lines[number - 2], keys, f"checkpoint {whose}{number - 1}")
        except Bad:
            return f"checkpoint {whose}{number - 1}"
    return f"checkpoint {whose}{number}"


def _require_line(line: bytes, keys: Keys, place: str) -> None:
    words, key_id, signature = line[:-1].rsplit(b" ", 2)
    signed = CHECKPOINT_DOMAIN + words + b" " + key_id
    try:
        _require_signature(keys, key_id.decode("ascii"), signature, signed)
    except ValueError as error:
        raise Bad(place, str(error)) from error


def _require_signature(keys: Keys, key_id: str, signature: bytes, signed: bytes) -> None:
    """Raises ValueError."""
    key = keys.get(key_id)
    if key is None:
        raise ValueError("it is not signed by a key of the file that was given")
    raw = base64.b64decode(signature, validate=True)
    if base64.b64encode(raw) != signature:
        raise ValueError("its signature is written in another way")
    try:
        key.verify(raw, signed)
    except InvalidSignature:
        raise ValueError("its signature is wrong") from None


def _key_id(key: Ed25519PublicKey) -> str:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


# -- records --------------------------------------------------------------------------------------


class Records:
    """The records, one after the other: each bound to the one before, entries balanced, balances
    carried on, no position and no number left out, and every checkpoint met."""

    def __init__(self, found: Found, signed: Sequence[Checkpoint]) -> None:
        self._found = found
        self._signed = iter(signed)
        self._next = next(self._signed, None)
        self._before = 0  # when the record before was written
        self._numbers: dict[int, int] = {}  # of each year, the last sequence number
        self._balances: dict[str, int] = {}

    def read(self, file: BinaryIO) -> None:
        """Raises Bad."""
        said = self._found.header["records"]
        hash_ = GENESIS
        for position in range(1, said["last"] + 1):
            place = f"position {position}"
            hash_, body = _linked(file, hash_, b"[%d," % position, place)
            try:
                record, end = decoded(body.decode())
                why = "it goes on behind its end" if end != len(body) else self._wrong(*record)
            except (ValueError, TypeError, LookupError, RecursionError):
                why = "it cannot be read"
            if why:
                raise Bad(place, why)
            if self._next is not None and position >= self._next.position:
                self._require_signed(position, hash_)
        if self._next is not None:
            beyond = (
                f"the log ends before {self._next.position}, which {self._next.said} has signed"
            )
            raise Bad(f"position {said['last'] + 1}", beyond)
        if hash_.hex() != said["lastHash"] or self._counted() != self._found.header["entries"]:
            raise Bad(f"position {said['last']}", "the end is not the one that the header names")

    def _require_signed(self, position: int, hash_: bytes) -> None:
        while self._next is not None and self._next.position == position:
            if self._next.hash != hash_:
                raise Bad(f"position {position}", f"it is not what {self._next.said} has signed")
            self._next = next(self._signed, None)

    def _wrong(self, *record: Any) -> str | None:
        """What is wrong with a record whose hash is right."""
        position, kind, _, actor, _, request_id, outcome, at, payload, *_, lines = record
        number, booked = record[10], record[11]
        if not (actor and request_id and outcome):
            return "it lacks an actor, a request or an outcome"
        if at < self._before:
            return "it was written before the record before it"
        self._before = at
        if kind == SEALED:
            self._found.seals.append((payload["position"], position, payload["hash"]))
        if number is None:
            return "it has lines and is no entry" if lines else None
        return self._wrong_entry(number, booked, lines)

    def _wrong_entry(self, number: int, booked: str, lines: Lines) -> str | None:
        year, sequence = divmod(number, SEQUENCES)
        if sequence != self._numbers.get(year, 0) + 1 or booked[:4] != str(year):
            return f"entry {year}/{sequence} is out of its order"
        self._numbers[year] = sequence
        balances = self._balances
        total = 0
        for account, amount, balance in lines:
            total += amount
            if balance != balances.get(account, 0) + amount:
                return f"the balance of account {account} is not carried on"
            balances[account] = balance
        if total != 0 or len(lines) < 2:
            return f"entry {year}/{sequence} does not balance"
        return None

    def _counted(self) -> dict[str, int | None]:
        years = sorted(self._numbers)
        first = years[0] * SEQUENCES + 1 if years else None
        last = years[-1] * SEQUENCES + self._numbers[years[-1]] if years else None
        return {"count": sum(self._numbers.values()), "first": first, "last": last}


# -- notes ----------------------------------------------------------------------------------------


def _read_notes(file: BinaryIO, found: Found) -> None:
    """The trail of refusals and readings: a chain of its own that records of the log take up."""
    said = found.header["notes"]
    seals = iter(found.seals)
    seal = next(seals, None)
    hash_ = GENESIS
    for position in range(1, said["count"] + 1):
        hash_, _ = _linked(file, hash_, b"[%d," % position, f"note {position}")
        if seal is not None and seal[0] == position:
            if seal[2] != hash_.hex():
                raise Bad(f"note {position}", f"it is not what position {seal[1]} has taken up")
            seal = next(seals, None)
    if seal is not None:
        raise Bad(f"note {said['count'] + 1}", f"position {seal[1]} has taken up note {seal[0]}")
    if hash_.hex() != said["hash"]:
        raise Bad(f"note {said['count']}", "the end is not the one that the header names")


# -- lines ----------------------------------------------------------------------------------------


def _linked(file: BinaryIO, previous: bytes, begins: bytes, place: str) -> tuple[bytes, bytes]:
    """The next line as its hash and its bytes. Raises Bad unless it follows the one before."""
    line = file.readline(LINE_MAX)
    body = line[HASH_CHARS + 1 : -1]
    if not body.startswith(begins):
        raise Bad(place, "it is missing: another line stands here" if line else "it is missing")
    hash_ = hashlib.sha256(previous + body).digest()
    if line[: HASH_CHARS + 1] != hash_.hex().encode() + b" " or line[-1:] != b"\n":
        raise Bad(place, "it is not what was written, or does not follow the one before")
    return hash_, body


def _line(file: BinaryIO, place: str) -> bytes:
    line = file.readline(LINE_MAX)
    if not line.endswith(b"\n"):
        raise Bad(place, "it is missing or cut off")
    return line


def _summary(found: Found) -> str:
    header = found.header
    return (
        f"{header['records']['count']} records up to position {header['records']['last']},"
        f" {header['entries']['count']} entries, {header['notes']['count']} notes,"
        f" {found.checkpoints} checkpoints up to position {found.newest};"
        f" exported {header['exportedAt']}, signed by key {found.key_id};"
        f" the last hash is {header['records']['lastHash']}"
    )


if __name__ == "__main__":
    sys.exit(main())
