"""What the switch signs, the library's own verifier accepts; what is changed on the way, nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
    VerifyResult,
)
from http_message_signatures.algorithms import ED25519

from simulator.signatures import COVERED, ITS_REQUEST, LABEL, BadReply, SwitchSignature, private_key

OURS, THEIRS = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
URL = "https://makeba.example/api/v1/vinti4/authorisations"
BODY = b'{"amount":2000}'


def signature(**options: Any) -> SwitchSignature:
    """The switch's, which knows the server's key."""
    return SwitchSignature("switch-1", OURS, {"makeba": THEIRS.public_key()}, **options)


def signed(method: str = "POST", content: bytes = BODY, **options: Any) -> httpx.Request:
    """A request that is ready to go."""
    request = httpx.Request(method, URL, content=content)
    signature(**options).sign(request)
    return request


def verified(request: httpx.Request, body: bytes = BODY) -> VerifyResult:
    """What the other side makes of it. Raises InvalidSignature."""
    keys = MappingKeyResolver(public_keys={"switch-1": OURS.public_key()}, private_keys={})
    verifier = HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=keys)
    (result,) = verifier.verify(request, require_components=COVERED, body=body)
    return result


def answered(
    request: httpx.Request, body: bytes = b"{}", status: int = 200, *, bound: bool = True
) -> httpx.Response:
    """A reply, signed by the server."""
    response = httpx.Response(status, content=body, request=request)
    keys = MappingKeyResolver(public_keys={}, private_keys={"makeba": THEIRS})
    HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=keys).sign(
        response,
        key_id="makeba",
        created=datetime.now(UTC),
        label=LABEL,
        covered_component_ids=("@status", "content-digest", *((ITS_REQUEST,) if bound else ())),
        body=body,
    )
    return response


@pytest.mark.parametrize(("method", "content"), [("POST", BODY), ("GET", b"")])
def test_a_signed_request_is_accepted_by_a_verifier(method: str, content: bytes) -> None:
    result = verified(signed(method, content), content)
    assert (result.label, result.parameters["alg"]) == ("sig1", "ed25519")
    assert result.parameters["keyid"] == "switch-1"
    assert result.nonce


def test_the_digest_is_a_sha_256_of_the_body() -> None:
    assert signed().headers["content-digest"].startswith("sha-256=:")


def test_every_request_has_a_nonce_of_its_own() -> None:
    assert verified(signed()).nonce != verified(signed()).nonce


def test_the_moment_of_signing_is_the_clocks() -> None:
    moment = datetime.now(UTC) - timedelta(seconds=90)
    assert verified(signed(clock=lambda: moment)).parameters["created"] == int(moment.timestamp())


def test_another_body_is_not_accepted() -> None:
    with pytest.raises(InvalidSignature):
        verified(signed(), b'{"amount":9000}')


@pytest.mark.parametrize(
    ("method", "url"), [("PUT", URL), ("POST", URL.replace("authorisations", "reversals"))]
)
def test_another_method_or_path_is_not_accepted(method: str, url: str) -> None:
    request = signed()
    moved = SimpleNamespace(method=method, url=url, headers=request.headers)
    with pytest.raises(InvalidSignature):
        verified(moved)  # type: ignore[arg-type]


def test_a_reply_to_this_request_is_believed() -> None:
    signature().check(answered(signed()))


def test_a_reply_to_another_request_is_not() -> None:
    reply = answered(signed())
    reply.request = signed()
    with pytest.raises(BadReply):
        signature().check(reply)


def test_a_reply_that_was_changed_is_not() -> None:
    request = signed()
    reply = answered(request, b'{"responseCode":"55"}')
    forged = httpx.Response(
        200, content=b'{"responseCode":"00"}', headers=reply.headers, request=request
    )
    with pytest.raises(BadReply):
        signature().check(forged)


def test_a_reply_without_a_signature_is_not() -> None:
    with pytest.raises(BadReply):
        signature().check(httpx.Response(200, content=b"{}", request=signed()))


def test_only_a_refusal_may_be_signed_without_its_request() -> None:
    signature().check(answered(signed(), status=401, bound=False))
    with pytest.raises(BadReply):
        signature().check(answered(signed(), bound=False))


async def test_a_client_that_uses_it_signs_and_checks_by_itself() -> None:
    def server(request: httpx.Request) -> httpx.Response:
        verified(request)
        return answered(request, b'{"responseCode":"00"}')

    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as client:
        reply = await client.post(URL, content=BODY, auth=signature())
        assert reply.json() == {"responseCode": "00"}
    unsigned = httpx.MockTransport(lambda _: httpx.Response(200))
    async with httpx.AsyncClient(transport=unsigned) as client:
        with pytest.raises(BadReply):
            await client.post(URL, content=BODY, auth=signature())


def test_the_key_is_read_from_pem() -> None:
    pem = OURS.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert private_key(pem).public_key() == OURS.public_key()
