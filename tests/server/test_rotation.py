"""Keys change while the server works: nothing is refused, and what is old goes in the end."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from commands.keys.note import NoteKey
from server import secrets
from server.installation import Installation
from server.keyring import Keyring
from server.postgres import Cluster
from server.primary import Primary
from server.rotation import NotNow, Rotation
from server.secrets import KeyName, Secrets, write_private
from server.settings import API, Settings
from server.vault import SealBroken, Vault
from tests.conftest import PASSWORDS
from tests.server.conftest import Running, World, cloned, serving
from tests.server.people import Switch

QUICK = 0.2  # a new key is known after this


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        pin_threads=1,
        key_reload_seconds=QUICK / 4,
        key_announce_seconds=QUICK,
        key_overlap_seconds=0,
        reseal_seconds=QUICK / 4,
    )


@pytest.fixture
def keys(world: World, settings: Settings) -> Secrets:
    """Those of the world in files of our own."""
    file = world.keys.keyrings[KeyName.PEPPER].file
    assert file is not None
    shutil.copytree(file.parent, settings.secrets_dir)
    passwords = {role: secrets.Secret(password) for role, password in PASSWORDS.items()}
    return msgspec.structs.replace(secrets.load(settings.secrets_dir), passwords=passwords)


@pytest.fixture
async def server(
    cluster: Cluster, world: World, settings: Settings, keys: Secrets
) -> AsyncIterator[Running]:
    with cloned(cluster, world) as owner_url:
        installation = Installation(settings, keys, owner_url)
        async with serving(installation) as app:
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)  # type: ignore[arg-type]
            async with httpx.AsyncClient(
                transport=transport, base_url=f"http://makeba{API}/", timeout=30
            ) as client:
                with closing(Running(client, installation, world.demo, app)) as server:
                    yield server


@pytest.fixture
async def rotation(server: Running, settings: Settings) -> AsyncIterator[Rotation]:
    """As it works in a process of its own: with keyrings that it reads itself."""
    found = secrets.load(settings.secrets_dir)
    primary = Primary(server.installation.urls.commands, 2)
    await primary.open()
    async with server.installation.spine() as spine:

        async def note(command: NoteKey) -> None:
            await spine.submit(command, actor="system:test", request_id="rotation")

        yield Rotation(found.keyrings, settings, primary, note)
    await primary.close()


async def begun(seconds: float = QUICK) -> None:
    await asyncio.sleep(seconds * 1.5)


def sealed_under(server: Running, version: int) -> int:
    made = version.to_bytes(2, "big")
    [(many,)] = server.ask(
        "SELECT count(*) FROM ledger.person WHERE substr(profile_seal, 1, 2) = %s"
        " AND substr(totp_seal, 1, 2) = %s"
        " AND substr(decode(left(pin_hash, 4), 'base64'), 1, 2) = %s",
        made,
        made,
        made,
    )
    return int(many)


async def test_data_is_sealed_anew_and_everybody_still_gets_in(
    server: Running, rotation: Rotation, settings: Settings
) -> None:
    [(people,)] = server.ask("SELECT count(*) FROM ledger.person")
    assert sealed_under(server, 1) == people
    with pytest.raises(NotNow, match="in use"):
        await rotation.retire(KeyName.DATA, 1)
    new = await rotation.rotate(KeyName.DATA)
    assert new.number == 2
    await server.somebody("customer").challenge()  # sealed with the old key still
    await server.until(
        "SELECT count(*) = (SELECT count(*) FROM ledger.person) FROM ledger.person"
        r" WHERE substr(profile_seal, 1, 2) = '\x0002'"
    )
    assert sealed_under(server, 2) == people
    customer = await server.somebody("customer").sign_in()
    assert (await customer.get("wallet")).status_code == 200
    await rotation.retire(KeyName.DATA, 1)
    kept = Keyring.read((settings.secrets_dir / "data-key").read_text())
    assert [each.number for each in kept.versions] == [2]
    await begun()
    await server.somebody("customer", 1).sign_in()
    noted = server.ask("SELECT kind, payload ->> 'name' FROM ledger.log WHERE kind ~ '^keys' ")
    assert {kind for kind, _ in noted} == {
        "keys.added", "keys.resealed", "keys.ended", "keys.destroyed",
    }  # fmt: skip


async def test_a_key_that_something_needs_is_not_destroyed(
    server: Running, rotation: Rotation
) -> None:
    customer = await server.somebody("customer").sign_in()
    await rotation.rotate(KeyName.PEPPER)
    code = (await customer.ask_for_code()).json()["code"]  # the old pepper still
    await begun()
    with pytest.raises(NotNow, match="1 codes that live"):
        await rotation.retire(KeyName.PEPPER, 1)
    asked = {"phone": customer.who.phone, "code": code, "amount": 2000}
    answer = await server.switch.send("vinti4/authorisations", server.switch.trace() | asked)
    assert answer.json()["responseCode"] == "00"
    await rotation.retire(KeyName.PEPPER, 1)
    with pytest.raises(NotNow, match="no version 1"):
        await rotation.retire(KeyName.PEPPER, 1)


async def test_a_new_code_is_none_that_lives_under_the_old_pepper(
    server: Running, rotation: Rotation, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["111111"] * 7 + ["222222"])
    monkeypatch.setattr("server.routes.withdrawals.new_code", lambda: next(drawn))
    first = await server.somebody("customer").sign_in()
    assert (await first.ask_for_code()).json()["code"] == "111111"
    await rotation.rotate(KeyName.PEPPER)
    await begun()
    other = await server.somebody("customer", 1).sign_in()
    assert (await other.ask_for_code()).json()["code"] == "222222"


async def test_replies_and_places_in_the_feed_are_known_under_a_new_pepper(
    server: Running, rotation: Rotation
) -> None:
    customer = await server.somebody("customer").sign_in()
    first = await customer.post("withdrawal/atm", body(customer), key="once")
    await rotation.rotate(KeyName.PEPPER)
    await begun()
    again = await customer.post("withdrawal/atm", body(customer), key="once")
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    other = await customer.post("withdrawal/atm", body(customer) | {"amount": 1000}, key="once")
    assert other.json()["error"]["code"] == "IDEMPOTENCY_CONFLICT"


async def test_people_are_found_through_the_whole_change_of_the_index(
    server: Running, rotation: Rotation, settings: Settings
) -> None:
    await rotation.rotate(KeyName.INDEX)
    with pytest.raises(NotNow, match="two versions already"):
        await rotation.rotate(KeyName.INDEX)
    operator = await server.somebody("operator").sign_in()
    await begun()
    new = {"phone": "+2389911111", "name": "Nova Pessoa", "pin": "482915"}
    assert (await operator.post("wallets", new)).status_code == 201
    await server.until("SELECT bool_and(phone_index_next IS NOT NULL) FROM ledger.person")
    again = await operator.post("wallets", new | {"name": "Outra"})
    assert again.json()["error"]["code"] == "CONFLICT"
    await rotation.retire(KeyName.INDEX, 1)
    await server.until("SELECT bool_and(phone_index_next IS NULL) FROM ledger.person")
    [(old,)] = server.ask(
        r"SELECT count(*) FROM ledger.person WHERE substr(phone_index, 1, 2) <> '\x0002'"
    )
    assert old == 0
    await server.somebody("customer").sign_in()
    again = await operator.post("wallets", new | {"name": "Outra"})
    assert again.json()["error"]["code"] == "CONFLICT"
    assert (await rotation.rotate(KeyName.INDEX)).number == 3


async def test_our_new_key_is_published_before_it_signs_and_both_are_good(
    server: Running, rotation: Rotation
) -> None:
    switch, echo = server.switch, {"acquirerId": server.demo.switch.acquirer_id}
    assert await signed_by(switch, echo) == "makeba-1"
    await rotation.rotate(KeyName.SERVER, in_seconds=1.0)
    await begun()
    published = (await server.client.get("vinti4/keys")).json()["keys"]
    assert [key["keyId"] for key in published] == ["makeba-1", "makeba-2"]
    assert await signed_by(switch, echo) == "makeba-1"
    await begun(1.0)
    assert await signed_by(switch, echo) == "makeba-2"
    published = (await server.client.get("vinti4/keys")).json()["keys"]
    assert [key["keyId"] for key in published] == ["makeba-2", "makeba-1"]
    await rotation.retire(KeyName.SERVER, 1)
    await begun()
    published = (await server.client.get("vinti4/keys")).json()["keys"]
    assert [key["keyId"] for key in published] == ["makeba-2"]


async def test_an_old_key_stays_as_long_as_it_was_promised(
    server: Running, rotation: Rotation, settings: Settings
) -> None:
    patient = msgspec.structs.replace(settings, key_overlap_seconds=3_600)
    rotation._settings = patient
    await rotation.rotate(KeyName.SERVER)
    await begun()
    with pytest.raises(NotNow, match="not been in use for long enough"):
        await rotation.retire(KeyName.SERVER, 1)


async def test_two_do_not_change_keys_at_once(rotation: Rotation, settings: Settings) -> None:
    await rotation.rotate(KeyName.SERVER)
    await begun()
    first = asyncio.create_task(rotation.retire(KeyName.SERVER, 1))
    await asyncio.sleep(0.1)
    with pytest.raises(NotNow, match="Somebody else"):
        await rotation.rotate(KeyName.DATA)
    await first


async def test_what_the_environment_holds_is_not_changed(
    server: Running, settings: Settings
) -> None:
    ring = secrets.LiveKeyring(KeyName.PEPPER, Keyring.new())
    alone = Rotation({KeyName.PEPPER: ring}, settings, None, None)  # type: ignore[arg-type]
    with pytest.raises(NotNow, match="MAKEBA_PEPPER"):
        await alone.rotate(KeyName.PEPPER)


async def test_a_key_from_elsewhere_that_this_process_has_not_read_yet_is_looked_for(
    server: Running, keys: Secrets, settings: Settings
) -> None:
    """A process that was quicker to seal: this one reads the file at once."""
    file = settings.secrets_dir / "data-key"
    ring = Keyring.read(file.read_text()).with_new(since=time.time() - 1)
    write_private(file, ring.text(), replace=True)
    quick = Vault(secrets.load(settings.secrets_dir))
    sealed = quick.seal("a", "b", "text")
    assert Vault(keys).open("a", "b", sealed) == "text"
    with pytest.raises(SealBroken):
        Vault(keys).open("a", "b", b"\0\x09" + sealed[2:])


async def signed_by(switch: Switch, echo: dict[str, Any]) -> str:
    answer = await switch.send("vinti4/echo", echo)
    return str(answer.headers["signature-input"]).partition('keyid="')[2].partition('"')[0]


def body(customer: Any) -> dict[str, Any]:
    return {"amount": 2000, "userId": customer.id}
