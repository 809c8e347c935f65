"""How the switch signs what it asks and checks what it hears: RFC 9421 over RFC 9530 digests.

Label sig1 over "@method" "@path" "content-digest", with created, nonce, keyid and alg ed25519. A
reply covers "@status" "content-digest" and the signature of its request, so that it cannot be
another's.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519

LABEL = "sig1"
COVERED = ("@method", "@path", "content-digest")
REPLY_COVERED = ("@status", "content-digest")
ITS_REQUEST = '"signature";req;key="sig1"'
KEY_ID = re.compile(r';keyid="([^"]+)"')
WINDOW = timedelta(seconds=120)  # how far the other's clock may be off


class BadReply(Exception):
    """A reply is not signed as it must be: whatever it says was not said."""


class UnknownKey(BadReply):
    """A reply is signed with a key that we do not know, or not any more."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__("the key of this reply is not known")
        self.response = response


class SwitchSignature(httpx.Auth):
    """Signs each request, and checks each reply when the server's keys are known."""

    requires_request_body = True
    requires_response_body = True

    def __init__(
        self,
        key_id: str,
        key: Ed25519PrivateKey,
        server_keys: Mapping[str, Ed25519PublicKey] | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        nonce: Callable[[], str] = lambda: secrets.token_urlsafe(16),
    ) -> None:
        self._key_id = key_id
        self._clock = clock
        self._nonce = nonce
        self._signer = HTTPMessageSigner(
            signature_algorithm=ED25519,
            key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: key}),
        )
        self._verifier = HTTPMessageVerifier(
            signature_algorithm=ED25519,
            key_resolver=MappingKeyResolver(public_keys=server_keys or {}, private_keys={}),
        )
        self._verifier.max_clock_skew = WINDOW
        self._known = frozenset(server_keys or ())

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Raises BadReply."""
        self.sign(request)
        response = yield request
        if self._known:
            self.check(response)

    def sign(self, request: httpx.Request) -> None:
        """Add digest and signature, with a nonce of its own."""
        self._signer.sign(
            request,
            key_id=self._key_id,
            created=self._clock(),
            nonce=self._nonce(),
            label=LABEL,
            covered_component_ids=COVERED,
            body=request.content,
        )

    def check(self, response: httpx.Response) -> None:
        """A success must be bound to its request; one who could not tell who asked (401) signs
        without. Raises BadReply; UnknownKey when it may be another key of theirs."""
        key_id = KEY_ID.search(response.headers.get("Signature-Input", ""))
        if key_id is not None and key_id[1] not in self._known:
            raise UnknownKey(response)
        bound = (ITS_REQUEST,) if response.is_success else ()
        try:
            self._verifier.verify(
                response,
                max_age=timedelta(0),
                require_components=(*REPLY_COVERED, *bound),
                body=response.content,
            )
        except InvalidSignature as error:
            raise BadReply(str(error)) from error


def private_key(pem: str) -> Ed25519PrivateKey:
    """The switch's key, from PKCS#8 PEM."""
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("the switch signs with Ed25519")
    return key


def public_key(encoded: str) -> Ed25519PublicKey:
    """A key of the server's, from its 32 bytes in base64."""
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded))
