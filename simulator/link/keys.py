"""The keys of a machine's line, derived from one secret of the link: for MACs, to seal codes."""

from __future__ import annotations

import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

MAC_BYTES = 8
KEY_BYTES = 32
NONCE_BYTES = 12


class Unreadable(Exception):
    """A sealed code cannot be opened with this terminal's key for this request."""


class LinkKeys:
    """What switch and machines share. Each terminal has keys of its own."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def mac(self, terminal_id: str, message: bytes) -> bytes:
        """HMAC-SHA256 of the message up to its MAC field, cut to the field's eight bytes."""
        key = self._derived(b"mac", terminal_id)
        return hmac.new(key, message, sha256).digest()[:MAC_BYTES]

    def is_mac(self, terminal_id: str, message: bytes, mac: bytes) -> bool:
        """Whether the message is as its terminal, or the switch for that, has sent it."""
        return hmac.compare_digest(self.mac(terminal_id, message), mac)

    def sealed(self, terminal_id: str, code: str, request: str) -> bytes:
        """A code that only the switch can read, and only for this request."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher(terminal_id).encrypt(nonce, code.encode(), request.encode())

    def opened(self, terminal_id: str, sealed: bytes, request: str) -> str:
        """The code. Raises Unreadable."""
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._cipher(terminal_id).decrypt(nonce, rest, request.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise Unreadable(terminal_id) from error

    def _cipher(self, terminal_id: str) -> AESGCM:
        return AESGCM(self._derived(b"code", terminal_id))

    def _derived(self, purpose: bytes, terminal_id: str) -> bytes:
        info = b"vinti4 simulated " + purpose + b" " + terminal_id.encode()
        return HKDFExpand(algorithm=SHA256(), length=KEY_BYTES, info=info).derive(self._secret)
