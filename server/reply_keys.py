"""Our keys of the link to the switch: what signs our replies, and what the switch checks them with.

A new version is published as soon as it is made, and signs when its time has come; an old one stays
published until it is retired. So a switch that looks again when it meets a key that it does not
know never has to refuse a reply.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519

from server.keyring import Version
from server.secrets import LiveKeyring


class PublicKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key of ours; `public_key` is 32 bytes in base64. It signs from `since` on."""

    key_id: str
    alg: str
    public_key: str
    since: datetime | None
    until: datetime | None


class ReplyKeys:
    """Signs with the active version, publishes all of them."""

    def __init__(self, keyring: LiveKeyring) -> None:
        self._keyring = keyring
        self._signers: dict[str, HTTPMessageSigner] = {}

    def signer(self) -> tuple[str, HTTPMessageSigner]:
        """The id of the active key, and what signs with it."""
        version = self._keyring.now.active()
        key_id = id_of(version)
        if key_id not in self._signers:
            keys = {key_id: private_key_of(version)}
            resolver = MappingKeyResolver(public_keys={}, private_keys=keys)
            # One at a time: what was retired is not kept.
            self._signers = {
                key_id: HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=resolver)
            }
        return key_id, self._signers[key_id]

    def published(self) -> tuple[PublicKey, ...]:
        """The one that signs now, then the others."""
        return tuple(
            PublicKey(
                key_id=id_of(version),
                alg="ed25519",
                public_key=public_key(private_key_of(version)),
                since=_moment(version.since),
                until=_moment(version.until),
            )
            for version in self._keyring.now.active_first()
        )


def id_of(version: Version) -> str:
    """What a version is called on the wire."""
    return f"makeba-{version.number}"


def private_key_of(version: Version) -> Ed25519PrivateKey:
    """The key whose seed it is (RFC 8032 §5.1.5)."""
    return Ed25519PrivateKey.from_private_bytes(version.key)


def public_key(key: Ed25519PrivateKey) -> str:
    """Its public half: 32 bytes in base64."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
