"""Our chart of accounts: an e-money issuer's, with one fixed account for each code that needs one.

Wallets (2010), agents' float (2020), and what agents (1910) and customers (1920) owe us have one
account each for every owner; all other codes have exactly one, whose id is made from the code.
"""

from __future__ import annotations

from uuid import UUID, uuid5

import msgspec

from ledger.accounts import Account, Kind, Status


class Heading(msgspec.Struct, frozen=True):
    """One code of the chart. `floor` is that of its one account (None: it may take either side)."""

    code: str
    name: str
    kind: Kind
    floor: int | None = None


TRUST_BANK = "1010"
OPERATING_BANK = "1020"
TRUST_IN_TRANSIT = "1030"
DUE_FROM_SWITCH = "1100"
SUSPENSE_BREAKS = "1900"
AGENT_RECEIVABLE = "1910"
CUSTOMER_RECEIVABLE = "1920"
WALLET = "2010"
AGENT_FLOAT = "2020"
HELD = "2030"
DORMANT = "2040"
SWITCH_PAYABLE = "2100"
TAXES_PAYABLE = "2300"
UNIDENTIFIED_CREDITS = "2900"
CAPITAL = "3010"
RETAINED_EARNINGS = "3900"
FEE_ATM = "4010"
FEE_AGENT = "4020"
FEE_TRANSFER = "4030"
FEE_OTHER = "4040"
COMMISSION_CASH_IN = "5010"
COMMISSION_CASH_OUT = "5020"
INTERCHANGE = "5030"
WRITE_OFFS = "5090"

CHART = (
    Heading(TRUST_BANK, "Trust (safeguarding) bank", Kind.ASSET),
    Heading(OPERATING_BANK, "Operating bank", Kind.ASSET, floor=0),
    Heading(TRUST_IN_TRANSIT, "Trust in transit", Kind.ASSET),
    Heading(DUE_FROM_SWITCH, "Due from switch", Kind.ASSET),
    Heading("1400", "Prepaid expenses", Kind.ASSET),
    Heading(SUSPENSE_BREAKS, "Suspense: reconciliation breaks", Kind.ASSET),
    Heading(AGENT_RECEIVABLE, "Agent receivable", Kind.ASSET, floor=0),
    Heading(CUSTOMER_RECEIVABLE, "Customer receivable", Kind.ASSET, floor=0),
    Heading(WALLET, "E-money: customers", Kind.LIABILITY, floor=0),
    Heading(AGENT_FLOAT, "E-money: agents' float", Kind.LIABILITY, floor=0),
    Heading(HELD, "E-money: held", Kind.LIABILITY, floor=0),
    Heading(DORMANT, "E-money: dormant", Kind.LIABILITY, floor=0),
    Heading(SWITCH_PAYABLE, "Switch settlement payable", Kind.LIABILITY),
    Heading("2110", "Interchange payable", Kind.LIABILITY),
    Heading("2200", "Commission payable", Kind.LIABILITY),
    Heading(TAXES_PAYABLE, "Taxes payable", Kind.LIABILITY),
    Heading("2400", "Accrued expenses", Kind.LIABILITY),
    Heading(UNIDENTIFIED_CREDITS, "Suspense: unidentified credits", Kind.LIABILITY),
    Heading(CAPITAL, "Capital", Kind.EQUITY),
    Heading(RETAINED_EARNINGS, "Retained earnings", Kind.EQUITY),
    Heading(FEE_ATM, "Fees: ATM withdrawals", Kind.INCOME),
    Heading(FEE_AGENT, "Fees: agent cash-out", Kind.INCOME),
    Heading(FEE_TRANSFER, "Fees: transfers", Kind.INCOME),
    Heading(FEE_OTHER, "Fees: other", Kind.INCOME),
    Heading("4090", "Overages", Kind.INCOME),
    Heading(COMMISSION_CASH_IN, "Commission: cash-in", Kind.EXPENSE),
    Heading(COMMISSION_CASH_OUT, "Commission: cash-out", Kind.EXPENSE),
    Heading(INTERCHANGE, "Interchange", Kind.EXPENSE),
    Heading(WRITE_OFFS, "Write-offs", Kind.EXPENSE),
    Heading("5900", "Operating expenses", Kind.EXPENSE),
)
HEADINGS = {heading.code: heading for heading in CHART}
ONE_PER_OWNER = (WALLET, AGENT_FLOAT, AGENT_RECEIVABLE, CUSTOMER_RECEIVABLE)
RECEIVABLES = UUID("6d616b65-6261-5000-8000-000000006f77")


def the(code: str) -> UUID:
    """The id of the one account of this code: the code's digits at the end of a nil UUID."""
    assert code not in ONE_PER_OWNER, f"{code} has an account for each owner"
    return UUID(f"00000000-0000-0000-0000-00000000{code}")


def owed_by(code: str, debtor: UUID) -> UUID:
    """The id of the account of what an agent (1910) or a customer (1920) owes us: made from both,
    so that it can be looked for before there is one."""
    assert code in (AGENT_RECEIVABLE, CUSTOMER_RECEIVABLE), f"{code} is no debt of anybody"
    return uuid5(RECEIVABLES, f"{code} {debtor}")


def opened(code: str, account_id: UUID, owner: UUID | None, currency: str = "CVE") -> Account:
    """A new, empty account under a code of the chart."""
    heading = HEADINGS[code]
    return Account(
        id=account_id,
        code=code,
        owner=owner,
        currency=currency,
        kind=heading.kind,
        floor=heading.floor,
        status=Status.OPEN,
    )


def fixed_accounts() -> tuple[Account, ...]:
    """The one account of every code that has one, as the books are opened."""
    codes = (heading.code for heading in CHART if heading.code not in ONE_PER_OWNER)
    return tuple(opened(code, the(code), owner=None) for code in codes)
