"""Secrets of this installation: files that only their owner may read, made on first use.

    secrets/commands, projector, queries, auditor   passwords of the database roles
    secrets/pepper       keys of codes, one version a line; the last one is used. A new line ends
                         the codes that live then, which is a quarter of an hour's work
    secrets/index-key    key of what must be found again: phone numbers, idempotency keys
    secrets/data-key     keys that seal personal data, one version a line; the last one seals,
                         all of them open
    secrets/server-key   Ed25519 key that signs our replies to the switch

None of them is in the database, so a stolen database gives away no code, PIN, number or name.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ledger.database import ROLES

KEY_BYTES = 32


class SecretsUnavailable(Exception):
    """A secret cannot be read or made."""


class Secret:
    """A text that shows itself only to whoever asks by name."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)


class Keyring:
    """Keys by version. The newest is for new things, the others for what is there already."""

    __slots__ = ("_keys", "newest")

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        assert keys, "a keyring has a key"
        self._keys = dict(keys)
        self.newest = max(keys)

    @classmethod
    def read(cls, text: str) -> Keyring:
        """From lines of "version base64". Raises ValueError."""
        lines = [line.split() for line in text.splitlines() if line.strip()]
        keys = {int(version): base64.b64decode(key, validate=True) for version, key in lines}
        if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
            raise ValueError("a line is a version and 32 bytes in base64")
        return cls(keys)

    def key(self, version: int) -> bytes:
        """The key of a version. Raises KeyError."""
        return self._keys[version]

    def __repr__(self) -> str:
        return f"Keyring(versions {sorted(self._keys)})"


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, read once at start."""

    passwords: Mapping[str, Secret]  # by database role
    pepper: Keyring
    index_key: Keyring
    data_key: Keyring
    server_key: Ed25519PrivateKey


def load(
    directory: Path, *, pepper_file: Path | None = None, data_key_file: Path | None = None
) -> Secrets:
    """Read the secrets; make those that are missing. Any number of processes may begin at once.

    Raises SecretsUnavailable.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Secrets(
            passwords={role: Secret(_kept(directory / _short(role), _password)) for role in ROLES},
            pepper=Keyring.read(_kept(pepper_file or directory / "pepper", _key)),
            index_key=Keyring.read(_kept(directory / "index-key", _key)),
            data_key=Keyring.read(_kept(data_key_file or directory / "data-key", _key)),
            server_key=_ed25519(_kept(directory / "server-key", _private_key)),
        )
    except (OSError, ValueError) as error:
        sentence = f"The secrets in {directory} cannot be used: {error}"
        raise SecretsUnavailable(sentence) from error


def private_key_pem(key: Ed25519PrivateKey) -> str:
    """A private key as PKCS#8 PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def write_private(file: Path, text: str, *, replace: bool = False) -> None:
    """Write a file of mode 0600 whole or not at all, also through a power cut.

    Without `replace` a file that is there already stays as it is.
    """
    descriptor, new = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(descriptor)
        if replace:
            Path(new).replace(file)
        else:
            _link(Path(new), file)
    finally:
        Path(new).unlink(missing_ok=True)


def _link(new: Path, file: Path) -> None:
    try:
        file.hardlink_to(new)
    except FileExistsError:
        return  # another process was first


def _kept(file: Path, make: Callable[[], str]) -> str:
    if not file.exists():
        write_private(file, make() + "\n")
    if file.stat().st_mode & 0o077:
        sentence = f"{file} can be read by others: set its mode to 0600"
        raise PermissionError(sentence)
    return file.read_text(encoding="utf-8").strip()


def _short(role: str) -> str:
    return role.removeprefix("makeba_")


def _password() -> str:
    return secrets.token_urlsafe(KEY_BYTES)


def _key() -> str:
    return f"1 {base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _private_key() -> str:
    return private_key_pem(Ed25519PrivateKey.generate()).strip()


def _ed25519(pem: str) -> Ed25519PrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("server-key is not an Ed25519 key")  # noqa: TRY004 - what is in the file
    return key
