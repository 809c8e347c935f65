"""Who is in the town: what demo.json says."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from simulator.trust import USUAL, Trust


class NoPeople(Exception):
    """A file does not tell who is in the town."""


class Somebody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A person, with all that is needed to sign in as them."""

    role: str
    user_id: UUID
    phone: str
    pin: str
    totp_secret: str
    agent_id: UUID | None = None

    def __repr__(self) -> str:
        return f"Somebody({self.role} {self.user_id})"


class SwitchOwner(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The acquirer, and the key (PKCS#8 PEM) with which its switch signs."""

    acquirer_id: str
    key_id: str
    private_key: str

    def __repr__(self) -> str:
        return f"SwitchOwner({self.acquirer_id})"


class Site(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a cash machine stands."""

    terminal_id: str
    place: str = ""


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody, and the machines; and whom these believe."""

    users: tuple[Somebody, ...]
    switch: SwitchOwner
    terminals: tuple[Site, ...]
    trust: Trust = USUAL

    def of(self, role: str) -> tuple[Somebody, ...]:
        """Everybody with this role."""
        return tuple(user for user in self.users if user.role == role)


def read(demo: dict[str, Any]) -> People:
    """From the content of demo.json. Raises msgspec.ValidationError."""
    return msgspec.convert(demo, People, dec_hook=_path)


def read_file(file: Path) -> People:
    """From demo.json, wherever it lies. Raises NoPeople."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=People, dec_hook=_path)
    except OSError as error:
        raise NoPeople(f"{file} cannot be read: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise NoPeople(f"{file} does not tell who lives here: {error}.") from error


def _path(wanted: type, value: Any) -> Any:
    if wanted is Path:
        return Path(value)
    raise NotImplementedError(wanted)
