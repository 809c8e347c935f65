"""What is done with the keys: digests of codes, look-up hashes, seals of what must stay secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
import unicodedata
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commands.idempotency import Once
from server.keyring import KEY_BYTES, Version
from server.secrets import KeyName, Secrets

NONCE_BYTES = 12
CODE_DIGITS = 6
EVENT_ZEROS = 8  # bytes after the position that have to come out again
EVENT_BLOCK_BYTES = 16
OWN_KEY = "own key"  # of a person
TAG_BYTES = 16
_VERSION = struct.Struct("!H")
KEY_SEAL_BYTES = _VERSION.size + NONCE_BYTES + KEY_BYTES + TAG_BYTES
_POSITION = struct.Struct("!Q")


class SealBroken(Exception):
    """What should be a seal of ours was made with another key, for another row, or not by us."""


class Envelope:
    """Seals what is personal, with a key that one person alone has.

    Whoever destroys that key makes all of it unreadable, wherever copies of it lie.
    """

    __slots__ = ("_key", "_person_id")

    def __init__(self, person_id: UUID, key: bytes) -> None:
        self._person_id = person_id
        self._key = key

    def seal(self, purpose: str, row: UUID, text: str) -> bytes:
        """Encrypt for one row and purpose: opened for any other, it is broken."""
        associated = self._associated(purpose, row)
        return _encrypted(_row_key(self._key, associated), associated, text.encode())

    def open(self, purpose: str, row: UUID, seal: bytes) -> str:
        """Decrypt. Raises SealBroken."""
        associated = self._associated(purpose, row)
        return _decrypted(_row_key(self._key, associated), associated, seal).decode()

    def _associated(self, purpose: str, row: UUID) -> bytes:
        return f"{purpose}|{self._person_id}|{row}".encode()


class Vault:
    """Knows the keys, and nothing of what they are used for.

    Seals and digests begin with the number of the version that made them, in two bytes.
    """

    def __init__(self, keys: Secrets) -> None:
        self._pepper = keys.keyrings[KeyName.PEPPER]
        self._index_key = keys.keyrings[KeyName.INDEX]
        self._data_key = keys.keyrings[KeyName.DATA]

    # -- keyed hashes ----------------------------------------------------------------------------

    def code_digest(self, purpose: str, code: str) -> bytes:
        """Keyed hash of a code. Six digits without a key would fall to a million guesses."""
        return _digest(self._pepper.now.active(), purpose, code)

    def code_digests(self, purpose: str, code: str) -> tuple[bytes, ...]:
        """The same under every pepper, the active one first: a code is right that is any of them.

        A code lives longer than the moment in which the pepper changes.
        """
        return tuple(_digest(each, purpose, code) for each in self._pepper.now.active_first())

    def phone_index(self, phone: str) -> bytes:
        """Keyed hash of a number in E.164, to find its owner by.

        Under the oldest key: all people can be found by that one, and by the next one only when the
        job has got to them.
        """
        return _digest(self._index_key.now.oldest(), "phone", phone)

    def next_phone_index(self, phone: str) -> bytes | None:
        """The same under the key that comes after, while there are two: people have both then."""
        versions = self._index_key.now.versions
        return _digest(versions[-1], "phone", phone) if len(versions) > 1 else None

    def pin_input(self, person_id: UUID, pin: str) -> str:
        """What is hashed in place of a PIN: the same PIN of two people has nothing in common."""
        return _plain_hash("pin", str(person_id), unicodedata.normalize("NFKC", pin)).hex()

    def one_time(self, purpose: str, person_id: UUID, code: str) -> bytes:
        """Hash of a code that was drawn for one person, to be used once. Some of them are kept for
        years, and 80 random bits need no key that would have to be kept as long."""
        return _plain_hash(purpose, str(person_id), code)

    def source(self, address: str) -> bytes:
        """Keyed hash of the address that somebody asks from."""
        return _digest(self._pepper.now.active(), "source", address)

    def once(self, caller: str, key: str, operation: str, body: bytes) -> Once:
        """A caller's idempotency key, and what came with it: the operation and its body.

        Keys are remembered for good, and so their hashes need no secret that would have to be kept
        for good: they tell nothing. A body may hold a code, and is hashed under the pepper.
        """
        parts = ("body", operation, hashlib.sha256(body).hexdigest())
        newest, *older = (_digest(each, *parts) for each in self._pepper.now.active_first())
        return Once(_plain_hash("key", caller, key), newest, tuple(older))

    def event_id(self, listener: str, position: int) -> str:
        """A place in the feed as one listener names it: nobody else can make or read one."""
        return _event_id(self._pepper.now.active(), listener, position)

    def event_position(self, listener: str, event_id: str) -> int:
        """The place that an id names. Raises SealBroken for what is not this listener's."""
        try:
            raw = base64.b64decode(event_id + "=" * (-len(event_id) % 4), b"-_", validate=True)
        except ValueError as error:
            raise SealBroken from error
        known = (_event_place(each, listener, raw) for each in self._pepper.now.active_first())
        for position in known:
            if position is not None:
                return position
        raise SealBroken

    # -- seals -----------------------------------------------------------------------------------

    def seal(self, purpose: str, row: UUID | str, text: str) -> bytes:
        """Encrypt for one row and purpose: opened for any other, it is broken."""
        return self._sealed(purpose, row, text.encode())

    def open(self, purpose: str, row: UUID | str, seal: bytes) -> str:
        """Decrypt. Raises SealBroken."""
        return self._opened(purpose, row, seal).decode()

    def seal_text(self, purpose: str, row: UUID | str, text: str) -> str:
        """The same for a column of text."""
        return base64.b64encode(self.seal(purpose, row, text)).decode()

    def open_text(self, purpose: str, row: UUID | str, seal: str) -> str:
        """Decrypt. Raises SealBroken."""
        try:
            return self.open(purpose, row, base64.b64decode(seal, validate=True))
        except ValueError as error:
            raise SealBroken from error

    def resealed(self, purpose: str, row: UUID | str, seal: bytes) -> bytes:
        """What it holds, under the active key. Raises SealBroken."""
        return self._sealed(purpose, row, self._opened(purpose, row, seal))

    @property
    def sealing(self) -> int:
        """The version of the data key that seals now."""
        return self._data_key.now.active().number

    def new_envelope(self, person_id: UUID) -> tuple[Envelope, bytes]:
        """A key of this person's own, and the same sealed, as it is kept."""
        key = secrets.token_bytes(KEY_BYTES)
        return Envelope(person_id, key), self._sealed(OWN_KEY, person_id, key)

    def envelope(self, person_id: UUID, key_seal: bytes) -> Envelope:
        """What opens this person's things. Raises SealBroken."""
        return Envelope(person_id, self._opened(OWN_KEY, person_id, key_seal))

    def _sealed(self, purpose: str, row: UUID | str, secret: bytes) -> bytes:
        version = self._data_key.now.active()
        associated = f"{purpose}|{row}".encode()
        return _VERSION.pack(version.number) + _encrypted(
            _row_key(version.key, associated), associated, secret
        )

    def _opened(self, purpose: str, row: UUID | str, seal: bytes) -> bytes:
        associated = f"{purpose}|{row}".encode()
        try:
            key = self._data_key_of(version_of(seal))
        except (struct.error, KeyError) as error:
            raise SealBroken from error
        return _decrypted(_row_key(key, associated), associated, seal[_VERSION.size :])

    def _data_key_of(self, number: int) -> bytes:
        """Raises KeyError. Whoever does not know a version looks at the file first: another process
        may have been quicker."""
        try:
            return self._data_key.now.key(number)
        except KeyError:
            if not self._data_key.refresh():
                raise
            return self._data_key.now.key(number)


