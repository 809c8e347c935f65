"""The client certificates with which an acquirer's switch may come over TLS."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from commands.command import Answer, Command, Rounds
from commands.switch.enrol import require_name
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, NotFound
from ledger.rows import Key, Row

FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class SwitchCertificate(Row, frozen=True, kw_only=True):
    """One certificate, by its SHA-256 in hexadecimal, and whose it is, until it is retired or runs
    out."""

    fingerprint: str
    acquirer_id: str
    not_after: datetime
    retired_at: datetime | None = None

    TABLE: ClassVar[str] = "switch_certificate"
    IDS: ClassVar[tuple[str, ...]] = ()
    LOAD: ClassVar[dict[str, str]] = {
        "fingerprint": """
            SELECT version, fingerprint, acquirer_id, not_after, retired_at
            FROM ledger.switch_certificate
            WHERE fingerprint = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.switch_certificate AS c (
                fingerprint, acquirer_id, not_after, retired_at, version
            )
            SELECT r.fingerprint, r.acquirer_id, r.not_after, r.retired_at, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                fingerprint text, acquirer_id text, not_after timestamptz, retired_at timestamptz,
                version bigint
            )
            ON CONFLICT (fingerprint) DO UPDATE SET
                retired_at = excluded.retired_at, version = excluded.version
            WHERE c.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('switch_certificate', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_fingerprint(fingerprint: str) -> Key[SwitchCertificate]:
        """The certificate with this SHA-256."""
        return (SwitchCertificate, "fingerprint", fingerprint)

    def keys(self) -> tuple[Key[SwitchCertificate], ...]:
        return ((SwitchCertificate, "fingerprint", self.fingerprint),)

    def facts(self, **more: Any) -> dict[str, Any]:
        """What its events tell."""
        return {
            "acquirerId": self.acquirer_id,
            "fingerprint": self.fingerprint,
            "notAfter": self.not_after,
            **more,
        }


class CertificateBound(Answer, frozen=True, kw_only=True):
    """Whether anything had to be written: binding the same twice changes nothing."""

    bound: bool


class BindCertificate(Command[CertificateBound], frozen=True, kw_only=True):
    """Let an acquirer's switch come with this certificate."""

    fingerprint: str
    acquirer_id: str
    not_after: datetime

    def touches(self, books: Books) -> Rounds:
        yield (SwitchCertificate.by_fingerprint(self.fingerprint),)

    def decide(self, books: Books) -> CertificateBound:
        require_bindable(books, self.fingerprint, self.acquirer_id, self.not_after)
        # From here on nothing is refused.
        return CertificateBound(
            bound=bind(books, self.fingerprint, self.acquirer_id, self.not_after)
        )


class CertificateRetired(Answer, frozen=True, kw_only=True):
    """It lets nobody in any more."""

    fingerprint: str
    retired_at: datetime


class RetireCertificate(Command[CertificateRetired], frozen=True, kw_only=True):
    """Let nobody in with this certificate any more, for good."""

    fingerprint: str

    def touches(self, books: Books) -> Rounds:
        yield (SwitchCertificate.by_fingerprint(self.fingerprint),)

    def decide(self, books: Books) -> CertificateRetired:
        require_good(books, self.fingerprint)
        # From here on nothing is refused.
        retired_at = retire(books, self.fingerprint)
        return CertificateRetired(fingerprint=self.fingerprint, retired_at=retired_at)


def require_bindable(books: Books, fingerprint: str, acquirer_id: str, not_after: datetime) -> None:
    """Raises InvalidRequest, or Conflict for one that is another's or was retired."""
    require_name("acquirerId", acquirer_id)
    if FINGERPRINT.fullmatch(fingerprint) is None:
        raise InvalidRequest(field="fingerprint", reason="is not a SHA-256 in hexadecimal")
    if books.passed(not_after):
        raise InvalidRequest(field="notAfter", reason="the certificate has run out")
    known = books.find(SwitchCertificate.by_fingerprint(fingerprint))
    if known is not None and known.retired_at is not None:
        raise Conflict("This certificate was retired.")
    if known is not None and known.acquirer_id != acquirer_id:
        raise Conflict("This certificate is another acquirer's.")


def bind(
    books: Books, fingerprint: str, acquirer_id: str, not_after: datetime, **more: Any
) -> bool:
    """Write it down; whether that was needed."""
    if books.find(SwitchCertificate.by_fingerprint(fingerprint)) is not None:
        return False
    made = SwitchCertificate(fingerprint=fingerprint, acquirer_id=acquirer_id, not_after=not_after)
    books.put(made)
    books.record("switch.certificate_bound", _subject(fingerprint), made.facts(**more))
    return True


def require_good(books: Books, fingerprint: str) -> SwitchCertificate:
    """Raises NotFound, or Conflict when it was retired."""
    known = books.find(SwitchCertificate.by_fingerprint(fingerprint))
    if known is None:
        raise NotFound("There is no such certificate.")
    if known.retired_at is not None:
        raise Conflict("This certificate was retired.")
    return known


def retire(books: Books, fingerprint: str, **more: Any) -> datetime:
    """Write down that it is over, and since when."""
    known = books.get(SwitchCertificate.by_fingerprint(fingerprint))
    books.put(msgspec.structs.replace(known, retired_at=books.now))
    books.record("switch.certificate_retired", _subject(fingerprint), known.facts(**more))
    return books.now


def _subject(fingerprint: str) -> UUID:
    return uuid5(NAMESPACE_OID, f"makeba switch certificate {fingerprint}")
