"""A certificate authority of our own, for a house that has none: its key never leaves the home.

One authority issues the server's certificate and the client certificates of the switch. What it
signs is good for what it says and no more: a client's certificate serves nobody, and the other way
round. P-256 and SHA-256; RFC 5280.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.secrets import write_private
from server.tls import fingerprint_of

AUTHORITY_DAYS = 3_650
SERVER_DAYS = 90
CLIENT_DAYS = 90
SKEW = timedelta(minutes=5)  # a certificate is good a little before it was made: clocks differ
CERTIFICATE, KEY = "ca.crt", "ca.key"


class NoAuthority(Exception):
    """The authority is not there, or cannot be used."""


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that was written, with its key beside it."""

    certificate: Path
    key: Path
    fingerprint: str
    not_after: datetime


class Authority:
    """What issues certificates."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key

    @classmethod
    def begin(cls, directory: Path, name: str, days: int = AUTHORITY_DAYS) -> Authority:
        """A new one in this directory. Raises NoAuthority when there is one already."""
        if (directory / KEY).exists():
            raise NoAuthority(f"There is an authority in {directory} already.")
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        builder = (
            _builder(subject, subject, key.public_key(), days)
            .add_extension(constraints, critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        made = builder.sign(key, hashes.SHA256())
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(directory / KEY, _key_pem(key))
        _write(directory / CERTIFICATE, made.public_bytes(Encoding.PEM))
        return cls(made, key)

    @classmethod
    def of(cls, directory: Path) -> Authority:
        """The one in this directory. Raises NoAuthority."""
        try:
            certificate = x509.load_pem_x509_certificate((directory / CERTIFICATE).read_bytes())
            key = load_pem_private_key((directory / KEY).read_bytes(), None)
        except (OSError, ValueError) as error:
            raise NoAuthority(f"There is no authority in {directory}: makeba ca init.") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise NoAuthority(f"The authority in {directory} is none of ours.")
        return cls(certificate, key)

    def for_server(self, names: Sequence[str], prefix: Path, days: int = SERVER_DAYS) -> Issued:
        """A certificate for a server with these names and addresses."""
        alternatives = x509.SubjectAlternativeName([_general_name(each) for each in names])
        return self._issue(names[0], ExtendedKeyUsageOID.SERVER_AUTH, alternatives, prefix, days)

    def for_client(self, name: str, prefix: Path, days: int = CLIENT_DAYS) -> Issued:
        """A certificate for a client of this name."""
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, None, prefix, days)

    def _issue(
        self,
        name: str,
        usage: x509.ObjectIdentifier,
        alternatives: x509.SubjectAlternativeName | None,
        prefix: Path,
        days: int,
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            _builder(subject, self.certificate.subject, key.public_key(), days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(authority, critical=False)
        )
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        made = builder.sign(self._key, hashes.SHA256())
        certificate, key_file = prefix.with_suffix(".crt"), prefix.with_suffix(".key")
        prefix.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The key first: a server that looks in between finds a pair that does not fit, and waits.
        write_private(key_file, _key_pem(key), replace=True)
        _write(certificate, made.public_bytes(Encoding.PEM))
        return Issued(
            certificate=certificate,
            key=key_file,
            fingerprint=fingerprint_of(made.public_bytes(Encoding.DER)),
            not_after=made.not_valid_after_utc,
        )


def read_certificate(file: Path) -> tuple[str, datetime]:
    """The fingerprint of the first certificate in a file, and until when it is good.

    Raises NoAuthority for a file without one.
    """
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        raise NoAuthority(f"{file} is no certificate.") from error
    der = certificate.public_bytes(Encoding.DER)
    return fingerprint_of(der), certificate.not_valid_after_utc


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _write(file: Path, pem: bytes) -> None:
    write_private(file, pem.decode(), replace=True)
    file.chmod(0o644)  # a certificate is for everybody to see