def new_code() -> str:
    """Six digits, leading zeros kept."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def token_hash(token: str) -> bytes:
    """What is kept of a token: 256 random bits need no key to be safe from guessing."""
    return hashlib.sha256(token.encode()).digest()


def version_of(made: bytes) -> int:
    """The version that made a seal or a digest."""
    (number,) = _VERSION.unpack_from(made)
    return int(number)


def _digest(version: Version, *parts: str) -> bytes:
    return _VERSION.pack(version.number) + hmac.digest(version.key, _joined(*parts), "sha256")


def _plain_hash(*parts: str) -> bytes:
    return hashlib.sha256(_joined(*parts)).digest()


def _joined(*parts: str) -> bytes:
    # Lengths stand before the parts, so that no two lists of parts give the same message.
    return b"".join(struct.pack("!I", len(raw)) + raw for raw in (part.encode() for part in parts))


def _event_id(version: Version, listener: str, position: int) -> str:
    block = _POSITION.pack(position) + bytes(EVENT_ZEROS)
    sealed = _event_cipher(version, listener).encryptor().update(block)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _event_place(version: Version, listener: str, raw: bytes) -> int | None:
    """What an id says under one key; None when it was made with another, or by nobody."""
    if len(raw) != EVENT_BLOCK_BYTES:
        return None
    block = _event_cipher(version, listener).decryptor().update(raw)
    if not hmac.compare_digest(block[_POSITION.size :], bytes(EVENT_ZEROS)):
        return None
    (position,) = _POSITION.unpack_from(block)
    return int(position)


def _event_cipher(version: Version, listener: str) -> Cipher[modes.ECB]:
    # One block alone, so ECB hides all there is to hide; and who cannot encrypt cannot guess one of
    # 2**128 whose second half comes out as zeros.
    key = hmac.digest(version.key, _joined("event", listener), "sha256")
    return Cipher(algorithms.AES256(key), modes.ECB())  # noqa: S305


def _row_key(key: bytes, associated: bytes) -> bytes:
    # A key for each row: random nonces under one key must not pass 2**32, soon enough for codes.
    return hmac.digest(key, associated, "sha256")


def _encrypted(key: bytes, associated: bytes, secret: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, associated)


def _decrypted(key: bytes, associated: bytes, sealed: bytes) -> bytes:
    nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, rest, associated)
    except (ValueError, InvalidTag) as error:
        raise SealBroken from error
