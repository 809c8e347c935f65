"""All keys in turn under a little load, on one server over TLS."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from commands.command import Command
from commands.switch.certificate import BindCertificate, RetireCertificate
from commands.switch.enrol import EnrolSwitchKey, RetireSwitchKey
from queries.check.run import prove
from queries.rebuild import rebuild
from server import secrets
from server.authority import Authority, Issued
from server.console.serving import listening, serving, url_of
from server.installation import Installation
from server.keyring import Keyring
from server.postgres import Cluster
from server.primary import Primary
from server.resealing import Resealing
from server.rotation import NotNow, Rotation
from server.secrets import KeyName
from server.settings import Settings
from server.vault import Vault
from tests.conftest import PASSWORDS
from tests.server.conftest import World, cloned
from tests.server.rotation.load import Doors, Load
from tests.server.rotation.stages import NAMES, Stages

QUICK = 0.2
PAUSE_SECONDS = 0.15


class House:
    """A server over TLS, and whoever looks after its keys in a process of their own."""

    def __init__(self, settings: Settings, installation: Installation, url: str) -> None:
        self.settings = settings
        self.installation = installation
        self.url = url
        self._primary = Primary(installation.urls.commands, 2)

    async def rotate(self, name: KeyName) -> None:
        await self._with(lambda rotation, _: rotation.rotate(name))
        await asyncio.sleep(2 * QUICK)

    async def retire(self, name: KeyName) -> None:
        async def end(rotation: Rotation, resealing: Resealing) -> None:
            if name in (KeyName.DATA, KeyName.INDEX):
                await resealing.finish()
            for _ in range(100):  # codes of the old pepper live for a moment yet
                try:
                    return await rotation.retire(name, 1)
                except NotNow as refused:
                    if "live" not in str(refused) and "sealed" not in str(refused):
                        raise
                    await asyncio.sleep(0.05)
            raise AssertionError(f"{name} is needed for ever")

        await self._with(end)

    async def enrol_key(self, key_id: str, raw: bytes) -> None:
        acquirer = self.demo["switch"]["acquirerId"]
        await self.do(EnrolSwitchKey(key_id=key_id, acquirer_id=acquirer, public_key=raw))
        await asyncio.sleep(1.05)

    async def retire_key(self, key_id: str) -> None:
        await asyncio.sleep(0.3)  # what was signed before is on its way
        await self.do(RetireSwitchKey(key_id=key_id))

    async def bind(self, issued: Issued) -> None:
        await self.do(
            BindCertificate(
                fingerprint=issued.fingerprint,
                acquirer_id=self.demo["switch"]["acquirerId"],
                not_after=issued.not_after,
            )
        )
        await asyncio.sleep(1.05)

    async def unbind(self, issued: Issued) -> None:
        await asyncio.sleep(0.3)
        await self.do(RetireCertificate(fingerprint=issued.fingerprint))

    @property
    def demo(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.settings.demo_file.read_text())
        return found

    async def do(self, command: Command[Any]) -> None:
        async with self.installation.spine() as spine:
            await spine.submit(command, actor="system:test", request_id="rotation")

    async def _with(self, work: Any) -> None:
        found = secrets.load(self.settings.secrets_dir)
        if self._primary._pool.closed:
            await self._primary.open()
        await work(
            Rotation(found.keyrings, self.settings, self._primary, self.do),
            Resealing(self._primary, Vault(found), found, 50, self.do),
        )

    async def close(self) -> None:
        await self._primary.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    authority = Authority.begin(tmp_path / "ca", "test CA")
    shown = authority.for_server(NAMES, tmp_path / "server")
    return Settings(
        home=tmp_path,
        port=0,
        key_reload_seconds=QUICK / 4,
        key_announce_seconds=QUICK,
        key_overlap_seconds=0,
        reseal_seconds=QUICK / 4,
        tls_cert=shown.certificate,
        tls_key=shown.key,
        tls_client_ca=tmp_path / "ca" / "ca.crt",
    )


@pytest.fixture
async def house(cluster: Cluster, world: World, settings: Settings) -> AsyncIterator[House]:
    file = world.keys.keyrings[KeyName.PEPPER].file
    assert file is not None
    shutil.copytree(file.parent, settings.secrets_dir)
    shutil.copy(file.parent.parent / "demo.json", settings.demo_file)
    passwords = {role: secrets.Secret(password) for role, password in PASSWORDS.items()}
    keys = msgspec.structs.replace(secrets.load(settings.secrets_dir), passwords=passwords)
    with cloned(cluster, world) as owner_url, listening(settings) as sock:
        installation = Installation(settings, keys, owner_url)
        async with serving(installation, sock):
            house = House(settings, installation, url_of(settings, sock))
            yield house
            await house.close()


async def test_nothing_fails_while_every_key_changes(house: House, settings: Settings) -> None:
    authority = Authority.of(settings.home / "ca")
    first = authority.for_client("switch", settings.home / "switch-1")
    await house.bind(first)
    doors = Doors(house.url, settings.home / "ca" / "ca.crt", house.demo["switch"])
    doors.certificate = (first.certificate, first.key)
    load = Load(doors, house.demo)
    await load.start()
    stages = Stages(load, house, authority, settings.home)
    try:
        await stages.run(first, PAUSE_SECONDS)
    finally:
        await load.stop()
    assert load.failed == []
    assert all(load.done[each] > 0 for each in LOADS), load.done
    for name in KeyName:
        ring = Keyring.read((settings.secrets_dir / name).read_text())
        assert [each.number for each in ring.versions] == [2]
    owner_url = house.installation.owner_url
    proof = await asyncio.to_thread(prove, owner_url, full=True)
    assert proof.held, [each.first_bad for each in proof.findings if not each.held]
    assert (await rebuild(owner_url, check=True)).same


LOADS = (
    "sealed code at a machine", "code at a machine", "cash at a counter", "PIN", "name", "feed",
    "sign-in",
)  # fmt: skip
