"""The keys of a machine's line, derived from one secret of the link: for the MACs of messages."""

from __future__ import annotations

import hmac
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

MAC_BYTES = 8
KEY_BYTES = 32


class LinkKeys:
    """What switch and machines share. Each terminal has a key of its own."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def mac(self, terminal_id: str, message: bytes) -> bytes:
        """HMAC-SHA256 of the message up to its MAC field, cut to the field's eight bytes."""
        key = self._derived(b"mac", terminal_id)
        return hmac.new(key, message, sha256).digest()[:MAC_BYTES]

    def is_mac(self, terminal_id: str, message: bytes, mac: bytes) -> bool:
        """Whether the message is as its terminal, or the switch for that, has sent it."""
        return hmac.compare_digest(self.mac(terminal_id, message), mac)

    def _derived(self, purpose: bytes, terminal_id: str) -> bytes:
        info = b"vinti4 simulated " + purpose + b" " + terminal_id.encode()
        return HKDFExpand(algorithm=SHA256(), length=KEY_BYTES, info=info).derive(self._secret)
