"""The link to the switch: each request signed by its acquirer's key, each reply by ours.

RFC 9421 with the label sig1 over "@method" "@path" "content-digest" and RFC 9530 sha-256, by the
library http-message-signatures. A query is not covered by this profile: what counts stands in the
path or the body.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    MappingKeyResolver,
    VerifyResult,
)
from http_message_signatures.algorithms import ED25519
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from ledger.errors import Forbidden, Unauthenticated
from server.credentials import CredentialsDesk
from server.primary import Primary
from server.reply_keys import ReplyKeys
from server.wire import ApiRequest

logger = structlog.get_logger(__name__)

LABEL = "sig1"
COVERED = ("@method", "@path", "content-digest")
REPLY_COVERED = ("@status", "content-digest")
ITS_REQUEST = '"signature";req;key="sig1"'
NONCE_CHARS_MAX = 128
KEYS_SECONDS = 1.0  # for so long the lists of keys and certificates are believed

CameWith = Callable[[Any], str | None]  # the fingerprint of a request's client certificate


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

    def __init__(
        self,
        desk: CredentialsDesk,
        primary: Primary,
        window_seconds: int,
        came_with: CameWith | None = None,
    ) -> None:
        """`came_with` finds a request's client certificate; None where none is asked for: the
        server can then be reached from its own machine only."""
        self._desk = desk
        self._primary = primary
        self._window = timedelta(seconds=window_seconds)
        self._came_with = came_with
        self._acquirers: dict[str, str] = {}
        self._certificates: dict[str, str] = {}
        self._reading = asyncio.Lock()
        self._resolver = MappingKeyResolver(public_keys={}, private_keys={})
        self._read_at = -KEYS_SECONDS

    async def caller(
        self, request: ApiRequest, *, note_nonce: bool, streamed: bool = False
    ) -> SwitchCaller:
        """Who signed it. Raises Unauthenticated for anything that is not as it must be. Of
        one that is `streamed` the body is left unread: its digest is still to be compared."""
        await self._read_keys()
        body = None if streamed else await request.body()
        try:
            verified = self._verified(_message(request.scope), body)
            caller = self._signer(verified, streamed=streamed)
        except (HTTPMessageSignaturesException, ValueError) as error:
            logger.info("bad signature", reason=str(error)[:200])
            raise Unauthenticated("The signature is not valid.") from error
        structlog.contextvars.bind_contextvars(acquirer=caller.acquirer_id)
        self._require_certificate(request.scope, caller.acquirer_id)
        if note_nonce and not await self._primary.use_nonce(caller.nonce_hash):
            raise Unauthenticated("The nonce was used before.")
        request.scope["state"]["signed"] = True
        return caller

    def _require_certificate(self, scope: Any, acquirer_id: str) -> None:
        """Raises Unauthenticated unless a certificate of the same acquirer's came with it."""
        if self._came_with is None:
            return
        fingerprint = self._came_with(scope)
        if fingerprint is None or self._certificates.get(fingerprint) != acquirer_id:
            logger.info("bad client certificate", fingerprint=fingerprint)
            raise Unauthenticated("The link asks for a client certificate of this acquirer.")

    def _verified(self, message: _Message, body: bytes | None) -> VerifyResult:
        verifier = HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=self._resolver)
        # The age counts from `created`; the skew is allowed both ways, so no age beyond it.
        verifier.max_clock_skew = self._window
        results = verifier.verify(
            message, max_age=timedelta(0), require_components=COVERED, body=body
        )
        (result,) = results
        return result

    def _signer(self, verified: VerifyResult, *, streamed: bool) -> SwitchCaller:
        if verified.label != LABEL or verified.parameters.get("alg") != ED25519.algorithm_id:
            raise ValueError("wrong label or algorithm")
        undigested = verified.body is None and not streamed
        if undigested or not 0 < len(verified.nonce or "") <= NONCE_CHARS_MAX:
            raise ValueError("no digest or nonce")
        key_id = str(verified.parameters["keyid"])
        nonce = hashlib.sha256(f"{key_id}\n{verified.nonce}".encode()).digest()
        return SwitchCaller(acquirer_id=self._acquirers[key_id], key_id=key_id, nonce_hash=nonce)

    async def _read_keys(self) -> None:
        if self._read_at + KEYS_SECONDS > time.monotonic():
            return
        # One asks, and the others wait for it: each second all messages that are under way would
        # want a connection of their own.
        async with self._reading:
            await self._read_keys_once()

    async def _read_keys_once(self) -> None:
        if self._read_at + KEYS_SECONDS > time.monotonic():
            return
        keys = await self._desk.good_keys()
        if self._came_with is not None:
            found = await self._desk.good_certificates()
            self._certificates = {each.fingerprint: each.acquirer_id for each in found}
        public = {key.id: Ed25519PublicKey.from_public_bytes(key.public_key) for key in keys}
        self._acquirers = {key.id: key.acquirer_id for key in keys}
        self._resolver = MappingKeyResolver(public_keys=public, private_keys={})
        self._read_at = time.monotonic()


class SignedReplies:
    """Signs every reply to the switch, refusals too, with the signature that it answers."""

    def __init__(self, app: ASGIApp, keys: ReplyKeys, prefix: str) -> None:
        self._app = app
        self._prefix = prefix
        self._keys = keys

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
        key_id, signer = self._keys.signer()
        signer.sign(
            _ReplyMessage(start["status"], headers, _message(scope)),
            key_id=key_id,
            label=LABEL,
            covered_component_ids=covered,
            body=body,
        )
        added = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        start["headers"] = [*start["headers"], *added]
        return start  # type: ignore[no-any-return]


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
