"""The shapes of the published API that only the story uses: staff, counters, prices, cases."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from simulator.contract import Shape


class ProposalStatus(Shape, frozen=True, kw_only=True):
    """Where a change that takes two people stands."""

    proposal_id: UUID
    state: str


class Proposal(ProposalStatus, frozen=True, kw_only=True):
    """The same as a checker reads it: the hash names its content."""

    content_hash: str


class TariffEdition(Shape, frozen=True, kw_only=True):
    """One dated state of a tariff."""

    number: int
    valid_from: datetime


class Tariff(Shape, frozen=True, kw_only=True):
    """All editions for an operation, in the order in which they begin."""

    operation: str
    editions: tuple[TariffEdition, ...]


class Tariffs(Shape, frozen=True, kw_only=True):
    """The tariff as a whole."""

    items: tuple[Tariff, ...]


class LimitBook(Shape, frozen=True, kw_only=True):
    """All editions of the limits."""

    items: tuple[TariffEdition, ...]


class TillAtCounter(Shape, frozen=True, kw_only=True):
    """A till of a counter."""

    till_id: UUID
    state: str
    cash: Decimal


class Tills(Shape, frozen=True, kw_only=True):
    """The tills of a counter."""

    items: tuple[TillAtCounter, ...]


class TillCounted(Shape, frozen=True, kw_only=True):
    """What lies in a till, and what the count has shown."""

    state: str
    cash: Decimal
    difference: Decimal


class Receipt(Shape, frozen=True, kw_only=True):
    """What a counter prints."""

    receipt_number: str
    title: str
    amount: Decimal
    fee: Decimal
    agent: str


class FloatSent(Shape, frozen=True, kw_only=True):
    """A movement of float."""

    transaction_id: UUID


class RedemptionStatus(Shape, frozen=True, kw_only=True):
    """Where a redemption stands."""

    redemption_id: UUID
    state: str


class Outlet(Shape, frozen=True, kw_only=True):
    """A counter as its manager sees it."""

    agent_id: UUID
    name: str
    float_holds: Decimal
    float_state: str


class Outlets(Shape, frozen=True, kw_only=True):
    """The counters of a principal."""

    items: tuple[Outlet, ...]


class BankCredited(Shape, frozen=True, kw_only=True):
    """A credit of the trust bank, and whose it is."""

    transaction_id: UUID
    beneficiary: str


class CreditAssigned(Shape, frozen=True, kw_only=True):
    """A credit that has found its owner."""

    transaction_id: UUID


class ClaimStatus(Shape, frozen=True, kw_only=True):
    """Where a claim stands."""

    transaction_id: UUID
    status: str


class EvidenceAdded(Shape, frozen=True, kw_only=True):
    """It stands beside the withdrawal."""

    transaction_id: UUID


class Trust(Shape, frozen=True, kw_only=True):
    """What the trust bank holds against what it stands for."""

    unswept_fees: Decimal
    difference: Decimal


class Treasury(Shape, frozen=True, kw_only=True):
    """The issuer's own banking."""

    trust: Trust


class Case(Shape, frozen=True, kw_only=True):
    """What a fraud rule has found."""

    case_id: UUID
    rule: str
    transaction_id: UUID | None


class Cases(Shape, frozen=True, kw_only=True):
    """A page of cases, oldest first."""

    items: tuple[Case, ...]


class CaseStatus(Shape, frozen=True, kw_only=True):
    """Where a case stands."""

    case_id: UUID
    state: str


class RuleEdition(Shape, frozen=True, kw_only=True):
    """All fraud rules of one edition, as they are proposed too."""

    edition: int
    rules: list[dict[str, Any]]


class RuleHistory(Shape, frozen=True, kw_only=True):
    """All editions of the rules, and which one counts."""

    current: int
    editions: tuple[RuleEdition, ...]


class FileListed(Shape, frozen=True, kw_only=True):
    """A settlement file."""

    file_id: UUID


class FilesFound(Shape, frozen=True, kw_only=True):
    """Settlement files, newest first."""

    items: tuple[FileListed, ...]


class FileFound(FileListed, frozen=True, kw_only=True):
    """A file with what was made of its items: how many came to which outcome."""

    records: int
    net: Decimal
    outcomes: dict[str, int]
