"""Secrets of this installation: files that only their owner may read, made on first use.

    secrets/commands, projector, queries, auditor   passwords of the database roles
    secrets/pepper       keyed hashes that live for hours: codes, bodies of requests, ids of events
    secrets/index-key    keyed hashes by which people are found again: of phone numbers
    secrets/data-key     what is sealed: people's own keys, authenticators, hashes of PINs, codes
    secrets/server-key   Ed25519: signs our replies to the switch
    secrets/issuer-key   P-256: cash machines encrypt codes to it
    secrets/checkpoint-key   Ed25519: signs the end of the log (server/checkpoints.py)

All but the passwords are keyrings (server/keyring.py), of which a running server follows the file:
a new version counts without a restart. None of them is in the database, so a stolen database gives
away no code, PIN, number or name.
"""

from __future__ import annotations

import hmac
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ledger.database import ROLES
from server.keyring import KEY_BYTES, Keyring

logger = structlog.get_logger(__name__)


class SecretsUnavailable(Exception):
    """A secret cannot be read or made."""


class KeyName(StrEnum):
    """The keyrings, by the names of their files."""

    PEPPER = "pepper"
    INDEX = "index-key"
    DATA = "data-key"
    SERVER = "server-key"
    ISSUER = "issuer-key"
    CHECKPOINT = "checkpoint-key"


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


class LiveKeyring:
    """A keyring that follows its file. Without one it comes from the environment, and stays."""

    __slots__ = ("_seen", "file", "name", "now")

    def __init__(self, name: KeyName, now: Keyring, file: Path | None = None) -> None:
        self.name = name
        self.file = file
        self.now = now
        self._seen: tuple[int, int, int] | None = None

    def refresh(self) -> bool:
        """Read the file if it has changed. Whether the keys are others now.

        A file that cannot be used changes nothing: the keys that are known go on, and the log says
        so.
        """
        if self.file is None:
            return False
        try:
            seen = _stamp(self.file)
            if seen == self._seen:
                return False
            found = Keyring.read(_private_text(self.file))
        except (OSError, ValueError) as error:
            logger.error("a key file cannot be used", name=self.name, why=type(error).__name__)
            return False
        self._seen = seen
        if found.versions == self.now.versions:
            return False
        self.now = found
        logger.info(
            "keys have changed", name=self.name, versions=[v.number for v in found.versions]
        )
        return True

    def __repr__(self) -> str:
        return f"LiveKeyring({self.name}, {self.now!r})"


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """All of them."""

    passwords: Mapping[str, Secret]  # by database role
    keyrings: Mapping[KeyName, LiveKeyring]

    def refresh(self) -> None:
        """Follow the files."""
        for each in self.keyrings.values():
            each.refresh()


def load(
    directory: Path,
    *,
    files: Mapping[KeyName, Path] | None = None,
    given: Mapping[KeyName, Secret] | None = None,
) -> Secrets:
    """Read the secrets; make those that are missing. Any number of processes may begin at once.

    `files` names other places for keyrings, `given` keyrings that come as a text. Raises
    SecretsUnavailable.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        passwords = {role: Secret(_kept(directory / _short(role), _password)) for role in ROLES}
    except (OSError, ValueError) as error:
        sentence = f"The secrets in {directory} cannot be used: {error}"
        raise SecretsUnavailable(sentence) from error
    keyrings = {
        name: keyring(name, (files or {}).get(name, directory / name), (given or {}).get(name))
        for name in KeyName
    }
    return Secrets(passwords=passwords, keyrings=keyrings)


def keyring(name: KeyName, file: Path, given: Secret | None = None) -> LiveKeyring:
    """One of them, made on first use. Raises SecretsUnavailable."""
    try:
        if given is not None:
            return LiveKeyring(name, Keyring.read(given.reveal()))
        return LiveKeyring(name, Keyring.read(_kept(file, lambda: Keyring.new().text())), file)
    except (OSError, ValueError) as error:
        where = file if given is None else "the environment"
        sentence = f"The {name} in {where} cannot be used: {error}"
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
    return _private_text(file)


def _private_text(file: Path) -> str:
    if file.stat().st_mode & 0o077:
        sentence = f"{file} can be read by others: set its mode to 0600"
        raise PermissionError(sentence)
    return file.read_text(encoding="utf-8").strip()


def _stamp(file: Path) -> tuple[int, int, int]:
    """What changes when a file does: another one takes its place whenever it is written."""
    found = file.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _short(role: str) -> str:
    return role.removeprefix("makeba_")


def _password() -> str:
    return secrets.token_urlsafe(KEY_BYTES)
