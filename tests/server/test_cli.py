"""The command line: what it prints, how it ends, and servers that come and go."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psycopg
import pytest

from commands.switch.enrol import EnrolTerminal
from server import demo, secrets
from server.cli import run
from server.demo import NotADemo, Wanted
from server.installation import Installation
from server.secrets import Secret
from server.settings import Settings
from tests.conftest import PASSWORDS, Database
from tests.durability.served import Served, sign_in

PEOPLE = {
    "customer": 3,
    "agent": 2,
    "agent_manager": 1,
    "accountant": 2,
    "auditor": 1,
    "operator": 2,
    "admin": 2,
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demo server that runs all the while: commands join its PostgreSQL."""
    served = Served(tmp_path_factory.mktemp("cli") / "home")
    served.start()
    yield served
    assert served.stop() == 0


@pytest.fixture(autouse=True)
def home(served: Served, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MAKEBA_HOME", str(served.home))
    return served.home


def ended(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, list[str]]:
    """Exit code, standard output, and the lines on standard error."""
    code = run(list(arguments))
    written = capsys.readouterr()
    return code, written.out, written.err.splitlines()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# A demo


def test_demo_json_tells_who_the_people_are(home: Path) -> None:
    file = home / "demo.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    people = json.loads(file.read_text())
    assert list(people) == ["users", "switch", "terminals"]
    roles = [user["role"] for user in people["users"]]
    assert {role: roles.count(role) for role in PEOPLE} == PEOPLE
    for user in people["users"]:
        own = {"agent": ["agentId"], "agent_manager": ["principalId"]}.get(user["role"], [])
        assert list(user) == ["role", "userId", "phone", "pin", "totpSecret", *own]
    assert list(people["switch"]) == ["acquirerId", "keyId", "privateKey"]
    assert people["switch"]["privateKey"].startswith("-----BEGIN PRIVATE KEY-----")
    assert len(people["terminals"]) == 2
    assert all("terminalId" in terminal for terminal in people["terminals"])


def test_the_people_of_a_demo_have_money(served: Served) -> None:
    with psycopg.connect(served.dsn) as connection:
        held = connection.execute(
            "SELECT code, min(-balance) FROM ledger.account"
            " WHERE code IN ('2010', '2020') GROUP BY code ORDER BY code"
        ).fetchall()
    assert held == [("2010", 10_000_000), ("2020", 50_000_000)]


def test_seeding_again_keeps_everybody_and_adds_what_is_wanted(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = json.loads((home / "demo.json").read_text())
    code, _, _ = ended(capsys, "seed", "--demo", "--customers", "4", "--terminals", "3")
    after = json.loads((home / "demo.json").read_text())
    assert code == 0
    assert [user for user in after["users"] if user in before["users"]] == before["users"]
    assert len(after["users"]) == len(before["users"]) + 1
    assert after["terminals"][:2] == before["terminals"]
    assert len(after["terminals"]) == 3


# Reading and proving


def test_a_pipe_gets_csv_and_who_asks_gets_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, errors = ended(capsys, "journal", "--limit", "2")
    assert (code, errors) == (0, [])
    lines = rows(out)
    assert list(lines[0]) == [
        "entry", "booked", "value", "kind", "code", "account", "debit", "credit",
    ]  # fmt: skip
    assert len({line["entry"] for line in lines}) == 2
    _, out, _ = ended(capsys, "journal", "--format", "json")
    assert json.loads(out)[0]["kind"] == "bank.credited"
    _, out, _ = ended(capsys, "trial-balance", "--format", "table")
    assert "1010  Trust" in out


def test_the_trial_balance_balances(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ended(capsys, "trial-balance")
    total = rows(out)[-1]
    assert total["account"] == "Total CVE"
    assert total["debits"] == total["credits"] != "0.00"
    assert total["debit"] == total["credit"]


def test_a_statement_by_number_and_by_id(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    user = served.people[0]
    code, by_phone, _ = ended(capsys, "statement", "--phone", user["phone"])
    assert code == 0
    _, by_id, _ = ended(capsys, "statement", "--user", user["userId"])
    assert by_phone == by_id
    assert [line["what"] for line in rows(by_id)] == ["opening", "bank_deposit", "closing"]


def test_the_books_are_proven(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (("check",), ("check", "--full"), ("check", "--full", "--json")):
        code, out, errors = ended(capsys, *arguments)
        assert (code, errors) == (0, [])
    assert json.loads(out)["held"] is True
    code, out, _ = ended(capsys, "projections", "rebuild", "--check")
    assert (code, out[:40]) == (0, "The read models are as the log makes the")


def test_an_export_is_proven_and_a_change_to_it_is_named(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, key = tmp_path / "log", str(home / "checkpoint.pub")
    code, out, errors = ended(capsys, "export", "--format", "log", "--output", str(file))
    assert (code, errors) == (0, [])
    assert {row["what"]: row["is"] for row in rows(out)}["proven by"] == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    copy = str(home / "checkpoints")
    code, out, errors = ended(capsys, "verify", str(file), "--key", key, "--checkpoints", copy)
    assert (code, errors) == (0, [])
    assert out.startswith(f"{file} is what was signed: ")
    file.write_bytes(file.read_bytes().replace(b'"books.opened"', b'"books.closed"'))
    code, out, errors = ended(capsys, "verify", str(file), "--key", key)
    assert (code, out) == (1, "")
    assert errors == [
        f"{file}: position 1: it is not what was written, or does not follow the one before"
    ]


def test_the_audit_shows_who_has_read_at_a_terminal(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    user = served.people[0]
    ended(capsys, "statement", "--phone", user["phone"])
    code, out, errors = ended(capsys, "audit", "--kind", "data.read", "--subject", user["userId"])
    assert (code, errors) == (0, [])
    (act,) = [row for row in rows(out) if row["route"] == "makeba statement"][:1]
    assert act["actor"].startswith("console:")
    assert (act["subject"], act["outcome"]) == (user["userId"], "done")
    _, out, _ = ended(capsys, "audit", "--limit", "1", "--format", "json")
    assert json.loads(out)[0]["kind"] == "trail.sealed"
    _, out, _ = ended(capsys, "audit", "--request", "nobody-has-sent-this")
    assert rows(out) == []


def test_the_doctor_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, errors = ended(capsys, "doctor")
    assert (code, errors) == (0, [])
    assert {line["good"] for line in rows(out)} == {"yes"}


def test_the_doctor_says_what_is_wrong(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stray = home / "secrets" / "stray"
    stray.touch(mode=0o644)
    stray.chmod(0o644)
    code, _, errors = ended(capsys, "doctor")
    stray.unlink()
    assert code == 1
    assert errors == [f"makeba: only their owner can read the secrets: {stray}"]


# Ends


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "why"),
    [
        ([], {}, 2, ""),
        (["dance"], {}, 2, "No such command 'dance'."),
        (["export", "--format", "x", "--output", "x"], {}, 2, "Invalid value for '--format'"),
        (["verify", "/nowhere/at/all", "--key", "x"], {}, 2, "does not exist"),
        (["audit", "--session", "x"], {}, 2, "'x' is not a valid UUID"),
        (["journal", "--limit", "0"], {}, 2, "Invalid value for '--limit'"),
        (["seed"], {}, 2, "Missing option '--demo'"),
        (["statement"], {}, 2, "Give --user or --phone."),
        (["statement", "--phone", "+2389000009"], {}, 2, "There is nobody with this number."),
        (["statement", "--phone", "x"], {}, 2, "The request is malformed"),
        (["serve"], {"MAKEBA_PORT": "many"}, 2, "MAKEBA_PORT is not allowed to be 'many'"),
        (["serve", "--demo", "--host", "192.0.2.1"], {}, 2, "--demo listens on this machine only"),
        (["serve", "--port", "0"], {}, 2, "This database is a demo's for good"),
        (["check"], {"MAKEBA_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c"}, 3, "connection"),
        (["migrate"], {"MAKEBA_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c"}, 3, "connection"),
        (["doctor"], {"MAKEBA_PEPPER_FILE": "/nowhere/at/all"}, 3, "The pepper in"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_code(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    variables: dict[str, str],
    code: int,
    why: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found, out, errors = ended(capsys, *arguments)
    assert (found, out) == (code, "")
    if arguments:
        assert len(errors) == 1
        assert errors[0].startswith("makeba: ")
        assert why in errors[0]


def test_a_port_that_is_taken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.console.serving.BIND_SECONDS", 0.1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        code, _, errors = ended(capsys, "serve", "--demo", "--port", port)
    assert code == 3
    assert errors == [f"makeba: Cannot listen on 127.0.0.1 port {port}: Address already in use"]


def test_where_nothing_was_migrated_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAKEBA_HOME", str(tmp_path / "new"))
    code, _, errors = ended(capsys, "check")
    assert code == 3
    assert errors == [
        "makeba: No books are here yet, or not with these passwords: makeba migrate makes them."
    ]


# Servers


class Server:
    """A server of its own."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-m", "server.cli", "serve", "--port", "0", *arguments],
            env=os.environ | {"MAKEBA_HOME": str(home), "MAKEBA_LOG_LEVEL": "warning"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.wait(timeout=60)
        self.says: dict[str, Any] = json.loads(line)

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out


def test_one_line_when_ready_and_nothing_after(tmp_path: Path) -> None:
    server = Server(tmp_path / "home")
    assert list(server.says) == ["ready", "url", "home"]
    assert server.says["ready"] is True
    assert server.says["home"] == str(tmp_path / "home")
    assert httpx.get(f"{server.says['url']}/health/ready").status_code == 200
    assert server.stop() == (0, "")


async def test_on_sigterm_what_has_begun_is_answered(served: Served) -> None:
    server = Server(served.home, "--demo")
    url = f"{server.says['url']}/api/v1/"
    body = {"phone": "+2389000001", "pin": "000000"}

    # One client for all: each has sent its request before the first is answered.
    limits = httpx.Limits(max_connections=60)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as client:

        async def ask() -> int:
            """A status, or 0 when nobody listened any more."""
            try:
                return (await client.post("auth/login", json=body)).status_code
            except httpx.ConnectError:
                return 0

        asking = [asyncio.create_task(ask()) for _ in range(60)]
        await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        assert (await asyncio.to_thread(server.stop)) == (0, "")
        said = await asyncio.gather(*asking)
    assert set(said) <= {401, 429, 503, 0}
    assert 401 in said


async def test_demo_people_do_not_come_into_books_that_are_used(
    database: Database, tmp_path: Path
) -> None:
    passwords = {role: Secret(password) for role, password in PASSWORDS.items()}
    keys = msgspec.structs.replace(secrets.load(tmp_path / "secrets"), passwords=passwords)
    installation = Installation(Settings(home=tmp_path), keys, database.owner)
    await installation.open_books()
    await installation.open_books()
    async with installation.spine() as spine:
        terminal = EnrolTerminal(terminal_id="ATM1", acquirer_id="SISP", place="Praia")
        await spine.submit(terminal, actor="system:test", request_id="one")
    with pytest.raises(NotADemo):
        await demo.seed(installation, Wanted(), refill=False)
    assert not installation.is_demo


async def test_several_workers_are_one_server(served: Served) -> None:
    server = Server(served.home, "--demo", "--workers", "2")
    assert "dsn" in server.says
    url = f"{server.says['url']}/api/v1/"
    async with httpx.AsyncClient(base_url=url) as client:
        user = served.people[1]
        headers = {"Authorization": f"Bearer {await sign_in(client, user)}"}
    body = {"amount": 1000, "userId": user["userId"]}
    position = 0
    for number in range(20):  # a connection each, so that both workers are asked
        async with httpx.AsyncClient(base_url=url, headers=headers) as client:
            key = {"Idempotency-Key": f"workers-{number // 2}"}
            asked = await client.post("withdrawal/atm", json=body, headers=key)
            assert asked.status_code == 201, asked.text
            position = int(asked.headers["X-Log-Position"])
            seen = await client.get("wallet", headers={"X-Log-Position": str(position)})
            assert seen.json()["held"] == 1025
            if number % 2:
                path = f"withdrawal/{asked.json()['transactionId']}/cancel"
                assert (await client.post(path)).status_code == 200
    assert server.stop() == (0, "")


def test_workers_do_not_outlive_their_parent(served: Served) -> None:
    server = Server(served.home, "--demo", "--workers", "2")
    server.process.kill()
    server.process.communicate(timeout=60)  # its workers hold the other end of standard output
    assert not answers(server.says["url"])


def test_a_worker_whose_parent_died_before_it_looked_leaves_too(served: Served) -> None:
    """The first worker answers; the second may still be importing when the parent is killed."""
    server = Server(served.home, "--demo", "--workers", "4")
    server.process.kill()
    server.process.communicate(timeout=60)
    assert not answers(server.says["url"])


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=0.5).is_success
    except httpx.TransportError:
        return False
