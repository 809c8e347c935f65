"""Callers of the API: people who sign in, and the switch, which signs."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pyotp
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519

from server.demo import DemoSwitch, DemoUser
from server.sign_in import TOTP_DRIFT_STEPS, TOTP_SECONDS

ON_THE_WAY_SECONDS = 5  # that a code may take until it is looked at
COVERED = ("@method", "@path", "content-digest")


def this_step() -> int:
    """The authenticators' step now."""
    return int(time.time()) // TOTP_SECONDS


@dataclass
class Somebody:
    """A person with a phone, a PIN and an authenticator."""

    client: httpx.AsyncClient
    who: DemoUser
    agents: list[str]
    token: str = ""
    step: int = 0  # of the authenticator's code that was used last: only later ones count

    @property
    def id(self) -> str:
        """As the API has it."""
        return str(self.who.user_id)

    @property
    def headers(self) -> dict[str, str]:
        """What a signed-in caller sends."""
        return {"Authorization": f"Bearer {self.token}"}

    async def sign_in(self, device: str | None = None) -> Somebody:
        """Both steps."""
        body = {"challengeId": await self.challenge(), "totp": self.totp()}
        if device is not None:
            body["deviceId"] = device
        answer = await self.client.post("auth/factor", json=body)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["accessToken"]
        return self

    async def challenge(self) -> str:
        """The first step."""
        answer = await self.client.post(
            "auth/login", json={"phone": self.who.phone, "pin": self.who.pin}
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["challengeId"])

    async def step_up(self) -> Somebody:
        """The second factor again."""
        answer = await self.post("auth/step-up", {"totp": self.totp()}, key=None)
        assert answer.status_code == 200, answer.text
        return self

    async def at_work(self) -> Somebody:
        """Signed in, and confirmed: ready to propose and approve."""
        await self.sign_in()
        return await self.step_up()

    async def delete(self, path: str) -> httpx.Response:
        """Take away, signed in."""
        return await self.client.delete(path, headers=self.headers)

    def totp(self) -> str:
        """A code that was not used yet; there are three at any time, the oldest of them until its
        step is over: one that is about to end is not begun with."""
        oldest = int(time.time() + ON_THE_WAY_SECONDS) // TOTP_SECONDS - TOTP_DRIFT_STEPS
        self.step = max(self.step + 1, oldest)
        while self.step > this_step() + TOTP_DRIFT_STEPS:
            time.sleep(0.05)  # at the end of a step, for the third code
        return pyotp.TOTP(self.who.totp_secret).generate_otp(self.step)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """Ask, signed in."""
        headers = {**self.headers, **options.pop("headers", {})}
        return await self.client.get(path, headers=headers, **options)

    async def post(
        self, path: str, body: Any = None, key: str | None = "", **headers: str
    ) -> httpx.Response:
        """Order, signed in; with a new key unless one, or None, is given."""
        sent = {**self.headers, **headers}
        if key is not None:
            sent["Idempotency-Key"] = key or secrets.token_hex(8)
        return await self.client.post(path, json=body, headers=sent)

    async def ask_for_code(self, amount: float = 2000, **options: Any) -> httpx.Response:
        """A code for an ATM."""
        body = {"amount": amount, "userId": self.id}
        return await self.post("withdrawal/atm", body, **options)


@dataclass
class Message:
    """A request as the signing library wants to see it."""

    method: str
    url: str
    headers: dict[str, str]


@dataclass
class Switch:
    """Signs what it sends."""

    client: httpx.AsyncClient
    key: DemoSwitch
    terminal_id: str
    stan: int = field(default=0)

    def trace(self, **changes: Any) -> dict[str, Any]:
        """A new trace."""
        self.stan += 1
        return {
            "acquirerId": self.key.acquirer_id,
            "terminalId": self.terminal_id,
            "stan": f"{self.stan:06}",
            "rrn": f"{secrets.randbelow(10**12):012}",
            "localDate": datetime.now(UTC).date().isoformat(),
            **changes,
        }

    async def send(
        self,
        path: str,
        body: Any,
        *,
        method: str = "POST",
        content: bytes | None = None,
        **signing: Any,
    ) -> httpx.Response:
        """Send something signed; `signing` spoils or changes how."""
        request = self.client.build_request(
            method, path, **({"json": body} if body is not None else {})
        )
        tamper = signing.pop("tamper", {})
        headers = self.signed(method, str(request.url), request.content, **signing)
        request.headers.update(headers)
        request.headers.update(tamper)
        if content is not None:
            request = self.client.build_request(
                method,
                path,
                content=content,
                headers={**request.headers, "Content-Length": str(len(content))},
            )
        return await self.client.send(request)

    def signed(
        self,
        method: str,
        url: str,
        content: bytes,
        *,
        age_seconds: float = 0,
        nonce: str | None = "",
        label: str = "sig1",
        covered: tuple[str, ...] = COVERED,
        key_id: str = "",
        private_key: str = "",
        include_alg: bool = True,
        sign_body: bool = True,
    ) -> dict[str, str]:
        """The headers that sign a request."""
        key = load_pem_private_key((private_key or self.key.private_key).encode(), None)
        key_id = key_id or self.key.key_id
        message = Message(method, url, {} if sign_body else {"Content-Digest": _digest(content)})
        resolver = MappingKeyResolver(public_keys={}, private_keys={key_id: key})  # type: ignore[dict-item]
        HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=resolver).sign(
            message,
            key_id=key_id,
            created=datetime.fromtimestamp(time.time() - age_seconds, UTC),
            nonce=secrets.token_urlsafe(16) if nonce == "" else nonce,
            label=label,
            include_alg=include_alg,
            covered_component_ids=covered,
            body=content if sign_body else None,
            use_existing_digest=not sign_body,
        )
        return message.headers


def _digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"
