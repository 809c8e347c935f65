"""Secrets in all the wrong places, a crash in a handler, and a database that refuses."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

from server.policy import API_POLICY
from tests.server.canaries.drawn import PAID, digits, word
from tests.server.canaries.house import Written
from tests.server.conftest import Running
from tests.server.people import Somebody

HEADERS = (
    "Accept", "Content-Type", "X-Log-Position", "X-Device-Key", "Idempotency-Key", "traceparent",
    "Last-Event-ID", "X-Forwarded-For", "Client-Cert", "Signature", "Signature-Input",
    "Content-Digest", "User-Agent", "Cookie", "Referer",
)  # fmt: skip
QUERIES = (
    "from", "to", "limit", "cursor", "role", "status", "format", "phone", "amount", "localDate",
    "latitudeE6", "kind", "state", "date", "actor", "session",
)  # fmt: skip
# A stream without an end; and what would sign out whoever asks.
UNASKED = {"GET /events", "POST /auth/logout", "DELETE /auth/sessions"}
MEMBERS = ("kind", "phone", "pin", "code", "role", "status", "amount", "userId", "valueDate", "end")


async def misplaced(
    server: Running, somebody: list[Somebody], written: Written, spellings: int
) -> None:
    """A token and a PIN typed into every path, query, header and body that there is."""
    for secret in (digits(12), word())[:spellings]:
        written.aviary.keep("typed in the wrong place", secret)
        for each in somebody:
            for name in API_POLICY:
                if name not in UNASKED:
                    await _every_way(each, name, secret)
        await server.client.request(secret, "balance")
        await server.client.get(f"{secret}/{secret}")
        await server.client.get("balance", headers={"Authorization": f"Bearer {secret}"})
        await server.client.get("balance", headers={"Authorization": f"Basic {secret}"})
        for spoilt in ({"key_id": secret}, {"nonce": secret}, {"label": f"s{secret.lower()}"}):
            signed: dict[str, Any] = spoilt
            await server.switch.send("vinti4/echo", {"acquirerId": secret}, **signed)


async def _every_way(somebody: Somebody, name: str, secret: str) -> None:
    method, path = name.split()
    headers = somebody.headers | {"Idempotency-Key": word()}
    with_secret = re.sub(r"\{\w+\}", secret, path).lstrip("/")
    query = dict.fromkeys((*QUERIES, secret), secret)
    await somebody.client.request(method, with_secret, params=query, headers=headers)
    if method == "GET":
        return
    harmless = re.sub(r"\{\w+\}", "00000000-0000-7000-8000-000000000000", path).lstrip("/")
    members = dict.fromkeys(MEMBERS, secret)
    for body in ({secret: secret}, members, {"kind": {secret: secret}}, [secret], secret):
        await somebody.client.request(method, harmless, json=body, headers=headers)
    broken = f'{{"pin": "{secret}'.encode()
    await somebody.client.request(method, harmless, content=broken, headers=headers)


async def in_headers(somebody: Somebody, written: Written) -> None:
    """The same in each header of a request that is well."""
    for header in HEADERS:
        secret = word()
        written.aviary.keep("typed in the wrong place", secret)
        headers = {header: secret}
        await somebody.get("balance", headers=headers)
        await somebody.post("transfer", {"amount": 1, "toPhone": somebody.who.phone}, **headers)


async def crashed(somebody: Somebody, written: Written) -> None:
    """A bug of ours quotes what it was given, also what went before it."""
    token, pin, code = somebody.token, digits(12), word()
    written.aviary.keep("in the words of an exception", pin, code)

    async def broken(*_: object) -> None:
        try:
            raise KeyError(code)  # noqa: TRY301 - so it goes
        except KeyError as error:
            error.add_note(f"seen: {pin}")
            sentence = f"no wallet for {token} with {pin}\nand {code}"
            raise ValueError(sentence) from error

    with patch("queries.balance.of_wallet", broken):
        answer = await somebody.get("balance")
    assert answer.status_code == 500
    with patch("commands.account.transfer.Transfer.decide", side_effect=ValueError(pin, code)):
        await somebody.post("transfer", {"amount": 100, "toPhone": somebody.who.phone})


async def refused_by_the_database(server: Running, somebody: Somebody, written: Written) -> None:
    """Errors inside statements: PostgreSQL logs the statement, and quotes the row."""
    pin, phone = digits(12), f"+2389{digits(6)}"
    written.aviary.keep("wrong PIN", pin)
    written.aviary.keep("phone number", phone)
    async with _refusing(server, "ledger.stranger"), _refusing(server, "ledger.session"):
        await server.client.post("auth/login", json={"phone": phone, "pin": pin})
        body = {"phone": somebody.who.phone, "pin": somebody.who.pin}
        await server.client.post("auth/login", json=body)
    for table in ("ledger.withdrawal", "ledger.agent_request", "ledger.log", "ledger.idempotency"):
        async with _refusing(server, table):
            await somebody.ask_for_code(PAID)
            await somebody.post("transfer", {"amount": 100, "toPhone": phone})


@asynccontextmanager
async def _refusing(server: Running, table: str) -> AsyncIterator[None]:
    """For a while nothing can be written into this table. In a thread: the lock that this takes
    may be held by a transaction of the loop that we are in."""
    add = f"ALTER TABLE {table} ADD CONSTRAINT canary CHECK (false) NOT VALID"
    await asyncio.to_thread(server.ask, add)
    try:
        yield
    finally:
        await asyncio.to_thread(server.ask, f"ALTER TABLE {table} DROP CONSTRAINT canary")
