"""A real server on a real socket, and callers who mean no good."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pyotp
import pytest

from server.console.serving import AMPLE, RATES, ample_rates
from server.settings import from_environment
from tests.durability.served import Served

HEAD_SECONDS, BODY_SECONDS, READING_SECONDS = 0.5, 0.8, 1.0
HEAD_MAX, STRANGERS, PUBLIC, WRITES, READS, SIGN_INS, AT_ONCE = 4_096, 30, 20, 12, 40, 16, 4
TARGET = b"GET /api/v1/vinti4/keys HTTP/1.1\r\nHost: makeba\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("abuse") / "home"
    limits = {
        "HEAD_SECONDS": HEAD_SECONDS, "BODY_SECONDS": BODY_SECONDS,
        "READING_SECONDS": READING_SECONDS, "HEAD_BYTES_MAX": HEAD_MAX, "REQUESTS_EACH": AT_ONCE,
        "RATE_STRANGERS_PER_MINUTE": STRANGERS, "RATE_PUBLIC_PER_MINUTE": PUBLIC,
        "RATE_WRITES_PER_MINUTE": WRITES, "RATE_READS_PER_MINUTE": READS,
        "RATE_SIGN_IN_PER_MINUTE": SIGN_INS, "CONNECTIONS_EACH": 40, "SCHEMA_PUBLIC": "false",
    }  # fmt: skip
    served = Served(home, **{f"MAKEBA_{name}": str(value) for name, value in limits.items()})
    served.start()
    yield served
    assert httpx.get(f"{served.url}/health/ready").status_code == 200  # it has come through it all
    served.stop()


def from_address(address: str) -> dict[str, str]:
    """As a proxy on this machine says it: each attack comes from a place of its own."""
    return {"X-Forwarded-For": address}


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    limits = httpx.Limits(max_connections=16)
    with httpx.Client(base_url=f"{served.url}/api/v1/", limits=limits, timeout=20) as client:
        yield client


def signed_in(served: Served, client: httpx.Client, role: str, address: str) -> dict[str, str]:
    users = json.loads((served.home / "demo.json").read_text())["users"]
    user = next(each for each in users if each["role"] == role)
    body = {"phone": user["phone"], "pin": user["pin"]}
    said = from_address(address)
    challenge = client.post("auth/login", json=body, headers=said).raise_for_status().json()
    factor = {
        "challengeId": challenge["challengeId"],
        "totp": pyotp.TOTP(user["totpSecret"]).now(),
    }
    token = client.post("auth/factor", json=factor, headers=said).raise_for_status().json()
    return {"Authorization": f"Bearer {token['accessToken']}", **said}


def connected(served: Served) -> socket.socket:
    host, port = served.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=15)


def seconds_until_cut(sock: socket.socket, drip: bytes = b"", pause: float = 0.1) -> float:
    """How long a connection lives that is fed drop by drop."""
    began = time.monotonic()
    sock.settimeout(pause)
    while time.monotonic() - began < 12:
        try:
            if drip:
                sock.sendall(drip)
            if sock.recv(65_536) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


def is_too_many(answer: httpx.Response, routes: str, per_minute: int) -> bool:
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (429, "RATE_LIMITED"), answer.text
    assert int(answer.headers["retry-after"]) == error["details"]["retryAfterSeconds"] >= 1
    return (error["details"]["routes"], error["details"]["perMinute"]) == (routes, per_minute)


def test_a_head_that_never_ends_is_cut_off(served: Served) -> None:
    with connected(served) as sock:
        sock.sendall(TARGET)
        assert seconds_until_cut(sock, b"X-Drop: 1\r\n") < HEAD_SECONDS + 2
    with connected(served) as sock:  # nor is it waited for whoever says nothing at all
        assert seconds_until_cut(sock) < HEAD_SECONDS + 2


def test_a_head_that_is_too_long_is_cut_off(served: Served) -> None:
    with connected(served) as sock:
        sock.sendall(TARGET)
        began = time.monotonic()
        try:
            for _ in range(10_000):
                sock.sendall(b"X-Much: " + b"x" * 1_000 + b"\r\n")
        except OSError:  # whichever way the kernel says it
            pass
        else:
            pytest.fail("ten megabytes of head were taken")
        assert time.monotonic() - began < 10


def test_a_body_that_never_comes_is_cut_off(served: Served) -> None:
    head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: makeba\r\nContent-Type: application/json\r\n"
    with connected(served) as sock:
        sock.sendall(head + b"Content-Length: 1000\r\n\r\n{")
        assert seconds_until_cut(sock, b" ") < BODY_SECONDS + 2


def test_who_does_not_read_is_cut_off(served: Served) -> None:
    """Requests one after the other, whose answers nobody takes."""
    with connected(served) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        asked = b"GET /api/v1/schema/openapi.json HTTP/1.1\r\nHost: makeba\r\n\r\n"
        began = time.monotonic()
        try:
            while time.monotonic() - began < 12:
                sock.sendall(asked * 20)
                time.sleep(0.05)
        except OSError:
            pass
        assert time.monotonic() - began < 12


def test_connections_of_one_address_are_counted(served: Served) -> None:
    open_ones = [connected(served) for _ in range(60)]
    time.sleep(0.2)
    cut = 0
    for sock in open_ones:
        sock.setblocking(False)
        try:
            cut += sock.recv(1) == b""
        except BlockingIOError:
            pass
        except ConnectionError:
            cut += 1
        sock.close()
    assert cut >= 20
    time.sleep(0.2)
    with connected(served) as sock:  # and are forgotten when they end
        sock.sendall(b"GET /health/live HTTP/1.1\r\nHost: makeba\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 200")


def test_what_is_no_http_gets_the_envelope(served: Served) -> None:
    with connected(served) as sock:
        sock.sendall(b"\x16\x03\x01 this is TLS, or nonsense\r\n\r\n")
        answer = sock.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"x-content-type-options: nosniff" in head
    assert json.loads(body)["error"]["code"] == "INVALID_REQUEST"


def test_strangers_are_not_even_looked_at_any_more(client: httpx.Client) -> None:
    guess = {"Authorization": "Bearer " + "A" * 43, **from_address("192.0.2.1")}
    answers = [client.get("balance", headers=guess) for _ in range(STRANGERS + 5)]
    assert [each.status_code for each in answers[:STRANGERS]] == [401] * STRANGERS
    assert is_too_many(answers[-1], "stranger", STRANGERS)
    elsewhere = guess | from_address("192.0.2.2")
    assert client.get("balance", headers=elsewhere).status_code == 401


def test_public_routes_are_counted_by_address_and_health_is_not(client: httpx.Client) -> None:
    said = from_address("192.0.2.3")
    answers = [client.get("vinti4/keys", headers=said) for _ in range(PUBLIC + 1)]
    assert [each.status_code for each in answers[:-1]] == [200] * PUBLIC
    assert is_too_many(answers[-1], "public", PUBLIC)
    health = [client.get("health/live", headers=said).status_code for _ in range(PUBLIC * 3)]
    assert set(health) == {200}


def test_signing_in_is_counted_by_address(client: httpx.Client) -> None:
    said, body = from_address("192.0.2.4"), {"phone": "+2389990000", "pin": "0000"}
    answers = [client.post("auth/login", json=body, headers=said) for _ in range(SIGN_INS + 1)]
    assert is_too_many(answers[-1], "sign_in", SIGN_INS)


def test_a_caller_has_so_many_orders_and_reads_wherever_they_come_from(
    served: Served, client: httpx.Client
) -> None:
    headers = signed_in(served, client, "customer", "192.0.2.5")
    orders = [
        client.post("wallet/wake", headers=headers | from_address(f"192.0.2.{100 + number}"))
        for number in range(WRITES + 1)
    ]
    assert is_too_many(orders[-1], "write", WRITES)
    assert 429 not in {each.status_code for each in orders[:-1]}
    reads = [client.get("balance", headers=headers) for _ in range(READS + 1)]
    assert [each.status_code for each in reads[:-1]] == [200] * READS
    assert is_too_many(reads[-1], "read", READS)


def test_so_many_at_once_of_one_caller(served: Served, client: httpx.Client) -> None:
    headers = signed_in(served, client, "accountant", "192.0.2.6")
    ahead = headers | {"X-Log-Position": "999999"}  # a read that waits for what is not there yet

    def ask(_: int) -> int:
        return client.get("treasury", headers=ahead).status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(ask, range(12)))
    assert statuses.count(429) >= 4
    assert client.get("treasury", headers=headers).status_code == 200


def test_every_reply_has_its_headers_and_none_opens_it_to_other_sites(
    served: Served, client: httpx.Client
) -> None:
    origin = {"Origin": "https://evil.example", **from_address("192.0.2.7")}
    preflight = origin | {"Access-Control-Request-Method": "POST"}
    answers = (
        client.get("balance", headers=origin),
        client.get("nothing", headers=origin),
        client.request("OPTIONS", "transfer", headers=preflight),
        client.request("TRACE", "balance", headers=origin),
        client.get("health/live", headers=origin),
        client.post("auth/login", content=b"x" * 20_000, headers=origin),
    )
    for answer in answers:
        headers: Any = answer.headers
        assert not [name for name in headers if name.startswith("access-control-")]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in headers


def test_the_description_and_the_figures_are_for_this_machine(client: httpx.Client) -> None:
    outside = from_address("192.0.2.8")
    for path in ("schema", "schema/openapi.json", "metrics"):
        assert client.get(path, headers=outside).status_code == 403, path
        assert client.get(path, follow_redirects=True).status_code == 200, path


def test_a_demo_is_ample(tmp_path: Any) -> None:
    home = {"MAKEBA_HOME": str(tmp_path)}
    found = from_environment(home, **ample_rates(home))
    assert {getattr(found, name) for name in RATES} == {AMPLE}
    assert RATES[0] not in ample_rates({f"MAKEBA_{RATES[0].upper()}": "3"})  # somebody's own
