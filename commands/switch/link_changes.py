"""Keys and certificates of the switch's link by four eyes: a new one, the end of an old one.

Old and new are both good until the old one is retired, so a switch can change over when it likes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from msgspec import Meta

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.switch import certificate, enrol
from commands.switch.certificate import SwitchCertificate
from commands.switch.trace import SwitchKey
from ledger.books import Books

# No money moves: who looks after people and machines decides.
KEEPERS = (Role.ADMIN, Role.OPERATOR)

Name = Annotated[str, Meta(pattern=r"^[!-~]{1,64}$")]
Fingerprint = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the certificate, in hexadecimal")
]


class _LinkChange(Change, frozen=True, kw_only=True):
    MAKERS: ClassVar[tuple[Role, ...]] = KEEPERS
    CHECKERS: ClassVar[tuple[Role, ...]] = KEEPERS


class AddSwitchKey(_LinkChange, frozen=True, kw_only=True):
    """Take in a public key (Ed25519, 32 bytes in base64) with which an acquirer will sign."""

    key_id: Name
    acquirer_id: Name
    public_key: bytes

    def touches(self, books: Books) -> Rounds:
        yield (SwitchKey.by_id(self.key_id),)

    def require_possible(self, books: Books, maker: Person) -> None:
        enrol.require_enrollable(books, self.key_id, self.acquirer_id, self.public_key)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        enrol.enrol(books, self.key_id, self.acquirer_id, self.public_key, checker=checker.id)
        return {"keyId": self.key_id}


class EndSwitchKey(_LinkChange, frozen=True, kw_only=True):
    """Believe nothing that this key signs any more, for good."""

    key_id: Name

    def touches(self, books: Books) -> Rounds:
        yield (SwitchKey.by_id(self.key_id),)

    def require_possible(self, books: Books, maker: Person) -> None:
        enrol.require_good(books, self.key_id)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        enrol.retire(books, self.key_id, checker=checker.id)
        return {"keyId": self.key_id}


class AddSwitchCertificate(_LinkChange, frozen=True, kw_only=True):
    """Let an acquirer's switch come with this certificate."""

    fingerprint: Fingerprint
    acquirer_id: Name
    not_after: Annotated[datetime, Meta(tz=True)]

    def touches(self, books: Books) -> Rounds:
        yield (SwitchCertificate.by_fingerprint(self.fingerprint),)

    def require_possible(self, books: Books, maker: Person) -> None:
        certificate.require_bindable(books, self.fingerprint, self.acquirer_id, self.not_after)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        certificate.bind(
            books, self.fingerprint, self.acquirer_id, self.not_after, checker=checker.id
        )
        return {"fingerprint": self.fingerprint}


class EndSwitchCertificate(_LinkChange, frozen=True, kw_only=True):
    """Let nobody in with this certificate any more, for good."""

    fingerprint: Fingerprint

    def touches(self, books: Books) -> Rounds:
        yield (SwitchCertificate.by_fingerprint(self.fingerprint),)

    def require_possible(self, books: Books, maker: Person) -> None:
        certificate.require_good(books, self.fingerprint)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        certificate.retire(books, self.fingerprint, checker=checker.id)
        return {"fingerprint": self.fingerprint}
