"""One change after the other, of every kind of key, as whoever looks after the house makes it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.authority import Authority, Issued
from server.reply_keys import public_key
from server.secrets import KeyName, private_key_pem
from tests.server.rotation.load import Load

NAMES = ("localhost", "127.0.0.1")


class Keeper(Protocol):
    """Whoever has the commands of the house in hand."""

    async def rotate(self, name: KeyName) -> None:
        """A new version, and wait until it has begun."""

    async def retire(self, name: KeyName) -> None:
        """The end of the first version."""

    async def enrol_key(self, key_id: str, raw: bytes) -> None:
        """Another key of the switch's."""

    async def retire_key(self, key_id: str) -> None:
        """The end of one."""

    async def bind(self, issued: Issued) -> None:
        """Another certificate of the switch's."""

    async def unbind(self, issued: Issued) -> None:
        """The end of one."""


class Done(NamedTuple):
    """A stage, and what had been done and had failed when it was over."""

    stage: str
    done: int
    failed: int


class Stages:
    """All kinds of keys, in turn."""

    def __init__(self, load: Load, keeper: Keeper, authority: Authority, home: Path) -> None:
        self.load = load
        self.keeper = keeper
        self.authority = authority
        self.home = home
        self.told: list[Done] = []

    async def run(self, first: Issued, pause_seconds: float) -> None:
        """`first` is the certificate that the switch comes with as yet."""
        for number, name in enumerate(KeyName):
            await self.keeper.rotate(name)
            await self.load.somebody_signs_in(number)
            await self._over(f"{name} rotated", pause_seconds)
            await self.keeper.retire(name)
            await self._over(f"{name} retired", pause_seconds)
        await self._switch_key(pause_seconds)
        await self._certificates(first, pause_seconds)

    async def _switch_key(self, pause_seconds: float) -> None:
        key = Ed25519PrivateKey.generate()
        old = self.load.doors.owner
        new = old | {"keyId": "switch-2", "privateKey": private_key_pem(key)}
        await self.keeper.enrol_key("switch-2", base64.b64decode(public_key(key)))
        self.load.doors.owner = new
        await self._over("the switch signs with a new key", pause_seconds)
        await self.keeper.retire_key(old["keyId"])
        await self._over("the switch's old key retired", pause_seconds)

    async def _certificates(self, first: Issued, pause_seconds: float) -> None:
        self.authority.for_server(NAMES, self.home / "server")
        await self._over("our certificate renewed", max(pause_seconds, 1.5))
        second = self.authority.for_client("switch", self.home / "switch-2")
        await self.keeper.bind(second)
        self.load.doors.certificate = (second.certificate, second.key)
        await self._over("the switch comes with a new certificate", pause_seconds)
        await self.keeper.unbind(first)
        await self._over("the switch's old certificate retired", pause_seconds)

    async def _over(self, stage: str, pause_seconds: float) -> None:
        await self.load.goes_on(pause_seconds)
        done, failed = sum(self.load.done.values()), len(self.load.failed)
        self.told.append(Done(stage, done, failed))
