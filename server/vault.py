"""What is done with the keys: digests of codes, look-up hashes, seals of what must stay secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commands.idempotency import Once
from server.secrets import Keyring, Secrets

NONCE_BYTES = 12
CODE_DIGITS = 6
EVENT_MAC_BYTES = 13
_VERSION = struct.Struct("!H")
_POSITION = struct.Struct("!Q")


class SealBroken(Exception):
    """What should be a seal of ours was made with another key, for another row, or not by us."""


class Vault:
    """Knows the keys, and nothing of what they are used for."""

    def __init__(self, keys: Secrets) -> None:
        self._pepper = keys.pepper
        self._index_key = keys.index_key
        self._data_key = keys.data_key

    def code_digest(self, purpose: str, code: str) -> bytes:
        """Keyed hash of a code. Six digits without a key would fall to a million guesses."""
        return _mac(self._pepper.key(self._pepper.newest), purpose, code)

    def phone_index(self, phone: str) -> bytes:
        """Keyed hash of a number in E.164, to find its owner by."""
        return self._index("phone", phone)

    def pin_input(self, person_id: UUID, pin: str) -> str:
        """What is hashed in place of a PIN: of no use to whoever has the database alone."""
        return self._index("pin", str(person_id), pin).hex()

    def once(self, caller: str, key: str, operation: str, body: bytes) -> Once:
        """A caller's idempotency key, and what came with it: the operation and its body."""
        body_hash = self._index("body", operation, hashlib.sha256(body).hexdigest())
        return Once(self._index("key", caller, key), body_hash)

    def seal(self, purpose: str, row: UUID | str, text: str) -> bytes:
        """Encrypt for one row and purpose: opened for any other, it is broken."""
        version = self._data_key.newest
        nonce = secrets.token_bytes(NONCE_BYTES)
        associated = f"{purpose}|{row}".encode()
        sealed = AESGCM(_row_key(self._data_key, version, associated)).encrypt(
            nonce, text.encode(), associated
        )
        return _VERSION.pack(version) + nonce + sealed

    def open(self, purpose: str, row: UUID | str, seal: bytes) -> str:
        """Decrypt. Raises SealBroken."""
        associated = f"{purpose}|{row}".encode()
        try:
            (version,) = _VERSION.unpack_from(seal)
            key = _row_key(self._data_key, version, associated)
            nonce, sealed = _split(seal[_VERSION.size :])
            return AESGCM(key).decrypt(nonce, sealed, associated).decode()
        except (struct.error, KeyError, ValueError, InvalidTag) as error:
            raise SealBroken from error

    def event_id(self, position: int) -> str:
        """A place in the feed as listeners name it: nobody else can make one."""
        raw = _POSITION.pack(position)
        mac = self._index("event", str(position))[:EVENT_MAC_BYTES]
        return base64.urlsafe_b64encode(raw + mac).rstrip(b"=").decode()

    def event_position(self, event_id: str) -> int:
        """The place that an id names. Raises SealBroken."""
        try:
            raw = base64.b64decode(event_id + "=" * (-len(event_id) % 4), b"-_", validate=True)
            (position,) = _POSITION.unpack_from(raw)
        except (struct.error, ValueError) as error:
            raise SealBroken from error
        if not hmac.compare_digest(self.event_id(position), event_id):
            raise SealBroken
        return int(position)

    def _index(self, *parts: str) -> bytes:
        return _mac(self._index_key.key(self._index_key.newest), *parts)


def new_code() -> str:
    """Six digits, leading zeros kept."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def token_hash(token: str) -> bytes:
    """What is kept of a token: 256 random bits need no key to be safe from guessing."""
    return hashlib.sha256(token.encode()).digest()


def _mac(key: bytes, *parts: str) -> bytes:
    # Lengths stand before the parts, so that no two lists of parts give the same message.
    message = b"".join(
        struct.pack("!I", len(raw)) + raw for raw in (part.encode() for part in parts)
    )
    return hmac.digest(key, message, "sha256")


def _row_key(keys: Keyring, version: int, associated: bytes) -> bytes:
    # A key for each row: random nonces under one key must not pass 2**32, soon enough for codes.
    return hmac.digest(keys.key(version), associated, "sha256")


def _split(sealed: bytes) -> tuple[bytes, bytes]:
    return sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
