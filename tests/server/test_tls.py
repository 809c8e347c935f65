"""TLS: who gets in, with what, and certificates that change while the server works."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from commands.command import Command
from commands.switch.certificate import BindCertificate, RetireCertificate
from server.authority import Authority, Issued, NoAuthority, read_certificate
from server.console.serving import listening, serving, url_of
from server.installation import Installation
from server.postgres import Cluster
from server.settings import API, BadSetting, Settings, from_environment
from server.tls import CERTIFICATE, PEER, BadTls, TlsFiles, came_with, context_of
from tests.server.conftest import Running, World, cloned
from tests.server.people import Switch

NAMES = ("localhost", "127.0.0.1")
ECHO = "vinti4/echo"


class House:
    """An authority, a server with its certificate, and those of two switches."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.authority = Authority.begin(home / "ca", "test CA")
        self.server = self.authority.for_server(NAMES, home / "server")
        self.switch = self.authority.for_client("switch", home / "switch")
        self.other = self.authority.for_client("other", home / "other")

    @property
    def ca(self) -> Path:
        return self.home / "ca" / "ca.crt"

    def trusting(self, shown: Issued | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.ca))
        if shown is not None:
            context.load_cert_chain(shown.certificate, shown.key)
        return context


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def settings(house: House, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        port=0,
        pin_threads=1,
        tls_cert=house.server.certificate,
        tls_key=house.server.key,
        tls_client_ca=house.ca,
    )


class Shaken(Running):
    """A server over TLS, asked by whoever has a context."""

    url: str

    def asking(self, context: ssl.SSLContext) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"{self.url}{API}/", verify=context, timeout=30)

    @asynccontextmanager
    async def as_switch(self, context: ssl.SSLContext) -> AsyncIterator[Switch]:
        async with self.asking(context) as client:
            yield Switch(client, self.demo.switch, self.demo.terminals[0].terminal_id)

    async def do(self, command: Command[Any]) -> None:
        async with self.installation.spine() as spine:
            await spine.submit(command, actor="system:test", request_id="link")
        await asyncio.sleep(1.05)  # the lists are believed for a second


@pytest.fixture
async def server(
    cluster: Cluster, world: World, settings: Settings, house: House
) -> AsyncIterator[Shaken]:
    with cloned(cluster, world) as owner_url, listening(settings) as sock:
        installation = Installation(settings, world.keys, owner_url)
        async with serving(installation, sock):
            found = Shaken(None, installation, world.demo, None)  # type: ignore[arg-type]
            found.url = url_of(settings, sock)
            yield found


async def test_customers_need_no_certificate_and_nothing_old_is_spoken(
    server: Shaken, house: House
) -> None:
    async with server.asking(house.trusting()) as client:
        answer = await client.get("health/ready")
        assert (answer.status_code, server.url.split(":")[0]) == (200, "https")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = house.trusting()
        context.minimum_version = context.maximum_version = version
        async with server.asking(context) as client:
            assert (await client.get("health/ready")).status_code == 200
    for context in (old_tls(house), without_forward_secrecy(house)):
        async with server.asking(context) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get("health/ready")


def old_tls(house: House) -> ssl.SSLContext:
    context = house.trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def without_forward_secrecy(house: House) -> ssl.SSLContext:
    context = house.trusting()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-SHA:AES256-SHA:ECDHE-ECDSA-AES128-SHA")
    return context


async def test_the_switch_needs_a_certificate_of_its_own_acquirer(
    server: Shaken, house: House
) -> None:
    echo = {"acquirerId": server.demo.switch.acquirer_id}
    mine = BindCertificate(
        fingerprint=house.switch.fingerprint,
        acquirer_id=server.demo.switch.acquirer_id,
        not_after=house.switch.not_after,
    )
    another = BindCertificate(
        fingerprint=house.other.fingerprint,
        acquirer_id="OTHER",
        not_after=house.other.not_after,
    )
    async with server.as_switch(house.trusting(house.switch)) as switch:
        assert (await switch.send(ECHO, echo)).status_code == 401  # nobody knows whose it is
    await server.do(mine)
    await server.do(another)
    async with (
        server.as_switch(house.trusting(house.switch)) as right,
        server.as_switch(house.trusting(house.other)) as others,
        server.as_switch(house.trusting()) as without,
    ):
        assert (await right.send(ECHO, echo)).status_code == 200
        for wrong in (others, without):
            answer = await wrong.send(ECHO, echo)
            assert answer.status_code == 401
            assert "client certificate" in answer.json()["error"]["message"]
            told = await wrong.send(
                ECHO, echo, tamper={"Client-Cert": told_by_a_proxy(house.switch)}
            )
            assert told.status_code == 401  # nobody here is a proxy
        # A certificate alone is nothing either.
        assert (await right.client.post(ECHO, json=echo)).status_code == 401
        await server.do(RetireCertificate(fingerprint=house.switch.fingerprint))
        assert (await right.send(ECHO, echo)).status_code == 401


async def test_certificates_of_others_do_not_even_shake_hands(
    server: Shaken, house: House, tmp_path: Path
) -> None:
    stranger = Authority.begin(tmp_path / "ca", "test CA").for_client("switch", tmp_path / "s")
    over = house.authority.for_client("late", tmp_path / "late", days=0)
    for shown in (stranger, over, house.server):  # the server's own is no client's
        async with server.as_switch(house.trusting(shown)) as switch:
            with pytest.raises(httpx.TransportError):
                await switch.send(ECHO, {"acquirerId": server.demo.switch.acquirer_id})


