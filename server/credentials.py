"""With what the switch proves who it is: keys, certificates, terminals, as the primary has them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from server.primary import Primary

SWITCH_KEYS = """
    SELECT id, acquirer_id, public_key FROM ledger.switch_key WHERE retired_at IS NULL LIMIT 1000
"""
SWITCH_CERTIFICATES = """
    SELECT fingerprint, acquirer_id
    FROM ledger.switch_certificate
    WHERE retired_at IS NULL AND not_after > clock_timestamp()
    LIMIT 1000
"""
ALL_SWITCH_KEYS = """
    SELECT
        id AS "keyId", acquirer_id AS "acquirerId", public_key AS "publicKey",
        retired_at AS "retiredAt"
    FROM ledger.switch_key
    ORDER BY acquirer_id, id
    LIMIT 1000
"""
ALL_SWITCH_CERTIFICATES = """
    SELECT
        fingerprint, acquirer_id AS "acquirerId", not_after AS "notAfter",
        retired_at AS "retiredAt"
    FROM ledger.switch_certificate
    ORDER BY acquirer_id, not_after
    LIMIT 1000
"""
TERMINALS = """
    SELECT id AS "terminalId", acquirer_id AS "acquirerId", place
    FROM ledger.terminal
    ORDER BY acquirer_id, id
    LIMIT 10000
"""


class SwitchKeyRow(msgspec.Struct, frozen=True):
    """A key of the switch and the acquirer whose requests it may sign."""

    id: str
    acquirer_id: str
    public_key: bytes


class SwitchCertificateRow(msgspec.Struct, frozen=True):
    """A certificate of the switch that is good now, and whose it is."""

    fingerprint: str
    acquirer_id: str


class KeyOfSwitch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key with which an acquirer signs, or signed; 32 bytes in base64."""

    key_id: str
    acquirer_id: str
    public_key: bytes
    retired_at: datetime | None


class CertificateOfSwitch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A client certificate with which an acquirer's switch comes, or came."""

    fingerprint: str
    acquirer_id: str
    not_after: datetime
    retired_at: datetime | None


class TerminalOfSwitch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A cash machine, and whose it is."""

    terminal_id: str
    acquirer_id: str
    place: str


class Credentials(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All that was ever taken in, with what is retired."""

    keys: tuple[KeyOfSwitch, ...]
    certificates: tuple[CertificateOfSwitch, ...]
    terminals: tuple[TerminalOfSwitch, ...]


class CredentialsDesk:
    """Reads them."""

    def __init__(self, primary: Primary) -> None:
        self._primary = primary

    async def good_keys(self) -> list[SwitchKeyRow]:
        """The keys that are good now; they are few."""
        return await self._primary.rows(SwitchKeyRow, SWITCH_KEYS)

    async def good_certificates(self) -> list[SwitchCertificateRow]:
        """The client certificates that are good now."""
        return await self._primary.rows(SwitchCertificateRow, SWITCH_CERTIFICATES)

    async def all(self) -> Credentials:
        """Everything."""
        return Credentials(
            keys=tuple(await self._primary.rows(KeyOfSwitch, ALL_SWITCH_KEYS)),
            certificates=tuple(
                await self._primary.rows(CertificateOfSwitch, ALL_SWITCH_CERTIFICATES)
            ),
            terminals=tuple(await self._primary.rows(TerminalOfSwitch, TERMINALS)),
        )
