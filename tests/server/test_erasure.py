"""Crypto-erasure over HTTP: the person cannot be read again, and the books stay whole."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from commands.identity.person import Role
from server.demo import DemoUser
from server.enrolment import PROFILE
from server.routes.claims import SAID as PURPOSE
from server.vault import KEY_SEAL_BYTES, SealBroken, Vault
from tests.server.conftest import Running
from tests.server.people import Somebody
from tests.server.test_care import decide, paid_out, prove_all

NEW = {"phone": "+2389977777", "name": "Esquecida Monteiro", "pin": "482915"}
SAID = "Não saiu nada, diz a Esquecida"


async def test_an_erased_person_is_gone_and_the_books_are_whole(server: Running) -> None:
    maker = await server.somebody("operator").at_work()
    checker = await server.somebody("operator", 1).at_work()
    agent = await server.somebody("agent").sign_in()
    opened = (await maker.post("wallets", NEW)).json()
    who = DemoUser(
        role=Role.CUSTOMER,
        user_id=opened["userId"],
        phone=NEW["phone"],
        pin=NEW["pin"],
        totp_secret=opened["totpSecret"],
    )
    gone = await Somebody(server.client, who, []).sign_in()
    credit = {"reference": "E-1", "amount": 2025, "valueDate": "2026-01-02", "phone": NEW["phone"]}
    assert (await maker.post("deposit/bank", credit)).status_code == 201
    id_, _ = await paid_out(server, gone)
    assert (await gone.post(f"withdrawal/{id_}/claim", {"text": SAID})).status_code == 201
    assert (await maker.get(f"claims/{id_}/text")).json()["text"] == SAID
    erase = {"kind": "erase_person", "userId": opened["userId"], "reason": "asked for it"}
    refused = await maker.post("proposals", erase)
    assert refused.json()["error"]["details"] == {"status": "open"}
    refuse = {"kind": "resolve_claim", "transactionId": id_, "end": "refuse", "evidence": "journal"}
    assert (await decide(maker, checker, **refuse)).status_code == 200
    closed = {"status": "closed"}
    assert (await maker.post(f"wallets/{opened['userId']}/status", closed)).status_code == 200
    copies = copies_of(server, opened["userId"], id_)
    assert (await decide(maker, checker, **erase)).status_code == 200

    assert (await maker.get(f"claims/{id_}/text")).status_code == 404
    check = f"deposit/agent/name-check?phone=%2B{NEW['phone'][1:]}"
    assert (await agent.get(check)).status_code == 404
    knock = {"phone": NEW["phone"], "pin": NEW["pin"]}
    assert (await server.client.post("auth/login", json=knock)).status_code == 401
    await asyncio.sleep(1.05)  # a session is believed for a second
    assert (await gone.get("wallet")).status_code == 401
    require_unreadable(server, opened["userId"], id_, copies)
    again = await maker.post("wallets", NEW)
    assert again.status_code == 201
    assert again.json()["userId"] != opened["userId"]
    await prove_all(server)


def copies_of(server: Running, user_id: str, claim_id: str) -> tuple[bytes, bytes]:
    """What somebody may have copied before: the claim, and the profile without the key in it."""
    claim = "SELECT text_seal FROM ledger.claim WHERE withdrawal_id = %s"
    [(text_seal,)] = server.ask(claim, claim_id)
    [(profile,)] = server.ask("SELECT profile_seal FROM ledger.person WHERE id = %s", user_id)
    return text_seal, profile


def require_unreadable(
    server: Running, user_id: str, claim_id: str, copies: tuple[bytes, bytes]
) -> None:
    """With every key of the house, and without the person's own, nothing opens."""
    vault = Vault(server.installation.keys)
    text_seal, profile = copies
    another, _ = vault.new_envelope(UUID(user_id))
    for seal, purpose, row in (
        (text_seal, PURPOSE, UUID(claim_id)),
        (profile[KEY_SEAL_BYTES:], PROFILE, UUID(user_id)),
    ):
        with pytest.raises(SealBroken):
            another.open(purpose, row, seal)
        with pytest.raises(SealBroken):
            vault.open(purpose, row, seal)


async def test_no_record_and_no_row_names_a_person(server: Running) -> None:
    """Names, numbers and documents are looked for in every table, sealed or not."""
    operator = await server.somebody("operator").at_work()
    new: dict[str, Any] = {**NEW, "document": "CNI 20260101M001X"}
    assert (await operator.post("wallets", new)).status_code == 201
    tables = server.ask(
        "SELECT c.oid::regclass::text FROM pg_class AS c"
        " WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text IN ('ledger', 'queries')"
    )
    assert len(tables) > 50
    for (table,) in tables:
        rows = str(server.ask(f"SELECT t::text FROM {table} AS t"))  # noqa: S608 - the catalog's
        for word in ("Esquecida", "Monteiro", "9977777", "20260101M001X"):
            assert word not in rows, table
            assert word.encode().hex() not in rows, table
