"""People and machines at work: each does the same again and again, and anything else than what must
come back is a failure."""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pyotp
from joserfc import jwe
from joserfc.jwk import ECKey

from simulator.hands.signed_line import SignedLine
from simulator.people import SwitchOwner
from simulator.signatures import BadReply

FRESH = 20  # requests on one connection, before another one shakes hands
AMOUNT = 200
PEOPLE = ("customer", "agent", "operator", "accountant", "auditor")


class Failed(Exception):
    """Something came back that must not."""


class Doors:
    """How the server is reached now: with which authority, and with which certificate of the
    switch. A certificate that changes counts from the next connection on."""

    def __init__(self, url: str, ca: Path, owner: dict[str, str]) -> None:
        self.base = f"{url}/api/v1/"
        self.ca = ca
        self.certificate: tuple[Path, Path] | None = None
        self.owner = owner

    def client(self, *, as_switch: bool = False) -> httpx.AsyncClient:
        """A new one, with no connection yet."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if as_switch and self.certificate is not None:
            context.load_cert_chain(*self.certificate)
        return httpx.AsyncClient(base_url=self.base, verify=context, timeout=30)

    def line(self, client: httpx.AsyncClient) -> SignedLine:
        """The switch's, which believes only what a published key has signed."""
        owner = SwitchOwner(
            acquirer_id=self.owner["acquirerId"],
            key_id=self.owner["keyId"],
            private_key=self.owner["privateKey"],
        )
        return SignedLine(client, owner)


