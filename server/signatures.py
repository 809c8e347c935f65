"""The link to the switch: each request signed by its acquirer's key, each reply by ours.

RFC 9421 with the label sig1 over "@method" "@path" "content-digest" and RFC 9530 sha-256, by the
library http-message-signatures. A query is not covered by this profile: what counts stands in the
path or the body.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
    VerifyResult,
)
from http_message_signatures.algorithms import ED25519
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from ledger.errors import Forbidden, Unauthenticated
from server.primary import Primary
from server.wire import ApiRequest

logger = structlog.get_logger(__name__)

LABEL = "sig1"
COVERED = ("@method", "@path", "content-digest")
REPLY_COVERED = ("@status", "content-digest")
ITS_REQUEST = '"signature";req;key="sig1"'
NONCE_CHARS_MAX = 128
KEYS_SECONDS = 1.0  # for so long the list of keys is believed
SERVER_KEY_ID = "makeba"


class SwitchCaller(msgspec.Struct, frozen=True, kw_only=True):
    """The switch, as one acquirer."""

    acquirer_id: str
    key_id: str
    nonce_hash: bytes

    def require_own(self, acquirer_id: str) -> None:
        """Raises Forbidden when a key speaks for another's terminals."""
        if acquirer_id != self.acquirer_id:
            raise Forbidden


class _Message:
    """A request as the library wants to see it."""

    def __init__(self, method: str, url: str, headers: dict[str, str]) -> None:
        self.method = method
        self.url = url
        self.headers = headers


class _ReplyMessage:
    """A reply as the library wants to see it."""

    def __init__(self, status_code: int, headers: dict[str, str], request: _Message) -> None:
        self.status_code = status_code
        self.headers = headers
        self.request = request


class SwitchLink:
    """Checks who signed a request."""

    def __init__(self, primary: Primary, window_seconds: int) -> None:
        self._primary = primary
        self._window = timedelta(seconds=window_seconds)
        self._acquirers: dict[str, str] = {}
        self._resolver = MappingKeyResolver(public_keys={}, private_keys={})
        self._read_at = -KEYS_SECONDS

    async def caller(self, request: ApiRequest, *, note_nonce: bool) -> SwitchCaller:
        """Who signed it. Raises Unauthenticated for anything that is not as it must be."""
        await self._read_keys()
        body = await request.body()
        try:
            verified = self._verified(_message(request.scope), body)
            caller = self._signer(verified)
        except (HTTPMessageSignaturesException, ValueError) as error:
            logger.info("bad signature", reason=str(error)[:200])
            raise Unauthenticated("The signature is not valid.") from error
        structlog.contextvars.bind_contextvars(acquirer=caller.acquirer_id)
        if note_nonce and not await self._primary.use_nonce(caller.nonce_hash):
            raise Unauthenticated("The nonce was used before.")
        request.scope["state"]["signed"] = True
        return caller

    def _verified(self, message: _Message, body: bytes) -> VerifyResult:
        verifier = HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=self._resolver)
        # The age counts from `created`; the skew is allowed both ways, so no age beyond it.
        verifier.max_clock_skew = self._window
        results = verifier.verify(
            message, max_age=timedelta(0), require_components=COVERED, body=body
        )
        (result,) = results
        return result

    def _signer(self, verified: VerifyResult) -> SwitchCaller:
        if verified.label != LABEL or verified.parameters.get("alg") != ED25519.algorithm_id:
            raise ValueError("wrong label or algorithm")
        if verified.body is None or not 0 < len(verified.nonce or "") <= NONCE_CHARS_MAX:
            raise ValueError("no digest or nonce")
        key_id = str(verified.parameters["keyid"])
        nonce = hashlib.sha256(f"{key_id}\n{verified.nonce}".encode()).digest()
        return SwitchCaller(acquirer_id=self._acquirers[key_id], key_id=key_id, nonce_hash=nonce)

    async def _read_keys(self) -> None:
        if self._read_at + KEYS_SECONDS > time.monotonic():
            return
        keys = await self._primary.switch_keys()
        public = {key.id: Ed25519PublicKey.from_public_bytes(key.public_key) for key in keys}
        self._acquirers = {key.id: key.acquirer_id for key in keys}
        self._resolver = MappingKeyResolver(public_keys=public, private_keys={})
        self._read_at = time.monotonic()


class SignedReplies:
    """Signs every reply to the switch, refusals too, with the signature that it answers."""

    def __init__(self, app: ASGIApp, key: Ed25519PrivateKey, prefix: str) -> None:
        self._app = app
        self._prefix = prefix
        resolver = MappingKeyResolver(public_keys={}, private_keys={SERVER_KEY_ID: key})
        self._signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=resolver)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        started: list[Message] = []
        parts: list[bytes] = []

        async def signing(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
                return
            if message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
                if message.get("more_body"):
                    return
                await send(self._signed(started[0], b"".join(parts), scope))
                message["body"] = b"".join(parts)
            await send(message)

        await self._app(scope, receive, signing)

    def _signed(self, start: Any, body: bytes, scope: Any) -> Message:
        covered: Sequence[str] = REPLY_COVERED
        if scope.get("state", {}).get("signed"):
            covered = (*REPLY_COVERED, ITS_REQUEST)
        headers: dict[str, str] = {}
        self._signer.sign(
            _ReplyMessage(start["status"], headers, _message(scope)),
            key_id=SERVER_KEY_ID,
            label=LABEL,
            covered_component_ids=covered,
            body=body,
        )
        added = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        start["headers"] = [*start["headers"], *added]
        return start  # type: ignore[no-any-return]


def public_key(key: Ed25519PrivateKey) -> str:
    """The key that our replies are checked with: 32 bytes in base64."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def _message(scope: Any) -> _Message:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        decoded = name.decode("latin-1")
        joined = f"{headers[decoded]}, " if decoded in headers else ""
        headers[decoded] = joined + value.decode("latin-1")
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").split("?")[0]
    query = scope.get("query_string", b"").decode("latin-1")
    # No part of a signature depends on the host: another name for us signs as well.
    url = f"https://makeba{path}" + (f"?{query}" if query else "")
    return _Message(scope["method"], url, headers)
