"""JSON Web Encryption: what machines encrypt to us, and what we encrypt to one customer's device.

Compact form (RFC 7516 §3.1), AES-256-GCM, and nothing negotiable: what a header asks for beyond
that is refused before anything is decrypted. A `zip` could unfold a few bytes into all our memory.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from server.keyring import Version
from server.secrets import LiveKeyring

ENC = "A256GCM"
ECDH, RSA = "ECDH-ES", "RSA-OAEP-256"
HEADER = {"alg", "enc", "kid", "epk", "cty", "typ"}
JWE_CHARS_MAX = 1_024
RSA_BITS = range(2_048, 8_193)
CURVE = "P-256"
CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SEED_BYTES = 48  # 16 more than the order has, so that no key is likelier (FIPS 186-5 §A.2.1)
EC_PUBLIC, RSA_PUBLIC = ("kty", "crv", "x", "y"), ("kty", "n", "e")


class BadJose(Exception):
    """It is not encrypted to us, or is no key. The sentence says why, and quotes nothing."""


class IssuerKey(msgspec.Struct, frozen=True):
    """A public key of ours to which cash machines encrypt (RFC 7517)."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    use: str = "enc"
    alg: str = ECDH


class _Header(msgspec.Struct, frozen=True):
    alg: str
    enc: str
    kid: str


class IssuerKeys:
    """Opens what was encrypted to any version that is kept; publishes the active one first."""

    def __init__(self, keyring: LiveKeyring) -> None:
        self._keyring = keyring
        self._made: dict[tuple[int, bytes], ECKey] = {}

    def published(self) -> tuple[IssuerKey, ...]:
        """The one to encrypt to now, then the others."""
        return tuple(
            IssuerKey(**_public(self._key(each)), kid=id_of(each))
            for each in self._keyring.now.active_first()
        )

    def open(self, text: str) -> bytes:
        """What was encrypted. Raises BadJose."""
        header = _header_of(text)
        if (header.alg, header.enc) != (ECDH, ENC):
            raise BadJose(f"is not {ECDH} with {ENC}")
        found = [each for each in self._keyring.now.versions if id_of(each) == header.kid]
        if not found:
            raise BadJose("was encrypted to a key that we do not have")
        try:
            opened = jwe.decrypt_compact(text, self._key(found[0]), algorithms=[ECDH, ENC])
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise BadJose("cannot be opened") from error
        if opened.plaintext is None:
            raise BadJose("cannot be opened")
        return opened.plaintext

    def _key(self, version: Version) -> ECKey:
        """Keys that went out of the ring go from here too, with the next one that is made."""
        name = (version.number, version.key)
        if name not in self._made:
            kept = {(each.number, each.key) for each in self._keyring.now.versions}
            self._made = {each: key for each, key in self._made.items() if each in kept}
            self._made[name] = _private_key(version)
        return self._made[name]


def id_of(version: Version) -> str:
    """What a version of the issuer's key is called on the wire."""
    return f"issuer-{version.number}"


def device_key(jwk: dict[str, Any]) -> tuple[str, str]:
    """The thumbprint (RFC 7638) and the public members of a device's key, as JSON.

    Raises BadJose for what is no public key of P-256 or of RSA with 2,048 bits or more: a private
    one that somebody sends by mistake is known to too many, and is refused as well.
    """
    members = {"EC": EC_PUBLIC, "RSA": RSA_PUBLIC}.get(str(jwk.get("kty")), ())
    if not members or "d" in jwk or not all(isinstance(jwk.get(each), str) for each in members):
        raise BadJose("is no public key of kty EC or RSA")
    public = {each: jwk[each] for each in members}
    try:
        key = _imported(public)
        fits = _fits(key)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadJose("is no key that can be read") from error
    if not fits:
        raise BadJose(f"is neither {CURVE} nor RSA of {RSA_BITS[0]} to {RSA_BITS[-1]} bits")
    return key.thumbprint(), msgspec.json.encode(public, order="sorted").decode()


def sealed_for(kid: str, jwk: str, content: bytes) -> bytes:
    """Encrypted so that only the device with this key can read it."""
    members = msgspec.json.decode(jwk)
    key = _imported(members)
    alg = ECDH if members["kty"] == "EC" else RSA
    header = {"alg": alg, "enc": ENC, "kid": kid, "cty": "json"}
    return jwe.encrypt_compact(header, content, key, algorithms=[alg, ENC]).encode()


def _header_of(text: str) -> _Header:
    """Raises BadJose."""
    first, *others = text.split(".")
    if len(others) != 4 or len(text) > JWE_CHARS_MAX:
        raise BadJose("is not a JWE in compact form")
    try:
        raw = base64.b64decode(first + "=" * (-len(first) % 4), b"-_", validate=True)
        members = msgspec.json.decode(raw, type=dict[str, Any])
        header = msgspec.convert(members, _Header)
    except (ValueError, RecursionError) as error:
        raise BadJose("has no header that can be read") from error
    if members.keys() - HEADER:
        raise BadJose("has a header with more in it than is known here")
    return header


def _imported(members: dict[str, Any]) -> ECKey | RSAKey:
    if members["kty"] == "EC":
        return ECKey.import_key(members)
    return RSAKey.import_key(members)


def _fits(key: ECKey | RSAKey) -> bool:
    if isinstance(key, ECKey):
        return key.curve_name == CURVE
    return key.raw_value.key_size in RSA_BITS


def _private_key(version: Version) -> ECKey:
    seed = HKDFExpand(algorithm=SHA256(), length=SEED_BYTES, info=b"makeba issuer P-256")
    number = int.from_bytes(seed.derive(version.key), "big") % (CURVE_ORDER - 1) + 1
    key = ec.derive_private_key(number, ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return ECKey.import_key(pem)


def _public(key: ECKey) -> dict[str, str]:
    members: Iterable[tuple[str, Any]] = key.as_dict(private=False).items()
    return {name: str(value) for name, value in members if name in EC_PUBLIC}
