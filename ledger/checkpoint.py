"""Checkpoints: ends of the log that were signed, kept in a file outside the database.

A checkpoint is one line of seven words:

    number position hash time previous key signature

`previous` is the SHA-256 of the line before, so that the newest signature speaks for all lines:
none can be changed, left out or put in between. What is signed is DOMAIN and the line up to the
signature. docs/audit.md says it to the byte.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from ledger.batch import Head

DOMAIN: Final = b"makeba checkpoint 1\n"
NOTHING_BEFORE: Final = "0" * 64
KEY_ID_CHARS = 16
LINE = re.compile(
    r"(?P<number>[1-9]\d{0,18}) (?P<position>[1-9]\d{0,18}) (?P<hash>[0-9a-f]{64})"
    r" (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (?P<previous>[0-9a-f]{64})"
    r" (?P<key_id>[0-9a-f]{16}) (?P<signature>[A-Za-z0-9+/]{86}==)"
)
PUBLIC_KEY = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----\s*", re.DOTALL)

Keys = Mapping[str, Ed25519PublicKey]


class NotSigned(Exception):
    """A line is no checkpoint, or not what was signed. The message says which and why."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One signed end of the log."""

    number: int
    position: int
    hash: str  # of the record at that position
    at: str
    previous: str
    key_id: str
    signature: str

    @property
    def words(self) -> str:
        """The line up to the signature."""
        return f"{self.number} {self.position} {self.hash} {self.at} {self.previous} {self.key_id}"

    @property
    def line(self) -> str:
        """The line as it stands in the file, without its end."""
        return f"{self.words} {self.signature}"

    @property
    def digest(self) -> str:
        """What the next one calls its previous."""
        return digest(self.line)


def digest(line: str) -> str:
    """The SHA-256 of a line."""
    return hashlib.sha256(line.encode()).hexdigest()


def sign(
    key: Ed25519PrivateKey, head: Head, at: datetime, last: Checkpoint | None = None
) -> Checkpoint:
    """The checkpoint of this head, after the last one that was signed."""
    unsigned = Checkpoint(
        number=last.number + 1 if last else 1,
        position=head.position,
        hash=head.hash.hex(),
        at=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        previous=last.digest if last else NOTHING_BEFORE,
        key_id=key_id(key.public_key()),
        signature="",
    )
    signature = base64.b64encode(key.sign(DOMAIN + unsigned.words.encode())).decode()
    return msgspec.structs.replace(unsigned, signature=signature)


def read(line: str) -> Checkpoint:
    """A checkpoint from its line; whether it was signed is another question. Raises NotSigned."""
    found = LINE.fullmatch(line)
    if found is None:
        raise NotSigned(f"{line[:40]!r} is not a checkpoint")
    return msgspec.convert(found.groupdict(), Checkpoint, strict=False)


def require_signed(checkpoint: Checkpoint, keys: Keys) -> None:
    """Raises NotSigned unless one of these keys has signed it."""
    key = keys.get(checkpoint.key_id)
    if key is None:
        raise NotSigned(f"checkpoint {checkpoint.number} is signed by a key that is not known")
    try:
        key.verify(base64.b64decode(checkpoint.signature), DOMAIN + checkpoint.words.encode())
    except InvalidSignature:
        raise NotSigned(f"checkpoint {checkpoint.number} has a wrong signature") from None


def linked(lines: Iterable[str], *, first: bool) -> Iterator[Checkpoint]:
    """The checkpoints of these lines, in order, each after the one before.

    `first`: the first line must be the first of all. Raises NotSigned. That the newest was signed
    is left to ask: only then are all of them.
    """
    last: Checkpoint | None = None
    for line in lines:
        found = read(line)
        if last is None and first and (found.number, found.previous) != (1, NOTHING_BEFORE):
            raise NotSigned(f"the checkpoints before number {found.number} are missing")
        if last is not None:
            _require_after(last, found)
        last = found
        yield found


def _require_after(last: Checkpoint, found: Checkpoint) -> None:
    if found.number != last.number + 1:
        raise NotSigned(f"checkpoint {last.number + 1} is missing")
    if found.previous != last.digest:
        raise NotSigned(f"checkpoint {found.number} does not follow the one before it")
    if found.position <= last.position:
        raise NotSigned(f"checkpoint {found.number} goes back to position {found.position}")


def key_id(key: Ed25519PublicKey) -> str:
    """How lines name a key."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:KEY_ID_CHARS]


def public_pem(key: Ed25519PublicKey) -> str:
    """A public key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def keys_in(pem: str) -> Keys:
    """The public keys of a file, by their ids: it may hold several. Raises ValueError."""
    keys = [load_pem_public_key(block.encode()) for block in PUBLIC_KEY.findall(pem)]
    if not keys or not all(isinstance(key, Ed25519PublicKey) for key in keys):
        raise ValueError("there is no Ed25519 public key")
    return {key_id(key): key for key in keys if isinstance(key, Ed25519PublicKey)}
