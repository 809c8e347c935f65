"""Messages of a thief on the link, and of another switch: each kind as a way to make one more.

Each is what somebody could really send: they have seen good messages, and may hold good keys, but
of another acquirer. What must come back stands beside each kind.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commands.command import Command
from commands.switch.enrol import EnrolSwitchKey, EnrolTerminal, RetireSwitchKey
from server.installation import Installation
from server.reply_keys import public_key
from server.secrets import private_key_pem
from simulator.signatures import private_key
from tests.server.people import COVERED, Switch

AT_ONCE = 16
TRIES_MAX = 5  # while the server says that it cannot answer now
PAUSE_SECONDS = 1.0
KEYS_BELIEVED_SECONDS = 1.05
WINDOW_SECONDS = 120
THEIR_TERMINAL = "THEIRS01"
REVERSALS, COMPLETIONS = "vinti4/reversals", "vinti4/completions"
AUTHORISATIONS = "vinti4/authorisations"


class Came(NamedTuple):
    """What came back for a message that must not count."""

    refused: bool
    said: str


class Told(NamedTuple):
    """How many of a kind were refused, and what the first that was not has heard. What was answered
    503 was sent again, as a switch would do: `put_off` counts those answers."""

    kind: str
    sent: int
    refused: int
    first_passed: str
    put_off: int = 0


class Thief:
    """Knows the link, has an acquirer's key of their own, and a retired one of the victim's."""

    def __init__(self, client: httpx.AsyncClient, victim: Switch, dice: Random) -> None:
        self.client = client
        self.victim = victim
        self.dice = dice
        self.own = self._key("THEIRS")
        self.retired = self._key(victim.key.acquirer_id)
        self.unknown = self._key(victim.key.acquirer_id)

    async def enrol(self, installation: Installation) -> None:
        """Have the keys and the terminal known."""
        await _do(
            installation,
            *(
                EnrolSwitchKey(
                    key_id=each.key.key_id,
                    acquirer_id=each.key.acquirer_id,
                    public_key=base64.b64decode(public_key(private_key(each.key.private_key))),
                )
                for each in (self.own, self.retired)
            ),
            EnrolTerminal(terminal_id=THEIR_TERMINAL, acquirer_id="THEIRS", place="Sal"),
            RetireSwitchKey(key_id=self.retired.key.key_id),
        )
        await asyncio.sleep(KEYS_BELIEVED_SECONDS)

    def _key(self, acquirer: str) -> Switch:
        key = Ed25519PrivateKey.generate()
        owner: Any = SimpleNamespace(
            acquirer_id=acquirer,
            key_id=f"key-{secrets.token_hex(4)}",
            private_key=private_key_pem(key),
        )
        return Switch(self.client, owner, self.victim.terminal_id)

    # -- what is sent ----------------------------------------------------------------------------

    async def replayed(self) -> Came:
        """A message that was taken, byte for byte again."""
        path, body = self._message()
        request = self.client.build_request("POST", path, json=body)
        request.headers.update(self.victim.signed("POST", str(request.url), request.content))
        first = await self.client.send(request)
        assert first.status_code == 200, first.text
        again = self.client.build_request(
            "POST", path, content=request.content, headers=request.headers
        )
        return _nobody(await self.client.send(again))

    async def altered(self) -> Came:
        """A message that is on its way for the first time, with one thing changed."""
        path, body = self._message()
        request = self.client.build_request("POST", path, json=body)
        headers = self.victim.signed("POST", str(request.url), request.content)
        content, sent = request.content, {**request.headers, **headers}
        match self.dice.randrange(6):
            case 0:
                content = self._with_a_bit_flipped(content)
            case 1:
                sent["Signature"] = self._with_another_letter(sent["Signature"])
            case 2:
                sent["Content-Digest"] = self._with_another_letter(sent["Content-Digest"])
            case 3:
                sent["Signature-Input"] = self._with_another_letter(sent["Signature-Input"])
            case 4:
                path = COMPLETIONS if path != COMPLETIONS else REVERSALS
            case _:
                content = content.replace(b'"amount":', b'"amount":1')
                sent["Content-Digest"] = self.victim.signed("POST", str(request.url), content)[
                    "Content-Digest"
                ]
        sent["Content-Length"] = str(len(content))
        return _nobody(await self.client.post(path, content=content, headers=sent))

    async def stale(self) -> Came:
        """Signed too long ago, or at a time that has not come."""
        path, body = self._message()
        age = self.dice.uniform(WINDOW_SECONDS + 3, 100 * WINDOW_SECONDS)
        age *= self.dice.choice((1, -1))
        return _nobody(await self.victim.send(path, body, age_seconds=age))

    async def wrongly_signed(self) -> Came:
        """With a key that is none, or less than all of it signed."""
        path, body = self._message()
        how: dict[str, Any] = self.dice.choice(
            (
                {"private_key": self.unknown.key.private_key},
                {"private_key": self.own.key.private_key},
                {"key_id": self.own.key.key_id},
                {"key_id": self.unknown.key.key_id},
                {"nonce": None},
                {"nonce": "n" * 129},
                {"label": "sig2"},
                {"include_alg": False},
                {"covered": COVERED[:1]},
                {"covered": COVERED[1:]},
                {"covered": COVERED[:2]},
                {"tamper": {"Signature": "", "Signature-Input": ""}},
            )
        )
        covers_body = "content-digest" in how.get("covered", COVERED)
        return _nobody(await self.victim.send(path, body, sign_body=covers_body, **how))

    async def by_a_retired_key(self) -> Came:
        """Everything right, with a key that was good once."""
        path, body = self._message()
        return _nobody(await self.retired.send(path, body))

    async def of_another_acquirer(self) -> Came:
        """Signed by a key that is good, about somebody else's operations."""
        path, body = self._message()
        return _came(await self.own.send(path, body), 403)

    async def of_anothers_terminal(self) -> Came:
        """By one's own key, about a machine that is another's or nobody's."""
        path, body = self._message()
        body["terminalId"] = self.dice.choice((THEIR_TERMINAL, secrets.token_hex(4)))
        answer = await self.victim.send(path, body)
        if path == AUTHORISATIONS:
            said = answer.json().get("responseCode", "")
            return Came(answer.status_code == 200 and said == "57", f"{said} {answer.text[:80]}")
        return _came(answer, 403)

    def _message(self) -> tuple[str, dict[str, Any]]:
        """A good message of the victim, about an operation that nobody knows."""
        path = self.dice.choice((REVERSALS, AUTHORISATIONS))
        if path == AUTHORISATIONS:
            asked = {"phone": "+2389900001", "code": "000000", "amount": 2000}
            return path, self.victim.trace() | asked
        return path, self.victim.trace() | {"amount": 0, "reason": "time-out"}

    def _with_a_bit_flipped(self, content: bytes) -> bytes:
        place = self.dice.randrange(len(content))
        flipped = content[place] ^ (1 << self.dice.randrange(7))
        return content[:place] + bytes([flipped]) + content[place + 1 :]

    def _with_another_letter(self, header: str) -> str:
        places = [each for each, letter in enumerate(header) if letter.isalnum()]
        # Not the last ones of base64: their lowest bits may say nothing.
        place = self.dice.choice(places[:-3])
        other = self.dice.choice([each for each in "ABCabc123" if each != header[place]])
        return header[:place] + other + header[place + 1 :]


