"""TLS: the server's certificate, renewed while it works, and the client certificates that come in.

One port serves everybody. Whoever has a certificate of the declared authority may show it; only the
switch's routes ask for one. Behind a declared proxy the proxy shakes hands, and tells what it saw
in the header Client-Cert (RFC 9440), which nobody else is believed.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ipaddress
import re
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog
from cryptography import x509

logger = structlog.get_logger(__name__)

CERTIFICATE = "client_certificate"  # in the state of a request: what its connection came with
PEER = "peer"  # the other end of the connection, whatever a proxy says of its own peers
CLIENT_CERT = b"client-cert"
BYTE_SEQUENCE = re.compile(rb":([A-Za-z0-9+/]+=*):")
# Of TLS 1.2 only what is also in 1.3: forward secrecy and authenticated encryption.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
RELOAD_SECONDS = 1.0


class BadTls(Exception):
    """Certificate, key or authority cannot be used."""


class TlsFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Where certificate chain, key and the authority of client certificates are."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    @property
    def stamp(self) -> tuple[tuple[int, int], ...]:
        """What changes when one of them does. Raises OSError."""
        files = (self.certificate, self.key, *((self.client_ca,) if self.client_ca else ()))
        return tuple((each.stat().st_ino, each.stat().st_mtime_ns) for each in files)


def context_of(files: TlsFiles) -> ssl.SSLContext:
    """A server's context: TLS 1.2 or newer. Raises BadTls."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    _load(context, files)
    if files.client_ca is not None:
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def following(files: TlsFiles, *_: Any) -> ssl.SSLContext:
    """The same, and it follows its files: what shakes hands later sees the new certificate.

    Called inside the event loop that serves; uvicorn gives it more than it needs.
    """
    context = context_of(files)
    _follow(asyncio.get_running_loop(), context, files, files.stamp)
    return context


def _follow(
    loop: asyncio.AbstractEventLoop, context: ssl.SSLContext, files: TlsFiles, seen: Any
) -> None:
    def look() -> None:
        now = seen
        try:
            now = files.stamp
            if now != seen:
                _load(context, files)
                logger.info("certificate was read", until=str(not_after(files.certificate)))
        except (OSError, BadTls) as error:
            # Half of a pair is there, most likely: the other half comes, and this is tried again.
            logger.warning("certificate cannot be used yet", why=str(error))
            now = seen
        _follow(loop, context, files, now)

    loop.call_later(RELOAD_SECONDS, look)


def _load(context: ssl.SSLContext, files: TlsFiles) -> None:
    try:
        if files.key.stat().st_mode & 0o077:
            raise BadTls(f"{files.key} can be read by others: set its mode to 0600")
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
        if files.client_ca is not None:
            context.load_verify_locations(files.client_ca)
    except (OSError, ssl.SSLError) as error:
        raise BadTls(f"{files.certificate} with {files.key}: {_reason(error)}") from error


def _no_password() -> str:
    # Without this OpenSSL asks on the terminal, for ever when nobody sits there.
    return ""


def _reason(error: OSError) -> str:
    return str(getattr(error, "reason", None) or error.strerror or error)


def trusting(certificate: Path) -> ssl.SSLContext:
    """A client's context that trusts this very certificate, whatever name it has: our own."""
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def not_after(certificate: Path) -> datetime:
    """Until when a certificate is good. Raises OSError, ValueError."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def fingerprint_of(der: bytes) -> str:
    """The SHA-256 of a certificate, in hexadecimal."""
    return hashlib.sha256(der).hexdigest()


def told_by(transport: asyncio.BaseTransport, peer: str) -> dict[str, str]:
    """What the state of each request tells of its connection: who is at the other end, and the
    fingerprint of the certificate that they came with."""
    shaken = transport.get_extra_info("ssl_object")
    der = None if shaken is None else shaken.getpeercert(binary_form=True)
    return {PEER: peer} | ({} if der is None else {CERTIFICATE: fingerprint_of(der)})


def came_with(proxies: Sequence[str]) -> Callable[[Any], str | None]:
    """What finds the fingerprint of a request's client certificate: of the connection itself, or,
    from these addresses and networks alone, as the header tells it."""
    networks = tuple(ipaddress.ip_network(each) for each in proxies)

    def find(scope: Any) -> str | None:
        state = scope["state"]
        if _is_in(state.get(PEER, ""), networks):
            return _told(scope["headers"])
        found: str | None = state.get(CERTIFICATE)
        return found

    return find


def _is_in(host: str, networks: Sequence[Any]) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in each for each in networks)


def _told(headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    """RFC 9440 §2.1: the certificate as a byte sequence, :base64:, once."""
    values = [value for name, value in headers if name == CLIENT_CERT]
    written = BYTE_SEQUENCE.fullmatch(values[0]) if len(values) == 1 else None
    if written is None:
        return None
    try:
        return fingerprint_of(base64.b64decode(written[1], validate=True))
    except ValueError:
        return None
