"""An office of two people who propose and approve, in a town."""

from __future__ import annotations

from typing import Any

import msgspec
from uuid_utils.compat import uuid7

from commands.approval.approve import Approve
from commands.approval.change import Change
from commands.approval.proposal import ProposalStatus
from commands.approval.propose import Propose
from commands.approval.withdraw import Withdraw
from commands.identity.person import Role
from commands.risk.limits import illustrative_limits
from commands.risk.set_limits import HoldingEntered, LimitEntered, SetLimits
from commands.tier import Tier
from ledger.money import Money
from tests.commands.town import MORNING, Town

TTL_SECONDS = 3_600


class Office(Town):
    """A town with two operators and an accountant."""

    def __init__(self) -> None:
        super().__init__()
        self.maker = self.staff(Role.OPERATOR)
        self.checker = self.staff(Role.OPERATOR)
        self.accountant = self.staff(Role.ACCOUNTANT)

    def put_forward(self, change: Change) -> ProposalStatus:
        """The maker proposes it."""
        return self.do(
            Propose(
                proposal_id=uuid7(),
                maker_id=self.maker,
                change=change,
                ttl_seconds=TTL_SECONDS,
            )
        )

    def approval(self, proposed: ProposalStatus, **changes: Any) -> Approve:
        """How the checker approves what was proposed."""
        approve = Approve(
            proposal_id=proposed.proposal_id,
            checker_id=self.checker,
            content_hash=proposed.content_hash,
        )
        return msgspec.structs.replace(approve, **changes)

    def withdrawing(self, proposed: ProposalStatus, **changes: Any) -> Withdraw:
        """How the maker takes it back."""
        withdraw = Withdraw(proposal_id=proposed.proposal_id, user_id=self.maker, reason="wrong")
        return msgspec.structs.replace(withdraw, **changes)

    def apply(self, change: Change) -> ProposalStatus:
        """One proposes, the other approves."""
        return self.do(self.approval(self.put_forward(change)))


def limits(who: str = "", operation: str = "", **changes: Any) -> SetLimits:
    """The illustrative limits, with changes to one of them; amounts in escudos."""
    edition = illustrative_limits(1, MORNING)
    entries = tuple(
        _entered(each, of, limit, changes if (each, of) == (who, operation) else {})
        for each, limits in edition.limits.items()
        for of, limit in limits.items()
    )
    balances = tuple(
        HoldingEntered(tier=tier, balance_max=Money(edition.holdings[tier].balance_max or 0))
        for tier in Tier
    )
    return SetLimits(limits=entries, balances=balances)


def _entered(who: Any, operation: Any, limit: Any, changes: dict[str, Any]) -> LimitEntered:
    entered = LimitEntered(
        who=who,
        operation=operation,
        per_transaction_max=_money(limit.per_transaction_max),
        day_amount=_money(limit.day_minor),
        day_count=limit.day_count,
        month_amount=_money(limit.month_minor),
        month_count=limit.month_count,
    )
    amounts = {
        name: value if value is None or name.endswith("count") else Money.of(value)
        for name, value in changes.items()
    }
    return msgspec.structs.replace(entered, **amounts)


def _money(minor: int | None) -> Money | None:
    return None if minor is None else Money(minor)
