"""A real server in a process of its own, to be killed, and a client that keeps its own journal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyotp

READY_SECONDS = 60.0
ENTRY = ("-m", "server.cli")


class Served:
    """`makeba serve --demo` on a home of its own; killed and started again on the same one."""

    def __init__(self, home: Path, entry: Sequence[str] = ENTRY, **settings: str) -> None:
        self.home = home
        self._environment = os.environ | {"MAKEBA_HOME": str(home)} | settings
        self.url = ""
        self.dsn = ""
        self._entry = entry
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        port = self.url.rpartition(":")[2].rstrip("/") or "0"
        with (self.home.parent / "server.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, *self._entry, "serve", "--demo", "--port", port],
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, (self.home.parent / "server.log").read_text()[-2000:]
        ready = json.loads(line)
        self.url, self.dsn = ready["url"], ready["dsn"]

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, nothing is said."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(timeout=60)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def makeba(self, *arguments: str) -> int:
        """Run a command on the same home; the exit code."""
        return subprocess.run(  # noqa: S603 - our own words
            [sys.executable, *ENTRY, *arguments],
            env=self._environment,
            capture_output=True,
            check=False,
        ).returncode

    def kill_postgres(self) -> None:
        """SIGKILL for the postmaster and all of its processes."""
        pid = int((self.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)

    def kill_a_backend(self) -> None:
        """SIGKILL for one session: PostgreSQL stops all others and recovers by itself."""
        pid = int((self.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in reversed(children):
            name = Path(f"/proc/{each}/cmdline").read_bytes()
            if b"makeba_commands" in name:
                os.kill(int(each), signal.SIGKILL)
                return

    @property
    def people(self) -> list[dict[str, Any]]:
        """The customers of demo.json."""
        users = json.loads((self.home / "demo.json").read_text())["users"]
        return [user for user in users if user["role"] == "customer"]


async def sign_in(client: httpx.AsyncClient, user: dict[str, Any]) -> str:
    """A session's token."""
    body = {"phone": user["phone"], "pin": user["pin"]}
    challenge = (await client.post("auth/login", json=body)).raise_for_status().json()
    totp = pyotp.TOTP(user["totpSecret"]).now()
    factor = {"challengeId": challenge["challengeId"], "totp": totp}
    return str(
        (await client.post("auth/factor", json=factor)).raise_for_status().json()["accessToken"]
    )


@dataclass
class Journal:
    """What the client was told for each key, whatever happened to the server."""

    done: dict[str, set[bytes]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    open: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, key: str, body: dict[str, Any], response: httpx.Response | None) -> None:
        """An answer is for good; no answer, and 5xx, leave the key open."""
        if response is None or response.status_code >= 500:
            if key not in self.done:
                self.open[key] = body
            return
        self.open.pop(key, None)
        if response.is_success:
            self.done.setdefault(key, set()).add(response.content)
        else:
            self.refused.add(key)


NO_TLS = False  # whoever dials again and again would read all authorities of this machine each time


class Client:
    """Sends transfers until it is told to stop, and notes what it hears."""

    def __init__(self, served: Served, token: str, to_phone: str, journal: Journal) -> None:
        self._served = served
        self._headers = {"Authorization": f"Bearer {token}"}
        self._to_phone = to_phone
        self._journal = journal
        self._number = 0
        self._mine = f"{secrets.token_hex(4)}-"

    async def run(self, until: asyncio.Event) -> None:
        """One transfer after the other; what stays open is asked for again later."""
        while not until.is_set():
            async with httpx.AsyncClient(
                base_url=f"{self._served.url}/api/v1/", timeout=5, verify=NO_TLS
            ) as client:
                while not until.is_set():
                    self._number += 1
                    key = f"{self._mine}{self._number}"
                    body = {"toPhone": self._to_phone, "amount": 1 if self._number % 7 else 90_000}
                    if not await self.send(client, key, body):
                        break
            await asyncio.sleep(0.05)

    async def send(self, client: httpx.AsyncClient, key: str, body: dict[str, Any]) -> bool:
        """Whether an answer came that settles the key."""
        try:
            response = await client.post(
                "transfer", json=body, headers=self._headers | {"Idempotency-Key": key}
            )
        except httpx.TransportError:
            self._journal.note(key, body, None)
            return False
        self._journal.note(key, body, response)
        return response.status_code < 500

    async def settle(self) -> None:
        """Ask again, with the same keys, for all of its own that is open."""
        until = time.monotonic() + READY_SECONDS
        async with httpx.AsyncClient(
            base_url=f"{self._served.url}/api/v1/", timeout=5, verify=NO_TLS
        ) as client:
            while self._open() and time.monotonic() < until:
                for key, body in self._open():
                    await self.send(client, key, body)

    def _open(self) -> list[tuple[str, dict[str, Any]]]:
        mine = self._journal.open.items()
        return [(key, body) for key, body in mine if key.startswith(self._mine)]