async def test_a_new_certificate_is_taken_up_and_open_connections_go_on(
    server: Shaken, house: House
) -> None:
    async with server.asking(house.trusting()) as client:
        await client.get("health/live")
        before = await shown_by(server, house)
        house.server.key.write_text("half of a pair")  # a slow hand: nothing fits together now
        await asyncio.sleep(1.1)
        assert await shown_by(server, house) == before
        renewed = house.authority.for_server(NAMES, house.home / "server")
        async with asyncio.timeout(5):
            while await shown_by(server, house) != renewed.fingerprint:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert (await client.get("health/live")).status_code == 200


async def shown_by(server: Shaken, house: House) -> str:
    host, port = server.url.removeprefix("https://").split(":")
    _, writer = await asyncio.open_connection(
        host, int(port), ssl=house.trusting(), server_hostname="localhost"
    )
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    return hashlib.sha256(der).hexdigest()


# Behind a proxy


def told_by_a_proxy(issued: Issued) -> str:
    der = x509.load_pem_x509_certificate(issued.certificate.read_bytes()).public_bytes(Encoding.DER)
    return f":{base64.b64encode(der).decode()}:"


def asked(peer: str, *told: str, own: str | None = None) -> dict[str, Any]:
    state = {PEER: peer} | ({} if own is None else {CERTIFICATE: own})
    return {"state": state, "headers": [(b"client-cert", each.encode()) for each in told]}


def test_only_a_declared_proxy_is_believed(house: House) -> None:
    find = came_with(("10.0.0.5", "192.168.7.0/24"))
    told = told_by_a_proxy(house.switch)
    for peer in ("10.0.0.5", "192.168.7.200"):
        assert find(asked(peer, told)) == house.switch.fingerprint
        assert find(asked(peer)) is None
        assert find(asked(peer, own=house.other.fingerprint)) is None  # the proxy's own
        for bad in ("", "nonsense", told[1:], told[:-1], ":!:", ":"):
            assert find(asked(peer, bad)) is None
        assert find(asked(peer, told, told)) is None
    for peer in ("10.0.0.6", "127.0.0.1", "192.168.8.1", "", "unix"):
        assert find(asked(peer, told)) is None
        assert find(asked(peer, told, own="mine")) == "mine"


# Before it starts


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"MAKEBA_TLS_CERT": "c"}, "belong together"),
        ({"MAKEBA_TLS_KEY": "k"}, "belong together"),
        ({"MAKEBA_TLS_CLIENT_CA": "a"}, "needs MAKEBA_TLS_CERT"),
        ({"MAKEBA_BEHIND_PROXY": "proxy.example"}, "no address and no network"),
        ({"MAKEBA_BEHIND_PROXY": "10.0.0.1/8"}, "no address and no network"),
    ],
)
def test_what_does_not_go_together_is_refused(variables: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        from_environment(variables)


def test_files_that_cannot_be_used_are_refused(house: House, tmp_path: Path) -> None:
    good = TlsFiles(certificate=house.server.certificate, key=house.server.key)
    context_of(good)
    for certificate, key in (
        (tmp_path / "none", house.server.key),
        (house.server.certificate, tmp_path / "none"),
        (house.server.certificate, house.switch.key),
        (house.server.key, house.server.key),
    ):
        with pytest.raises(BadTls):
            context_of(TlsFiles(certificate=certificate, key=key))
    with pytest.raises(BadTls):
        context_of(TlsFiles(certificate=good.certificate, key=good.key, client_ca=house.server.key))
    house.server.key.chmod(0o640)
    with pytest.raises(BadTls, match="read by others"):
        context_of(good)
    house.server.key.chmod(0o600)


# The authority


def test_the_authority_signs_what_it_says_and_no_more(house: House) -> None:
    root = Authority.of(house.home / "ca").certificate
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    builder = x509.verification.PolicyBuilder().store(x509.verification.Store([root]))
    leaf, client = (
        x509.load_pem_x509_certificate(each.certificate.read_bytes())
        for each in (house.server, house.switch)
    )
    builder.build_server_verifier(x509.DNSName("localhost")).verify(leaf, [])
    with pytest.raises(x509.verification.VerificationError):
        builder.build_server_verifier(x509.DNSName("localhost")).verify(client, [])
    with pytest.raises(x509.verification.VerificationError):
        builder.build_server_verifier(x509.DNSName("elsewhere")).verify(leaf, [])
    assert {each.stat().st_mode & 0o777 for each in (house.server.key, house.switch.key)} == {0o600}
    assert read_certificate(house.switch.certificate) == (
        house.switch.fingerprint,
        client.not_valid_after_utc,
    )
    assert house.switch.not_after - datetime.now(UTC) < timedelta(days=90)


def test_there_is_one_authority_in_a_place(house: House, tmp_path: Path) -> None:
    with pytest.raises(NoAuthority, match="already"):
        Authority.begin(house.home / "ca", "another")
    with pytest.raises(NoAuthority, match="no authority"):
        Authority.of(tmp_path)
    with pytest.raises(NoAuthority, match="no certificate"):
        read_certificate(house.server.key)
