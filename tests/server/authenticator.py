"""A software authenticator: makes passkeys and signs with them, as a browser would hand it on."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One device that knows its owner. `counts` is false for those that never count."""

    origin: str = "http://localhost:8080"
    domain: str = "localhost"
    verifies: bool = True
    counts: bool = True
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user: str = ""

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """navigator.credentials.create()"""
        self.user = options["user"]["id"]
        public = self.key.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,
            -2: public.x.to_bytes(32, "big"),
            -3: public.y.to_bytes(32, "big"),
        }
        attested = bytes(16) + struct.pack("!H", len(self.id)) + self.id + cbor2.dumps(cose)
        data = self._data(ATTESTED) + attested
        made = {"fmt": "none", "attStmt": {}, "authData": data}
        client = self._client("webauthn.create", options["challenge"])
        return self._credential(
            clientDataJSON=_b64(client), attestationObject=_b64(cbor2.dumps(made))
        )

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """navigator.credentials.get()"""
        client = self._client("webauthn.get", options["challenge"])
        data = self._data(0)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            clientDataJSON=_b64(client),
            authenticatorData=_b64(data),
            signature=_b64(signed),
            userHandle=self.user,
        )

    def _data(self, flags: int) -> bytes:
        self.count += self.counts
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        of = hashlib.sha256(self.domain.encode()).digest()
        return of + struct.pack("!BI", flags, self.count)

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _credential(self, **response: str) -> dict[str, Any]:
        return {
            "id": _b64(self.id),
            "rawId": _b64(self.id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