class Load:
    """Everybody at work, what they did, and what failed."""

    def __init__(self, doors: Doors, demo: dict[str, Any]) -> None:
        self.doors = doors
        self.done: Counter[str] = Counter()
        self.failed: list[str] = []
        self._demo = demo
        self._tokens: dict[str, str] = {}
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stan = 0

    def of(self, role: str) -> list[dict[str, Any]]:
        """Everybody with this role."""
        return [each for each in self._demo["users"] if each["role"] == role]

    async def start(self) -> None:
        """Sign everybody in, and begin."""
        async with self.doors.client() as client:
            for role in PEOPLE[:2]:
                for who in self.of(role):
                    self._tokens[who["userId"]] = await sign_in(client, who, 0)
        customers = self.of("customer")
        device = ECKey.generate_key("P-256")
        await self._enrol(customers[0], device)
        agent = self.of("agent")[0]
        self._begin("sealed code at a machine", lambda c: self._at_machine(c, customers[0], device))
        self._begin("code at a machine", lambda c: self._at_machine(c, customers[1], None))
        self._begin("cash at a counter", lambda c: self._at_counter(c, customers[2], agent))
        self._begin("PIN", self._pin)
        self._begin("name", lambda c: self._name(c, agent))
        self._begin("feed", lambda c: self._feed(c, customers[1]))

    async def stop(self) -> None:
        """Let everybody finish what they are at."""
        self._stop.set()
        await asyncio.gather(*self._tasks)

    async def goes_on(self, seconds: float) -> None:
        """A while of work."""
        await asyncio.sleep(seconds)

    async def somebody_signs_in(self, number: int) -> None:
        """The whole way, both factors, as somebody who has a code left."""
        role = PEOPLE[2 + number % 3]
        who = self.of(role)[0]
        async with self.doors.client() as client:
            try:
                await sign_in(client, who, number // 3)
                self.done["sign-in"] += 1
            except (Failed, httpx.TransportError) as error:
                self.failed.append(f"sign-in: {error!r}")

    def _begin(self, name: str, work: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
        self._tasks.append(asyncio.create_task(self._again(name, work), name=name))

    async def _again(self, name: str, work: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
        while not self._stop.is_set():
            async with self.doors.client() as client:
                for _ in range(FRESH):
                    if self._stop.is_set():
                        return
                    try:
                        await work(client)
                        self.done[name] += 1
                    except (Failed, BadReply, httpx.TransportError, KeyError) as error:
                        self.failed.append(f"{name}: {error!r}")
                    await asyncio.sleep(0.01)

    # -- what they do ----------------------------------------------------------------------------

    async def _enrol(self, who: dict[str, Any], device: ECKey) -> None:
        async with self.doors.client() as client:
            body = {"totp": totp_of(who, 1)}
            expect(await client.post("auth/step-up", json=body, headers=self._as(who)), 200)
            jwk = {"jwk": device.as_dict(private=False)}
            expect(await client.post("devices/keys", json=jwk, headers=self._as(who)), 201)

    async def _at_machine(
        self, client: httpx.AsyncClient, who: dict[str, Any], device: ECKey | None
    ) -> None:
        """A code, asked for twice with one key, and a machine that then has no notes."""
        headers = self._as(who) | {"Idempotency-Key": secrets.token_hex(8)}
        if device is not None:
            headers["Accept"] = "application/jose"
        body = {"amount": AMOUNT, "userId": who["userId"]}
        issued = []
        for _ in range(2):
            answer = expect(await client.post("withdrawal/atm", json=body, headers=headers), 201)
            issued.append(read(answer, device))
        if issued[0] != issued[1]:
            raise Failed("a replay is another code")
        trace = self._trace()
        asked = trace | {"phone": who["phone"], "amount": AMOUNT}
        if device is None:
            asked["code"] = issued[0]["code"]
        else:
            asked["encryptedCode"] = await self._encrypted(client, asked, issued[0]["code"])
        async with self.doors.client(as_switch=True) as switch:
            line = self.doors.line(switch)
            answer = expect(await line.send("POST", "vinti4/authorisations", json=asked), 200)
            if answer.json()["responseCode"] != "00":
                raise Failed(f"declined: {answer.text}")
            back = trace | {"amount": 0, "reason": "450"}
            answer = expect(await line.send("POST", "vinti4/reversals", json=back), 200)
            if answer.json()["responseCode"] != "00":
                raise Failed(f"reversal: {answer.text}")

    async def _encrypted(self, client: httpx.AsyncClient, asked: dict[str, Any], code: str) -> str:
        first = expect(await client.get("vinti4/issuer-keys"), 200).json()["keys"][0]
        typed = {name: asked[name] for name in ("phone", "terminalId", "amount")} | {"code": code}
        key = ECKey.import_key({name: first[name] for name in ("kty", "crv", "x", "y")})
        header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": first["kid"]}
        return jwe.encrypt_compact(header, json.dumps(typed), key)

    async def _at_counter(
        self, client: httpx.AsyncClient, who: dict[str, Any], agent: dict[str, Any]
    ) -> None:
        """A request, its pick-up code, and an agent who pays; the cash comes in again."""
        body = {"amount": AMOUNT, "userId": who["userId"], "agentId": agent["agentId"]}
        made = await client.post("withdrawal/agent", json=body, headers=self._as(who))
        id_ = expect(made, 201).json()["transactionId"]
        path = f"withdrawal/{id_}/pickup-code"
        code = expect(await client.get(path, headers=self._as(who)), 200).json()["pickupCode"]
        headers = self._as(agent) | {"Idempotency-Key": secrets.token_hex(8)}
        path = f"agent/requests/{id_}/confirm"
        expect(await client.post(path, json={"pickupCode": code}, headers=headers), 200)

    async def _pin(self, client: httpx.AsyncClient) -> None:
        """The first factor: found by the number, let in by the PIN."""
        who = secrets.choice(self.of("customer"))
        body = {"phone": who["phone"], "pin": who["pin"]}
        expect(await client.post("auth/login", json=body), 200)
        await asyncio.sleep(0.1)  # a PIN costs some 20 ms of a core

    async def _name(self, client: httpx.AsyncClient, agent: dict[str, Any]) -> None:
        """A name is unsealed, of somebody who is found by their number."""
        phone = {"phone": secrets.choice(self.of("customer"))["phone"]}
        path = "deposit/agent/name-check"
        expect(await client.get(path, params=phone, headers=self._as(agent)), 200)
        await asyncio.sleep(0.05)

    async def _feed(self, client: httpx.AsyncClient, who: dict[str, Any]) -> None:
        """Where the feed was left, it goes on."""
        headers = self._as(who)
        if self._seen:
            headers["Last-Event-ID"] = self._seen
        answer = expect(
            await client.get("events", params={"follow": "false"}, headers=headers), 200
        )
        ids = [line[4:] for line in answer.text.splitlines() if line.startswith("id: ")]
        self._seen = ids[-1] if ids else self._seen
        await asyncio.sleep(0.1)

    _seen = ""

    def _as(self, who: dict[str, Any]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[who['userId']]}"}

    def _trace(self) -> dict[str, Any]:
        self._stan = (self._stan + 1) % 10**6
        return {
            "acquirerId": self.doors.owner["acquirerId"],
            "terminalId": self._demo["terminals"][0]["terminalId"],
            "stan": f"{self._stan:06}",
            "rrn": f"{secrets.randbelow(10**12):012}",
            "localDate": "2026-11-30",
        }


def expect(answer: httpx.Response, status: int) -> httpx.Response:
    """The answer, if it is what must come back. Raises Failed."""
    if answer.status_code != status:
        path = answer.request.url.path
        raise Failed(f"{path}: {answer.status_code} {answer.text[:200]}")
    return answer


def read(answer: httpx.Response, device: ECKey | None) -> dict[str, Any]:
    """What it says, opened by the device where it was encrypted to one."""
    content = answer.content
    if device is not None:
        content = jwe.decrypt_compact(content, device).plaintext or b""
    found: dict[str, Any] = json.loads(content)
    return found


def totp_of(who: dict[str, Any], number: int) -> str:
    """One of the three codes that are good at any time, the oldest first."""
    return pyotp.TOTP(who["totpSecret"]).at(int(time.time()) + 30 * (number - 1))


async def sign_in(client: httpx.AsyncClient, who: dict[str, Any], number: int) -> str:
    """A session's token. Raises Failed."""
    body = {"phone": who["phone"], "pin": who["pin"]}
    challenge = expect(await client.post("auth/login", json=body), 200).json()["challengeId"]
    factor = {"challengeId": challenge, "totp": totp_of(who, number)}
    answer = expect(await client.post("auth/factor", json=factor), 200)
    return str(answer.json()["accessToken"])