KINDS: dict[str, Callable[[Thief], Awaitable[Came]]] = {
    "replayed": Thief.replayed,
    "altered": Thief.altered,
    "stale": Thief.stale,
    "wrongly signed": Thief.wrongly_signed,
    "by a retired key": Thief.by_a_retired_key,
    "of another acquirer": Thief.of_another_acquirer,
    "of another's terminal": Thief.of_anothers_terminal,
}


async def attack(thief: Thief, kind: str, times: int) -> Told:
    """So many of a kind."""
    gate = asyncio.Semaphore(AT_ONCE)

    put_off = 0

    async def one() -> Came:
        nonlocal put_off
        async with gate:
            for _ in range(TRIES_MAX):
                came = await KINDS[kind](thief)
                if not came.said.startswith("503"):
                    return came
                put_off += 1
                await asyncio.sleep(PAUSE_SECONDS)
            return came

    came = await asyncio.gather(*(one() for _ in range(times)))
    passed = next((each.said for each in came if not each.refused), "")
    return Told(kind, times, sum(each.refused for each in came), passed, put_off)


async def repeated(thief: Thief, times: int) -> int:
    """An advice so many times with a new nonce each: how many different answers there were."""
    body = thief.victim.trace() | {"amount": 0, "reason": "time-out"}
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> bytes:
        async with gate:
            answer = await thief.victim.send(REVERSALS, body)
            assert answer.status_code == 200, answer.text
            return answer.content

    return len(set(await asyncio.gather(*(one() for _ in range(times)))))


def _nobody(answer: httpx.Response) -> Came:
    return _came(answer, 401)


def _came(answer: httpx.Response, status: int) -> Came:
    return Came(answer.status_code == status, f"{answer.status_code} {answer.text[:120]}")


async def _do(installation: Installation, *commands: Command[Any]) -> None:
    async with installation.spine() as spine:
        for command in commands:
            await spine.submit(command, actor="system:test", request_id="link")
