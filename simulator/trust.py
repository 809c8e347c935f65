"""Whom a machine believes over TLS, and with what the switch shows who it is."""

from __future__ import annotations

import ssl
from pathlib import Path

import msgspec


class NoTrust(Exception):
    """What was given for TLS cannot be used."""


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """The authority of the server's certificate; none: those of this machine. The switch's own
    certificate and its key, which only its line shows."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self, *, as_switch: bool = False) -> ssl.SSLContext:
        """What shakes hands. Raises NoTrust."""
        try:
            context = ssl.create_default_context(cafile=None if self.ca is None else str(self.ca))
            if as_switch and self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise NoTrust(f"TLS cannot be used as given: {error}") from error
        return context


USUAL = Trust()
