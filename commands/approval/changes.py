"""Every kind of change that takes two people. Another slice adds its own class to the union."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from commands.account.adjust import Adjust
from commands.account.minimum import SetMinimumBalance
from commands.account.reverse_big_entry import ReverseBigEntry
from commands.alerts.set_levels import SetAlertLevels
from commands.approval.change import Change
from commands.bank.resolve_line import ResolveBankLine
from commands.books.close_period import ClosePeriod
from commands.books.close_year import CloseYear
from commands.books.manual_entry import PostManualEntry
from commands.books.opening_balances import TakeOverBalances
from commands.books.recurring import StartRecurringEntry
from commands.books.reopen_period import ReopenPeriod
from commands.identity.erase import ErasePerson
from commands.identity.reset import ResetFactor
from commands.identity.staffing import AdmitPerson, ChangeRole, EnablePerson
from commands.reconciliation.interchange import SetInterchange
from commands.reconciliation.resolve_mismatch import ResolveMismatch
from commands.risk.publish_tariff import PublishTariff
from commands.risk.release_big_case import ReleaseBigCase
from commands.risk.set_limits import SetLimits
from commands.risk.set_rules import SetRules
from commands.risk.set_tier import SetTier
from commands.switch.link_changes import (
    AddSwitchCertificate,
    AddSwitchKey,
    EndSwitchCertificate,
    EndSwitchKey,
)
from commands.treasury.breaks import BookBreak
from commands.treasury.own_money import (
    FundCommission,
    PayInCapital,
    PayTax,
    PayTrustCharge,
    SweepFees,
)
from commands.treasury.resolve_break import ResolveBreak
from commands.treasury.settlement import CollectFromSwitch, SettleSwitch
from commands.withdrawal.resolve_claim import ResolveClaim
from ledger.errors import InvalidRequest
from ledger.money import Money

# What people write and propose. The others rest on figures that the server looks up.
Proposable = (
    PublishTariff
    | SetAlertLevels
    | SetLimits
    | SetRules
    | SetTier
    | AdmitPerson
    | ChangeRole
    | EnablePerson
    | ResetFactor
    | AddSwitchCertificate
    | AddSwitchKey
    | Adjust
    | BookBreak
    | CollectFromSwitch
    | EndSwitchCertificate
    | EndSwitchKey
    | ErasePerson
    | FundCommission
    | PayInCapital
    | PayTax
    | PayTrustCharge
    | PostManualEntry
    | ReleaseBigCase
    | ResolveBankLine
    | ReopenPeriod
    | ResolveBreak
    | ResolveClaim
    | ResolveMismatch
    | ReverseBigEntry
    | SetInterchange
    | SetMinimumBalance
    | SettleSwitch
    | StartRecurringEntry
    | SweepFees
    | TakeOverBalances
)
AnyChange = Proposable | ClosePeriod | CloseYear

# What admins propose, approve and see.
ABOUT_PEOPLE = tuple(
    str(change.__struct_config__.tag)
    for change in (AdmitPerson, ChangeRole, EnablePerson, ResetFactor)
)
ABOUT_THE_LINK = tuple(
    str(change.__struct_config__.tag)
    for change in (AddSwitchCertificate, AddSwitchKey, EndSwitchCertificate, EndSwitchKey)
)


def read_money(wanted: type, value: Any) -> Money:
    """What msgspec cannot decode by itself: an amount of escudos. Raises InvalidRequest."""
    if wanted is not Money:
        raise NotImplementedError(wanted)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise InvalidRequest(field="amount", reason="is not a number")
    if value < 0:
        raise InvalidRequest(field="amount", reason="is below zero")
    return Money.of(value)


_decode = msgspec.json.Decoder(AnyChange, dec_hook=read_money, float_hook=Decimal).decode


def read_change(content: str) -> Change:
    """A change from the JSON that was proposed."""
    change: Change = _decode(content)
    return change
